// Every dependency is pinned exactly, used somewhere, and has its line in docs/dependencies.md.

import { assert, assertEquals } from "../assert.ts";

const ROOT = new URL("../../", import.meta.url);
const ROOMS = [
  "supabase/functions/",
  "renderer/",
  "local/",
  "feeds/",
  "samples/",
  "tasks/",
  "tests/",
  "benches/",
];

async function importMap(): Promise<Record<string, string>> {
  return JSON.parse(await Deno.readTextFile(new URL("import_map.json", ROOT))).imports;
}

async function sources(folder: string): Promise<string[]> {
  const texts: string[] = [];
  const entries = await Array.fromAsync(Deno.readDir(new URL(folder, ROOT))).catch(() => []);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) texts.push(...await sources(`${folder}${name}/`));
    else if (name.endsWith(".ts")) texts.push(await Deno.readTextFile(new URL(folder + name, ROOT)));
  }
  return texts;
}

/** `npm:@scope/name@1.2.3/path` in its parts. */
function parse(target: string): { name: string; version: string } {
  const [, name = "", version = ""] = /^npm:((?:@[^/]+\/)?[^@/]+)@([^/]+)/.exec(target) ?? [];
  return { name, version };
}

Deno.test("every dependency is pinned to one exact version and has its line in docs/dependencies.md", async () => {
  const table = await Deno.readTextFile(new URL("docs/dependencies.md", ROOT));
  const rowsOf = (text: string) =>
    new Set(
      Array.from(text.matchAll(/^\| `([^`]+)` (\S+) \|/gm), ([, name, version]) => `${name} ${version}`),
    );
  const [needed = "", optional = ""] = table.split("| optional package |");
  const rows = rowsOf(needed);
  const optionals = rowsOf(optional);
  assert(rows.size > 20 && optionals.size > 2, "the tables are not as they were");
  const pinned = new Set(
    Object.values(await importMap()).map((target) => {
      const { name, version } = parse(target);
      return `${name} ${/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version) ? version : `not exact: ${version}`}`;
    }),
  );
  assertEquals([...pinned].filter((each) => !optionals.has(each)).sort(), [...rows].sort());
});

Deno.test("every package of the import map is imported by something", async () => {
  const texts = (await Promise.all(ROOMS.map(sources))).flat();
  const map = Object.entries(await importMap());
  const isImported = (specifier: string) => texts.some((text) => text.includes(`"${specifier}"`));
  // A package whose `package.json` alone is asked for is found through that.
  const used = new Set(
    map.filter(([specifier]) => isImported(specifier)).map(([, target]) => parse(target).name),
  );
  const unused = map.map(([, target]) => parse(target).name).filter((name) => !used.has(name));
  assertEquals(unused, []);
});

Deno.test("what only a benchmark compares with is pinned in its own import map, with its line", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("benches/peers/deno.json", ROOT)));
  const table = await Deno.readTextFile(new URL("docs/dependencies.md", ROOT));
  const [, lines = ""] = table.split("| package of `benches/peers` |");
  const written = Array.from(
    lines.matchAll(/^\| `([^`]+)` (\d+\.\d+\.\d+) \|/gm),
    ([, name, version]) => `${name} ${version}`,
  );
  const pinned = Object.values<string>(imports).map((target) => {
    const { name, version } = parse(target);
    return `${name} ${version}`;
  });
  assert(pinned.length > 0, "there is none");
  assertEquals(pinned.sort(), written.sort());
});
