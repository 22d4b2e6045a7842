// `deno task bench:cold [--rounds N]`: what each function weighs as one bundle and how long its first answer takes, from the start of
// the process, beside a function that imports the same libraries and does nothing else. Interleaved, medians, one run.

import { join } from "node:path";

const ROOT = new URL("../", import.meta.url).pathname;
const FUNCTIONS = ["batch-generate", "batch-status", "process-next"];
const BASELINE = "baseline";
/** The bars of this benchmark. */
const MAX_BUNDLE_BYTES = 2_000_000;
const MAX_RATIO = 1.3;
const ENVIRONMENT = {
  SUPABASE_URL: "http://127.0.0.1:9",
  SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_loopback"}',
  SUPABASE_SECRET_KEYS: '{"default":"sb_secret_loopback"}',
  SUPABASE_JWKS: '{"keys":[]}',
  NO_COLOR: "1",
};
const BASELINE_SOURCE = `
import { Hono } from "hono";
import { z } from "zod";
import { createClient } from "@supabase/supabase-js";
import * as server from "@supabase/server/core";
const app = new Hono().basePath("/${BASELINE}");
const client = createClient(Deno.env.get("SUPABASE_URL")!, "sb_publishable_loopback");
app.all("*", (c) => c.json({ uses: [typeof z.object, typeof client.from, Object.keys(server).length] }, 401));
Deno.serve(app.fetch);
`;

interface Bundle {
  name: string;
  path: string;
  /** The entry, and what it loads before it answers. */
  startBytes: number;
  /** With what is imported only when there is work. */
  bytes: number;
}

const folder = await Deno.makeTempDir({ prefix: "reelbatch-cold-" });
try {
  const bundles: Bundle[] = [];
  await Deno.writeTextFile(join(folder, "baseline.ts"), BASELINE_SOURCE);
  bundles.push(await bundle(BASELINE, join(folder, "baseline.ts")));
  for (const name of FUNCTIONS) {
    bundles.push(await bundle(name, join(ROOT, `supabase/functions/${name}/index.ts`)));
  }
  const times = await measure(bundles, readRounds());
  const baseline = median(times.get(BASELINE)!);
  let isWithin = true;
  console.log(`Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, ${readRounds()} rounds`);
  console.log("function         at start     in all      first answer   of baseline");
  for (const { name, startBytes, bytes } of bundles) {
    const ms = median(times.get(name)!);
    isWithin &&= name === BASELINE || (bytes < MAX_BUNDLE_BYTES && ms / baseline <= MAX_RATIO);
    const cells = [
      kilobytes(startBytes),
      kilobytes(bytes),
      `${ms.toFixed(1)} ms`,
      `${(ms / baseline).toFixed(2)}x`,
    ];
    console.log(name.padEnd(15) + cells.map((cell) => cell.padStart(12)).join(" "));
  }
  const bars = `under ${MAX_BUNDLE_BYTES / 1e6} MB minified, at most ${MAX_RATIO}x of the baseline`;
  console.log(`${isWithin ? "within" : "NOT within"} the bars: ${bars}`);
  if (!isWithin) Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function bundle(name: string, entry: string): Promise<Bundle> {
  const outdir = join(folder, name);
  await run([
    "bundle",
    "--quiet",
    "--minify",
    "--code-splitting",
    "--platform=deno",
    "--outdir",
    outdir,
    entry,
  ]);
  let bytes = 0, startBytes = 0, path = "";
  for await (const { name: file } of Deno.readDir(outdir)) {
    const { size } = await Deno.stat(join(outdir, file));
    bytes += size;
    if (/^(?:index|baseline)\.js$/.test(file)) path = join(outdir, file);
  }
  for (const file of await staticImports(path)) startBytes += (await Deno.stat(file)).size;
  return { name, path, startBytes, bytes };
}

/** A bundle's file with every chunk that it imports at once. */
async function staticImports(path: string, seen = new Set<string>()): Promise<Set<string>> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const source = await Deno.readTextFile(path);
  for (const [, file] of source.matchAll(/(?:from|import)\s*"(\.\/[^"]+\.js)"/g)) {
    await staticImports(join(path, "..", file!), seen);
  }
  return seen;
}

/** Milliseconds from the start of a fresh process to its first answer; the functions take turns. */
async function measure(bundles: Bundle[], rounds: number): Promise<Map<string, number[]>> {
  const times = new Map(bundles.map(({ name }): [string, number[]] => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const each of bundles) {
      const ms = await firstAnswer(each);
      // The first round fills the compiler's and the disk's caches.
      if (round >= 0) times.get(each.name)!.push(ms);
    }
  }
  return times;
}

async function firstAnswer({ name, path }: Bundle): Promise<number> {
  const port = freePort();
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", "--no-config", path],
    env: { ...ENVIRONMENT, DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}` },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    while (performance.now() - start < 30_000) {
      const response = await fetch(`http://127.0.0.1:${port}/${name}`, { method: "POST" }).catch(() => null);
      if (!response) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        continue;
      }
      const ms = performance.now() - start;
      await response.body?.cancel();
      if (response.status !== 401) throw new Error(`${name} answered ${response.status}, not 401`);
      return ms;
    }
    throw new Error(`${name} did not answer`);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

async function run(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`deno ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
}

function readRounds(): number {
  const index = Deno.args.indexOf("--rounds");
  return index < 0 ? 20 : Math.max(1, Number(Deno.args[index + 1]) || 20);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`;
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}
