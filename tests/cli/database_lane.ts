// The CLI's database commands on a Postgres 17 that has only what a new Supabase project has.

import { startPostgres } from "../../local/postgres/server.ts";
import { bootstrap } from "../../local/postgres/bootstrap.ts";
import { readMigrations } from "../../local/postgres/migrate.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { type Cli, withCli, withoutTls } from "./supabase_cli.ts";

/** Words of the CLI's own complaints about configuration or connection. */
const COMPLAINT = /warn|deprecat|unknown|invalid|unsupported|▲/i;
const TYPES = new URL("../../supabase/functions/_shared/database.types.ts", import.meta.url);

interface Finding {
  name: string;
  level: string;
  detail: string;
  metadata?: { schema?: string; name?: string };
}

/** Advisor findings that stay, by lint and schema, each with its reason. */
type Explanations = Record<string, { schemas: string[]; because: string }>;

async function withProject(use: (cli: Cli, url: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "reelbatch-cli-" });
  await Deno.chmod(dataDir, 0o755);
  const server = await startPostgres({ dataDir: `${dataDir}/data`, durable: false });
  try {
    await bootstrap(server.adminUrl);
    await withCli((cli) => use(cli, withoutTls(server.url)));
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("the CLI pushes the migrations once, its advisors find nothing unexplained, its types are the checked-in ones", async (t) => {
  await withProject(async (cli, url) => {
    await t.step("db push applies every migration to an empty project, without a complaint", async () => {
      const { code, stdout, stderr } = await cli.run("db", "push", `--remote=${url}`, "--yes");
      assertEquals(code, 0, stderr);
      for (const { version, name } of await readMigrations()) {
        assertMatch(stderr, new RegExp(`Applying migration ${version}_${name}`));
      }
      assert(!COMPLAINT.test(stdout + stderr), stdout + stderr);
    });
    await t.step("db push again finds nothing to do", async () => {
      const { code, stdout, stderr } = await cli.run("db", "push", `--remote=${url}`, "--yes");
      assertEquals(code, 0, stderr);
      assertMatch(stdout + stderr, /Remote database is up to date/);
    });
    await t.step("db advisors at level info find nothing that advisors.json does not explain", async () => {
      const options = ["--level", "info", "--fail-on", "none", "--output-format", "json"];
      const { code, stdout, stderr } = await cli.run("db", "advisors", `--remote=${url}`, ...options);
      assertEquals(code, 0, stderr);
      const { results } = JSON.parse(stdout) as { results: Finding[] };
      const explained: Explanations = JSON.parse(
        await Deno.readTextFile(new URL("./advisors.json", import.meta.url)),
      );
      const unexplained = results.filter(({ name, metadata }) =>
        !explained[name]?.schemas.includes(metadata?.schema ?? "")
      );
      assertEquals(unexplained.map(({ level, name, detail }) => `${level} ${name}: ${detail}`), []);
    });
    await t.step("gen types gives the checked-in database.types.ts", async () => {
      const { code, stdout, stderr } = await cli.run("gen", "types", "--schema", "public", `--remote=${url}`);
      assertEquals(code, 0, stderr);
      if (Deno.env.get("WRITE_TYPES")) await Deno.writeTextFile(TYPES, stdout);
      assertEquals(await Deno.readTextFile(TYPES), stdout, "deno task test:cli --write-types writes it anew");
    });
  });
});
