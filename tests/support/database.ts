// Databases for tests: one server per run (TEST_DATABASE_SERVER_URL, the superuser's address, or one of our own), one
// migrated template per kind of default privileges, a fresh copy for each test.

import postgres, { type Sql } from "postgres";
import { bootstrap, type DefaultPrivileges } from "../../local/postgres/bootstrap.ts";
import { migrate } from "../../local/postgres/migrate.ts";
import { removePostgresData, startPostgres } from "../../local/postgres/server.ts";

export interface TestDatabase {
  /** As `postgres`, the owner of the tables. */
  url: string;
  /** As the superuser: for what no role of the project may do (deleting storage rows). */
  adminUrl: string;
  /** A pool of the owner's. */
  sql: Sql;
  /** A pool that speaks as `service_role`, as the functions do: every statement on a connection of its own choice. */
  service: Sql;
  /** Opens one more connection pool; closed with the database. */
  connect(options?: { role?: string; max?: number }): Sql;
}

/** Runs `use` with a migrated database of its own, and drops it. */
export async function withDatabase<T>(
  name: string,
  use: (database: TestDatabase) => Promise<T>,
  options: { defaultPrivileges?: DefaultPrivileges } = {},
): Promise<T> {
  return await withServer(async (serverUrl) => {
    const admin = postgres(serverUrl, { max: 1, onnotice: () => {} });
    const database = `test_${name.replace(/\W+/g, "_").slice(0, 30)}_${crypto.randomUUID().slice(0, 8)}`;
    const pools: Sql[] = [];
    try {
      const template = await ensureTemplate(admin, { serverUrl, kind: options.defaultPrivileges ?? "new" });
      await admin.unsafe(`create database ${database} template ${template} owner postgres`);
      const adminUrl = withPath(serverUrl, database);
      const url = asOwner(adminUrl);
      const connect = ({ role, max = 20 }: { role?: string; max?: number } = {}) => {
        const pool = postgres(url, { max, onnotice: () => {}, connection: role ? { role } : {} });
        pools.push(pool);
        return pool;
      };
      return await use({
        url,
        adminUrl,
        sql: connect(),
        service: connect({ role: "service_role" }),
        connect,
      });
    } finally {
      for (const pool of pools) await pool.end({ timeout: 1 });
      await admin.unsafe(`drop database if exists ${database} with (force)`);
      await admin.end();
    }
  });
}

/** What PostgREST does before a user's statement: role and claims for one transaction. */
export async function asUser<T>(
  sql: Sql,
  userId: string | null,
  run: (tx: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  return await sql.begin(async (tx) => {
    const role = userId === null ? "anon" : "authenticated";
    const claims = JSON.stringify(userId === null ? { role } : { sub: userId, role });
    await tx`select set_config('role', ${role}, true), set_config('request.jwt.claims', ${claims}, true)`;
    return await run(tx);
  }) as T;
}

/** One server for a whole run: hand `url` to the tests as TEST_DATABASE_SERVER_URL, and stop it behind them. */
export async function startTestServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await Deno.makeTempDir({ prefix: "reelbatch-test-" });
  // The server's own user must get into it.
  await Deno.chmod(folder, 0o755);
  const server = await startPostgres({ dataDir: `${folder}/data`, durable: false });
  return {
    url: server.adminUrl,
    async stop() {
      await server.stop();
      await removePostgresData(`${folder}/data`);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function withServer<T>(use: (serverUrl: string) => Promise<T>): Promise<T> {
  const given = Deno.env.get("TEST_DATABASE_SERVER_URL");
  if (given) return await use(given);
  const server = await startTestServer();
  try {
    return await use(server.url);
  } finally {
    await server.stop();
  }
}

/** The template's name tells its migrations apart, so that a server that lives longer never serves stale ones. */
async function ensureTemplate(
  admin: Sql,
  { serverUrl, kind }: { serverUrl: string; kind: DefaultPrivileges },
): Promise<string> {
  const name = `template_${kind}_${await fingerprint()}`;
  await admin`select pg_advisory_lock(7301002)`;
  try {
    const known = await admin`select from pg_database where datname = ${name}`;
    if (known.length === 0) {
      const draft = `draft_${crypto.randomUUID().slice(0, 8)}`;
      await admin.unsafe(`create database ${draft}`);
      await bootstrap(withPath(serverUrl, draft), { defaultPrivileges: kind });
      await migrate(asOwner(withPath(serverUrl, draft)));
      await admin.unsafe(`alter database ${draft} rename to ${name}`);
    }
  } finally {
    await admin`select pg_advisory_unlock(7301002)`;
  }
  return name;
}

async function fingerprint(): Promise<string> {
  const parts: string[] = [
    await Deno.readTextFile(new URL("../../local/postgres/bootstrap.sql", import.meta.url)),
  ];
  const folder = new URL("../../supabase/migrations/", import.meta.url);
  const names = Array.from(Deno.readDirSync(folder), (entry) => entry.name).sort();
  for (const name of names) parts.push(name, await Deno.readTextFile(new URL(name, folder)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts.join("\0")));
  return Array.from(new Uint8Array(digest).slice(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}

function withPath(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** Every role of the embedded server has the same password. */
function asOwner(url: string): string {
  const changed = new URL(url);
  changed.username = "postgres";
  return changed.href;
}
