// What the documents name is there: tasks, files, links; and their commands survive a paste into bash and zsh.

import { assert, assertEquals } from "../assert.ts";
import { readBlocks } from "../cli/page.ts";

const ROOT = new URL("../../", import.meta.url);
const ROOMS = ["docs", "feeds", "local", "renderer", "samples", "supabase", "tasks", "tests", "benches"];

async function documents(): Promise<Map<string, string>> {
  const paths = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "samples/README.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
    if (name.endsWith(".md")) paths.push(`docs/${name}`);
  }
  return new Map(
    await Promise.all(
      paths.map(async (path) => [path, await Deno.readTextFile(new URL(path, ROOT))] as const),
    ),
  );
}

async function isThere(path: string, from = ""): Promise<boolean> {
  return await Deno.stat(new URL(path, new URL(from, ROOT))).then(() => true, () => false);
}

Deno.test("every task that a document names is one of deno.json's", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const unknown: string[] = [];
  for (const [path, text] of await documents()) {
    for (const [, name] of text.matchAll(/deno task ([a-z][\w:.-]*[\w])/g)) {
      if (!(name! in tasks)) unknown.push(`${path}: ${name}`);
    }
  }
  assertEquals(unknown, []);
});

Deno.test("every link of a document to a file of the repository leads to one, and so does every path in code", async () => {
  const missing: string[] = [];
  let seen = 0;
  for (const [path, text] of await documents()) {
    const links = Array.from(text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g), ([, link]) => link!);
    for (const link of links) if (!await isThere(link, path)) missing.push(`${path}: (${link})`);
    const inCode = Array.from(
      text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.(?:ts|md|sql|json|toml|xml))`/g),
      ([, p]) => p!,
    )
      .filter((named) => ROOMS.includes(named.split("/")[0]!));
    for (const named of inCode) if (!await isThere(named)) missing.push(`${path}: ${named}`);
    seen += links.length + inCode.length;
  }
  assert(seen > 15, `only ${seen} were found`);
  assertEquals(missing, []);
});

Deno.test("no command of docs/ has a comment behind it: an interactive zsh takes that for arguments", async () => {
  const commented: string[] = [];
  for (const [path, text] of await documents()) {
    if (!path.startsWith("docs/")) continue;
    for (const block of readBlocks(text).filter(({ language }) => language === "sh")) {
      commented.push(
        ...block.text.split("\n").filter((line) => /(^|\s)# /.test(line)).map((line) => `${path}: ${line}`),
      );
    }
  }
  assertEquals(commented, []);
});
