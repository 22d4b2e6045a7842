// The CLI's database commands on a Postgres 17 that has only what a new Supabase project has.

import postgres, { type Sql } from "postgres";
import { startPostgres } from "../../local/postgres/server.ts";
import { bootstrap, type DefaultPrivileges } from "../../local/postgres/bootstrap.ts";
import { readMigrations } from "../../local/postgres/migrate.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { assertPrivilegesAreTheWrittenOnes } from "../support/privileges.ts";
import { type Cli, withCli, withoutTls } from "./supabase_cli.ts";

const TYPES = new URL("../../supabase/functions/_shared/database.types.ts", import.meta.url);
const EXTENSIONS = new URL("../support/extensions.sql", import.meta.url);

interface Finding {
  name: string;
  level: string;
  detail: string;
  metadata?: { schema?: string; name?: string };
}

/** Advisor findings that stay, by lint and schema, each with its reason. */
type Explanations = Record<string, { schemas: string[]; because: string }>;

/** What differs between projects at the time of the first push. */
interface Project {
  name: string;
  defaultPrivileges: DefaultPrivileges;
  /** Whether pg_cron, pg_net and Vault are there. */
  extensions: boolean;
}

const PROJECTS: Project[] = [
  { name: "a new project", defaultPrivileges: "new", extensions: true },
  { name: "an old project, which grants everything by default", defaultPrivileges: "old", extensions: true },
  { name: "a new project without pg_cron, pg_net and Vault", defaultPrivileges: "new", extensions: false },
  { name: "an old project without pg_cron, pg_net and Vault", defaultPrivileges: "old", extensions: false },
];

async function withServer(use: (cli: Cli, adminUrl: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "reelbatch-cli-" });
  await Deno.chmod(dataDir, 0o755);
  const server = await startPostgres({ dataDir: `${dataDir}/data`, durable: false });
  try {
    await withCli((cli) => use(cli, server.adminUrl));
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** A database of its own as the project's; `url` is the owner's, as the CLI gets it. */
async function withProject(
  { adminUrl, project }: { adminUrl: string; project: Project },
  use: (url: string, sql: Sql) => Promise<void>,
): Promise<void> {
  const name = `project_${crypto.randomUUID().slice(0, 8)}`;
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name}`);
  await admin.end();
  const owned = new URL(adminUrl);
  owned.pathname = `/${name}`;
  await bootstrap(owned.href, { defaultPrivileges: project.defaultPrivileges });
  const sql = postgres(owned.href, { max: 1, onnotice: () => {} });
  try {
    if (project.extensions) await sql.unsafe(await Deno.readTextFile(EXTENSIONS));
    owned.username = "postgres";
    await use(withoutTls(owned.href), sql);
  } finally {
    await sql.end();
  }
}

async function pushTwice(cli: Cli, url: string): Promise<void> {
  const first = await cli.succeed("db", "push", `--remote=${url}`, "--yes");
  for (const { version, name } of await readMigrations()) {
    assertMatch(first.stderr, new RegExp(`Applying migration ${version}_${name}`));
  }
  const second = await cli.succeed("db", "push", `--remote=${url}`, "--yes");
  assertMatch(second.stdout + second.stderr, /Remote database is up to date/);
}

async function unexplainedFindings(cli: Cli, url: string): Promise<string[]> {
  const options = ["--level", "info", "--fail-on", "none", "--output-format", "json"];
  const { stdout } = await cli.succeed("db", "advisors", `--remote=${url}`, ...options);
  const { results } = JSON.parse(stdout) as { results: Finding[] };
  const explained: Explanations = JSON.parse(
    await Deno.readTextFile(new URL("./advisors.json", import.meta.url)),
  );
  return results
    .filter(({ name, metadata }) => !explained[name]?.schemas.includes(metadata?.schema ?? ""))
    .map(({ level, name, detail }) => `${level} ${name}: ${detail}`);
}

Deno.test("the CLI pushes the migrations once to projects old and new, grants nothing by the way, and its advisors find nothing unexplained", async (t) => {
  await withServer(async (cli, adminUrl) => {
    for (const project of PROJECTS) {
      await t.step(project.name, async () => {
        await withProject({ adminUrl, project }, async (url, sql) => {
          await pushTwice(cli, url);
          await assertPrivilegesAreTheWrittenOnes(sql);
          assertEquals(await unexplainedFindings(cli, url), []);
          if (!project.extensions) return;
          const jobs = await sql`select jobname, schedule, username from cron.job order by jobname`;
          assertEquals(jobs.map((job) => ({ ...job })), [
            { jobname: "reelbatch-prune", schedule: "17 3 * * *", username: "postgres" },
            { jobname: "reelbatch-sweep", schedule: "10 seconds", username: "postgres" },
          ]);
        });
      });
    }
  });
});

Deno.test("gen types gives the checked-in database.types.ts", async () => {
  await withServer(async (cli, adminUrl) => {
    await withProject({ adminUrl, project: PROJECTS[0]! }, async (url) => {
      await cli.succeed("db", "push", `--remote=${url}`, "--yes");
      const { stdout } = await cli.succeed("gen", "types", "--schema", "public", `--remote=${url}`);
      if (Deno.env.get("WRITE_TYPES")) await Deno.writeTextFile(TYPES, stdout);
      assertEquals(await Deno.readTextFile(TYPES), stdout, "deno task test:cli --write-types writes it anew");
    });
  });
});
