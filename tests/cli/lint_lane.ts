// `db lint` (plpgsql_check) over every function, on Debian's PostgreSQL 15: npm's Postgres 17 has no plpgsql_check.

import postgres from "postgres";
import { bootstrap } from "../../local/postgres/bootstrap.ts";
import { freePort } from "./free_port.ts";
import { withCli, withoutTls } from "./supabase_cli.ts";

const BINARIES = "/usr/lib/postgresql/15/bin";
const EXTENSION = "/usr/share/postgresql/15/extension/plpgsql_check.control";

Deno.test("db lint finds no error in any function, with plpgsql_check", async () => {
  await Deno.stat(EXTENSION).catch(() => {
    throw new Error("plpgsql_check is missing: apt-get install -y postgresql-15 postgresql-15-plpgsql-check");
  });
  await withDebianPostgres(async (adminUrl) => {
    await bootstrap(adminUrl);
    // The CLI acts as `postgres` and would make it itself on Supabase; on Debian only the superuser may.
    const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
    await sql`create extension plpgsql_check`;
    await sql.end();
    const url = withoutTls(adminUrl);
    await withCli(async (cli) => {
      await cli.succeed("db", "push", `--remote=${url}`, "--yes");
      const schemas = ["--schema", "public,private", "--level", "warning", "--fail-on", "error"];
      await cli.succeed("db", "lint", `--remote=${url}`, ...schemas, "--output-format", "json");
    });
  });
});

async function withDebianPostgres(use: (adminUrl: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "reelbatch-lint-" });
  const asOwner = await postgresUser(folder);
  const port = freePort();
  try {
    await run(asOwner, [`${BINARIES}/initdb`, "-D", `${folder}/data`, "-U", "supabase_admin", "-A", "trust"]);
    const flags = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
    const control = [`${BINARIES}/pg_ctl`, "-D", `${folder}/data`, "-w", "-l", `${folder}/log`];
    await run(asOwner, [...control, "-o", flags, "start"]);
    try {
      await use(`postgresql://supabase_admin:postgres@127.0.0.1:${port}/postgres`);
    } finally {
      await run(asOwner, [...control, "-m", "immediate", "stop"]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** initdb refuses root: Debian's own user for it, who must get into the folder. */
async function postgresUser(folder: string): Promise<{ uid?: number; gid?: number }> {
  if (Deno.uid() !== 0) return {};
  const passwd = await Deno.readTextFile("/etc/passwd");
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(passwd) ?? [];
  const user = { uid: Number(uid), gid: Number(gid) };
  await Deno.chown(folder, user.uid, user.gid);
  return user;
}

async function run(user: { uid?: number; gid?: number }, command: string[]): Promise<void> {
  const [program, ...args] = command;
  const { success, stderr } = await new Deno.Command(program!, {
    args,
    ...user,
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`${program} failed: ${new TextDecoder().decode(stderr)}`);
}
