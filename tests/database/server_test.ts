// The embedded server itself: it starts again after kill -9 with what was committed, and ends what was left over.

import postgres from "postgres";
import { assert, assertEquals } from "../assert.ts";
import { bootstrap } from "../../local/postgres/bootstrap.ts";
import { migrate, readMigrations } from "../../local/postgres/migrate.ts";
import { type PostgresServer, removePostgresData, startPostgres } from "../../local/postgres/server.ts";

async function query<T>(url: string, run: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await run(sql);
  } finally {
    await sql.end();
  }
}

Deno.test("a server killed with SIGKILL starts again with what was committed, and one left over is ended", async () => {
  const folder = await Deno.makeTempDir({ prefix: "reelbatch-server-" });
  await Deno.chmod(folder, 0o755);
  const dataDir = `${folder}/data`;
  const servers: PostgresServer[] = [];
  const start = async () => {
    const server = await startPostgres({ dataDir });
    servers.push(server);
    return server;
  };
  try {
    const first = await start();
    await bootstrap(first.adminUrl);
    await bootstrap(first.adminUrl);
    assertEquals((await migrate(first.url)).length, (await readMigrations()).length);
    assertEquals(await migrate(first.url), []);
    await query(first.url, (sql) => sql`update private.settings set value = 7 where name = 'lease_s'`);
    Deno.kill(first.pid, "SIGKILL");
    await first.exited;

    const second = await start();
    const [kept] = await query(
      second.url,
      (sql) => sql`select value::int from private.settings where name = 'lease_s'`,
    );
    assertEquals(kept!.value, 7);
    const [role] = await query(
      second.url,
      (sql) => sql`select rolsuper from pg_roles where rolname = current_user`,
    );
    assertEquals(role!.rolsuper, false);

    const third = await start();
    await second.exited;
    assert(third.pid !== second.pid);
    await query(third.url, (sql) => sql`select 1`);
    await third.stop();
  } finally {
    for (const server of servers) await server.stop();
    await removePostgresData(dataDir);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a lock file that names another program's number does not keep the server from starting", async () => {
  const folder = await Deno.makeTempDir({ prefix: "reelbatch-server-" });
  await Deno.chmod(folder, 0o755);
  const dataDir = `${folder}/data`;
  try {
    const first = await startPostgres({ dataDir, durable: false });
    await first.stop();
    // Our own number: alive, and no Postgres.
    await Deno.writeTextFile(`${dataDir}/postmaster.pid`, `${Deno.pid}\n${dataDir}\n`);
    const second = await startPostgres({ dataDir, durable: false });
    await second.stop();
  } finally {
    await removePostgresData(dataDir);
    await Deno.remove(folder, { recursive: true });
  }
});
