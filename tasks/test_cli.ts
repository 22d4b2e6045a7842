// `deno task test:cli [--write-types]`: the real Supabase CLI against stand-ins; `--write-types` renews database.types.ts.

import { installPackages } from "./install_packages.ts";

const PACKAGES = ["postgresql-15", "postgresql-15-plpgsql-check"];
const EXTENSION = "/usr/share/postgresql/15/extension/plpgsql_check.control";
const LANES = [
  "tests/cli/database_lane.ts",
  "tests/cli/container_lane.ts",
  "tests/cli/deploy_lane.ts",
  "tests/cli/deploy_page_lane.ts",
  "tests/cli/lint_lane.ts",
];

if (!await installLinter()) {
  console.error(
    `PLPGSQL_CHECK IS MISSING, and so db lint fails below; as root: apt-get install -y ${PACKAGES.join(" ")}`,
  );
}
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", "tasks/test.ts", ...LANES],
  env: Deno.args.includes("--write-types") ? { WRITE_TYPES: "1" } : {},
  stdin: "null",
}).spawn().status;
Deno.exit(code);

/** Debian's Postgres with plpgsql_check: there, or installed now when we may. */
async function installLinter(): Promise<boolean> {
  if (await isFile(EXTENSION)) return true;
  await installPackages(PACKAGES);
  return await isFile(EXTENSION);
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}
