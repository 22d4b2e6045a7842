// Holds the house together: who may import whom, how long a file may be, and that nothing is pinned twice.

import { assertEquals } from "../assert.ts";

const ROOT = new URL("../../", import.meta.url);
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s+"([^"]+)"|import\("([^"]+)"\)|(?:^|\n)\s*import\s+"([^"]+)"/g;

async function* typescriptFiles(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) yield* typescriptFiles(`${path}/`);
    else if (path.endsWith(".ts")) yield path;
  }
}

interface Import {
  from: string;
  /** A path from the repository's root for relative imports, else the bare specifier. */
  to: string;
}

async function importsOf(folder: string): Promise<Import[]> {
  const found: Import[] = [];
  for await (const from of typescriptFiles(folder)) {
    const source = await Deno.readTextFile(new URL(from, ROOT));
    for (const match of source.matchAll(IMPORT)) {
      const specifier = match[1] ?? match[2] ?? match[3] ?? "";
      const to = specifier.startsWith(".")
        ? new URL(specifier, new URL(from, ROOT)).pathname.slice(ROOT.pathname.length)
        : specifier;
      found.push({ from, to });
    }
  }
  return found;
}

function offences(imports: Import[], isOffence: (edge: Import) => boolean): string[] {
  return imports.filter(isOffence).map(({ from, to }) => `${from} -> ${to}`);
}

Deno.test("functions import nothing of the renderer, the local stack or each other", async () => {
  const imports = await importsOf("supabase/functions/");
  const owner = (path: string) => path.split("/")[2] ?? "";
  assertEquals(
    offences(imports, ({ from, to }) => {
      if (/^(renderer|local|tasks|tests|feeds|samples)\//.test(to)) return true;
      return to.startsWith("supabase/functions/") && owner(to) !== "_shared" && owner(to) !== owner(from);
    }),
    [],
  );
});

Deno.test("the innermost ring imports only zod and itself", async () => {
  const imports = await importsOf("supabase/functions/_shared/contracts/");
  assertEquals(
    offences(imports, ({ to }) => to !== "zod" && !to.startsWith("supabase/functions/_shared/contracts/")),
    [],
  );
});

Deno.test("the renderer imports of the functions nothing but contracts", async () => {
  const imports = await importsOf("renderer/");
  assertEquals(
    offences(
      imports,
      ({ to }) =>
        /^(local|tasks|tests|feeds|samples)\//.test(to) ||
        (to.startsWith("supabase/") && !to.startsWith("supabase/functions/_shared/contracts/")),
    ),
    [],
  );
});

Deno.test("nothing but tests, tasks and benches imports the local stack", async () => {
  const imports = (await Promise.all(["supabase/", "renderer/", "feeds/", "samples/"].map(importsOf))).flat();
  assertEquals(offences(imports, ({ to }) => to.startsWith("local/")), []);
});

Deno.test("every package comes through the import map, pinned to one version", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("import_map.json", ROOT)));
  const versions = new Map<string, Set<string>>();
  const unpinned: string[] = [];
  for (const target of Object.values<string>(imports)) {
    const match = target.match(/^npm:\/?((?:@[^/]+\/)?[^@/]+)@(\d+\.\d+\.\d+[^/]*)/);
    if (!match?.[1] || !match[2]) unpinned.push(target);
    else versions.set(match[1], (versions.get(match[1]) ?? new Set()).add(match[2]));
  }
  assertEquals(unpinned, []);
  assertEquals([...versions].filter(([, set]) => set.size > 1).map(([name]) => name), []);
  const folders = ["supabase/", "renderer/", "local/", "feeds/", "samples/", "tasks/", "tests/", "benches/"];
  const edges = (await Promise.all(folders.map(importsOf))).flat();
  assertEquals(
    offences(edges, ({ to }) => /^(npm|jsr|https?):/.test(to)),
    [],
  );
});

Deno.test("no source file is longer than 400 lines", async () => {
  const long: string[] = [];
  for (const folder of ["supabase/functions/", "renderer/", "local/", "feeds/", "tasks/"]) {
    for await (const path of typescriptFiles(folder)) {
      const lines = (await Deno.readTextFile(new URL(path, ROOT))).split("\n").length - 1;
      if (lines > 400 && !path.endsWith("database.types.ts")) long.push(`${path}: ${lines}`);
    }
  }
  assertEquals(long, []);
});

Deno.test("Deno.env is read in one file a program", async () => {
  const readers: string[] = [];
  for (const folder of ["supabase/functions/", "renderer/", "local/"]) {
    for await (const path of typescriptFiles(folder)) {
      if ((await Deno.readTextFile(new URL(path, ROOT))).includes("Deno.env")) readers.push(path);
    }
  }
  assertEquals(readers.filter((path) => !path.endsWith("environment.ts")), []);
});
