// The environment tables of docs/deploy.md name what the code reads, and nothing else; their defaults are the code's.

import { assert, assertEquals } from "../assert.ts";
import { childEnvironment, readEnvironment as readRenderer } from "../../renderer/environment.ts";
import { readEnvironment as readFunctions } from "../../supabase/functions/_shared/environment.ts";

const PAGE = new URL("../../docs/deploy.md", import.meta.url);
/** Without these nothing starts. */
const REQUIRED: Record<string, string> = {
  SUPABASE_URL: "https://project.test",
  SUPABASE_PUBLISHABLE_KEY: "sb_publishable_x",
  SUPABASE_SECRET_KEY: "sb_secret_x",
  RENDERER_SECRET: "secret",
};

type Rows = Map<string, string[]>;

/** The table whose head begins with `| first |`: its cells by each name of its first column. */
function readTable(page: string, first: string): Rows {
  const lines = page.split("\n");
  const head = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  assert(head >= 0, `docs/deploy.md has no table of ${first}`);
  const rows: Rows = new Map();
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith("|")) break;
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    for (const [, name] of cells[0]!.matchAll(/`([A-Z][A-Z0-9_]+)`/g)) rows.set(name!, cells);
  }
  return rows;
}

/** What `read` asks for, whatever it finds. */
function namesRead(read: (get: (name: string) => string | undefined) => unknown): string[] {
  const names = new Set<string>();
  read((name) => {
    names.add(name);
    return REQUIRED[name];
  });
  return [...names].sort();
}

Deno.test("the renderer's table names the variables that the renderer reads, with their defaults", async () => {
  const rows = readTable(await Deno.readTextFile(PAGE), "variable");
  const read = namesRead(readRenderer);
  assertEquals([...rows.keys(), "PATH"].sort(), read);
  const settings = readRenderer((name) => REQUIRED[name]);
  assertEquals(rows.get("PORT")?.[1], String(settings.port));
  assertEquals(rows.get("RENDERER_QUEUE")?.[1], String(settings.queue));
  assertEquals(settings.allowOrigins, []);
});

Deno.test("the functions' tables name the variables that the functions read, with their defaults", async () => {
  const page = await Deno.readTextFile(PAGE);
  const secrets = readTable(page, "secret");
  const injected = readTable(page, "injected");
  const alone = Array.from(
    [...injected.values()].join("\n").matchAll(/`(SUPABASE_[A-Z_]+)`/g),
    ([, name]) => name!,
  );
  assertEquals([...new Set([...secrets.keys(), ...alone])].sort(), namesRead(readFunctions));
  assertEquals([...secrets.keys()].filter((name) => name.startsWith("SUPABASE_")), []);
  const { wallClockS } = readFunctions((name) => REQUIRED[name]);
  assert(secrets.get("WALL_CLOCK_S")?.[2]?.includes(`${wallClockS} on the free plan (the default)`));
});

Deno.test("render processes inherit what the page says, and no variable of the tables", async () => {
  const page = await Deno.readTextFile(PAGE);
  const [, said = ""] = /Render processes see none of these, only (.*)\.\n/.exec(page) ?? [];
  const names = Array.from(said.matchAll(/`([A-Z_]+)`/g), ([, name]) => name!);
  assert(names.length > 4);
  const variables = Object.fromEntries(
    [...readTable(page, "variable").keys(), ...readTable(page, "secret").keys(), ...names].map((
      name,
    ) => [name, "set"]),
  );
  const inherited = withVariables(variables, () => Object.keys(childEnvironment()));
  assertEquals(inherited.sort(), [...names, "NO_COLOR"].sort());
});

function withVariables<T>(variables: Record<string, string>, use: () => T): T {
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
    return use();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

Deno.test("relative paths of the renderer are those of the folder in which it was started", () => {
  const given: Record<string, string> = { ...REQUIRED, RENDERER_DATA_DIR: "data", FFMPEG_PATH: "bin/ffmpeg" };
  const { dataDir, ffmpegPath } = readRenderer((name) => given[name]);
  assertEquals([dataDir, ffmpegPath], [`${Deno.cwd()}/data`, `${Deno.cwd()}/bin/ffmpeg`]);
});
