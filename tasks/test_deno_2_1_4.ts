// `deno task test:deno-2.1.4`: the functions' type check and tests on the level of the hosted edge runtime, with npm's
// deno@2.1.4. It cannot read the lock file of the newest: the import map's exact versions stand in for it.

const DENO = "deno@2.1.4";
const FOLDERS = ["tests/functions", "tests/pipeline", "tests/providers"];
/** The embedded stack is not deployed and needs the newest Deno. */
const NEEDS_STACK = /support\/stack\.ts|\/stack_support\.ts/;
/** The checkout's node_modules belong to the newest Deno: neither read nor changed here. */
const FLAGS = ["--no-lock", "--node-modules-dir=none"];

const functions = await typescriptFiles("supabase/functions");
const tests: string[] = [];
for (const folder of FOLDERS) {
  for (const path of await typescriptFiles(folder)) {
    if (!path.endsWith("_test.ts")) continue;
    if (NEEDS_STACK.test(await Deno.readTextFile(path))) {
      console.log(`${path} starts the embedded stack: not on ${DENO}`);
    } else tests.push(path);
  }
}
for (
  const args of [["check", ...FLAGS, ...functions, ...tests], [
    "test",
    "-A",
    "--no-check",
    "--v8-flags=--expose-gc",
    ...FLAGS,
    ...tests,
  ]]
) {
  const { code } = await new Deno.Command("npx", {
    args: ["-y", DENO, ...args],
    env: { NO_COLOR: "1", DENO_TLS_CA_STORE: "system,mozilla" },
    stdin: "null",
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
}

async function typescriptFiles(folder: string): Promise<string[]> {
  const paths: string[] = [];
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) paths.push(...await typescriptFiles(`${folder}/${name}`));
    else if (name.endsWith(".ts")) paths.push(`${folder}/${name}`);
  }
  return paths.sort();
}
