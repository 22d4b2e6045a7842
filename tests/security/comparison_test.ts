// Secrets are compared in constant time, in the two places that compare them, and nowhere else.

import { assert, assertEquals } from "../assert.ts";

const ROOT = new URL("../../", import.meta.url);
const FOLDERS = ["supabase/functions/", "renderer/"];
/** What a secret is called here, in any case and as a part of a name. */
const SECRET_NAME = /secret|api_?key|bearer|password|authorization|credential|digest/i;
const OPERAND = String.raw`(\w[\w.?]*(?:\([^()]*\))?|"[^"]*"|${"`[^`]*`"})`;
/** What stops at the first difference, with what stands on both sides of it. */
const HASTY = new RegExp(
  `${OPERAND}\\)?\\s*[=!]==?\\s*${OPERAND}|` +
    `${OPERAND}\\)?\\.(?:includes|has|indexOf|startsWith|endsWith|localeCompare)\\(${OPERAND}`,
  "g",
);
/** Nothing is learnt from whether there is one, or how many there are. */
const HARMLESS = /^(?:null|undefined|""|typeof .*|.*\.length)$/;
/** How a request's secret is read. */
const READING = /(?:header|headers\.get)\("(?:apikey|authorization)"\)/;

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (isDirectory) yield* sources(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield `${folder}${name}`;
  }
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:])\/\/.*$/gm, "$1");
}

/** Comparisons of something that is called a secret with something that is another text. */
function hastyComparisons(source: string): string[] {
  return [...withoutComments(source).matchAll(HASTY)].flatMap(([whole, ...operands]) => {
    const sides = operands.filter((side) => side !== undefined);
    const isHarmless = sides.some((side) => HARMLESS.test(side));
    return !isHarmless && sides.some((side) => SECRET_NAME.test(side)) ? [whole] : [];
  });
}

Deno.test("the reader of comparisons finds what it is for, and lets the rest be", () => {
  for (
    const line of [
      "if (given === secret) return true;",
      "if (c.req.header('apikey') !== deps.secretKey) throw x;",
      "secrets.includes(bearer)",
      "new Set(secrets).has(given)",
      "if (header == `Bearer ${rendererSecret}`) x();",
      "return rendererSecret.startsWith(given);",
    ]
  ) assert(hastyComparisons(line).length > 0, line);
  for (
    const line of [
      "if (rendererSecret === null) return;",
      "if (secrets.length === 0) throw x;",
      'const given = request.headers.get("authorization");',
      "// given === secret would tell its length",
      'if (url.password !== "") refuse();',
      "if (rendererUrls.length === 0 || rendererSecret === null) {",
    ]
  ) assertEquals(hastyComparisons(line), [], line);
});

Deno.test("no function and no part of the renderer compares a secret in a time that tells of it", async () => {
  const hasty: string[] = [];
  const readers: string[] = [];
  const constant: string[] = [];
  for (const folder of FOLDERS) {
    for await (const path of sources(folder)) {
      const source = await Deno.readTextFile(new URL(path, ROOT));
      hasty.push(...hastyComparisons(source).map((each) => `${path}: ${each}`));
      if (READING.test(source)) readers.push(path);
      if (/\btimingSafeEqual\(|\bverifyAuth\(/.test(source)) constant.push(path);
    }
  }
  assertEquals(hasty, []);
  // The two doors: a token is verified by its signature, a key by the library, the renderer's secret by digests.
  assertEquals(readers.sort(), ["renderer/app.ts", "supabase/functions/_shared/auth.ts"]);
  assertEquals(constant.sort(), ["renderer/app.ts", "supabase/functions/_shared/auth.ts"]);
});

Deno.test("the library that looks at process-next's key compares keyed digests, all bytes of them", async () => {
  const entry = new URL(import.meta.resolve("@supabase/server/core"));
  const folder = new URL("../", entry);
  let compared = 0;
  for await (const { name } of Deno.readDir(folder)) {
    if (!/^verify-auth-.*\.mjs$/.test(name)) continue;
    const source = await Deno.readTextFile(new URL(name, folder));
    compared += source.match(/await timingSafeEqual\(apikey, /g)?.length ?? 0;
    // `auth.apikey === "secret"` and the like name a mode.
    assertEquals(
      source.match(/[=!]==? *(?:credentials\.)?apikey\b|\bapikey *[=!]==?(?![=]? *(?:null|"))/g),
      null,
      name,
    );
    assert(/subtle\.sign\("HMAC"/.test(source), name);
  }
  assert(compared >= 2, `${compared} comparisons`);
});
