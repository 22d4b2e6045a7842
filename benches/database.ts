// A Postgres for a benchmark: embedded, durable (a commit waits for the disk), migrated, gone afterwards.

import postgres, { type Sql } from "postgres";
import { bootstrap } from "../local/postgres/bootstrap.ts";
import { migrate } from "../local/postgres/migrate.ts";
import { removePostgresData, startPostgres } from "../local/postgres/server.ts";

export interface BenchDatabase {
  url: string;
  /** One connection of the owner's. */
  sql: Sql;
  /** One connection that speaks as `service_role`, as the functions do. */
  service: Sql;
}

/** Runs `use` with a fresh server; the limits on requests and batches are out of the way. */
export async function withBenchDatabase(use: (database: BenchDatabase) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "reelbatch-bench-" });
  await Deno.chmod(folder, 0o755);
  const dataDir = `${folder}/data`;
  const server = await startPostgres({ dataDir, durable: true });
  const pools: Sql[] = [];
  try {
    await bootstrap(server.adminUrl);
    await migrate(server.url);
    const connect = (connection: Record<string, string>) => {
      const pool = postgres(server.url, { max: 1, onnotice: () => {}, connection });
      pools.push(pool);
      return pool;
    };
    const sql = connect({});
    await sql`update private.settings set value = 1000000
      where name in ('max_active_batches', 'max_requests_per_minute')`;
    await use({ url: server.url, sql, service: connect({ role: "service_role" }) });
  } finally {
    for (const pool of pools) await pool.end({ timeout: 1 });
    await server.stop();
    await removePostgresData(dataDir);
    await Deno.remove(folder, { recursive: true });
  }
}
