// `deno task bench:cold [--rounds N]`: what each function weighs as a bundle and how long its first answer takes, from the
// start of the process, as a bundle and as the sources that are uploaded, beside a function that imports the same
// libraries and does nothing else. Interleaved, medians, one run.

import { basename, dirname, join } from "node:path";

const ROOT = new URL("../", import.meta.url).pathname;
const FUNCTIONS = ["batch-generate", "batch-status", "process-next"];
const BASELINE = "baseline";
/** What `process-next` imports for a claimed product only. It is kept out of the bundle that is started, and lies beside
 * it: in one code-split bundle the bundler's own runtime for its CommonJS packages (`createRequire`, 15 ms) would be
 * hoisted into what is loaded first. The hosted runtime keeps modules apart, so that nothing is hoisted there. */
const LATER = "load_pipeline";
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
/** Loads what is imported later when it is imported, as the hosted runtime does; `deno run` alone reads it at the start. */
const AS_HOSTED = "--unstable-lazy-dynamic-imports";

interface Candidate {
  name: string;
  /** The entry as one file, all that it loads before it answers. */
  startBytes: number;
  /** With what is imported only when there is work. */
  bytes: number;
  /** Arguments of `deno run`. */
  bundle: string[];
  sources: string[];
}

const folder = await Deno.makeTempDir({ prefix: "reelbatch-cold-" });
try {
  const candidates = [await prepare(BASELINE, join(ROOT, "benches/cold_start_baseline.ts"))];
  for (const name of FUNCTIONS) {
    candidates.push(await prepare(name, join(ROOT, `supabase/functions/${name}/index.ts`)));
  }
  report(candidates, await measure(candidates, readRounds()));
} finally {
  await Deno.remove(folder, { recursive: true });
}

function report(candidates: Candidate[], times: Map<string, number[]>): void {
  let isWithin = true;
  const cells = (name: string, kind: string) => {
    const ms = median(times.get(name + kind)!);
    const ratio = ms / median(times.get(BASELINE + kind)!);
    isWithin &&= ratio <= MAX_RATIO;
    return [`${ms.toFixed(1)} ms`, `${ratio.toFixed(2)}x`];
  };
  console.log(`Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, ${readRounds()} rounds`);
  console.log("                      minified bundle         first answer, bundle  first answer, sources");
  console.log("function         at start       in all           ms  of baseline        ms  of baseline");
  for (const { name, startBytes, bytes } of candidates) {
    isWithin &&= name === BASELINE || bytes < MAX_BUNDLE_BYTES;
    const row = [
      kilobytes(startBytes),
      kilobytes(bytes),
      ...cells(name, "bundle"),
      ...cells(name, "sources"),
    ];
    console.log(name.padEnd(13) + row.map((cell) => cell.padStart(12)).join(""));
  }
  const bars = `under ${MAX_BUNDLE_BYTES / 1e6} MB minified, at most ${MAX_RATIO}x of the baseline`;
  console.log(`${isWithin ? "within" : "NOT within"} the bars: ${bars}`);
}

async function prepare(name: string, entry: string): Promise<Candidate> {
  const start = join(folder, name), later = join(start, "later"), whole = join(folder, `${name}-whole`);
  await bundle(entry, ["--external", `./${LATER}.ts`, "--outdir", start]);
  await bundle(entry, ["--outdir", whole, "--code-splitting"]);
  const path = join(start, basename(entry).replace(/ts$/, "js"));
  if ((await Deno.readTextFile(path)).includes(`./${LATER}.ts`)) {
    await bundle(join(dirname(entry), `${LATER}.ts`), ["--outdir", later, "--code-splitting"]);
    await Deno.writeTextFile(join(start, `${LATER}.ts`), `export * from "./later/${LATER}.js";`);
  }
  let bytes = 0;
  for await (const { name: file } of Deno.readDir(whole)) bytes += (await Deno.stat(join(whole, file))).size;
  return {
    name,
    startBytes: (await Deno.stat(path)).size,
    bytes,
    bundle: ["--no-lock", "--no-config", path],
    sources: ["--cached-only", entry],
  };
}

/** Milliseconds from the start of a fresh process to its first answer; the functions take turns. */
async function measure(candidates: Candidate[], rounds: number): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>();
  for (let round = -1; round < rounds; round++) {
    for (const kind of ["bundle", "sources"] as const) {
      for (const { name, [kind]: args } of candidates) {
        const ms = await firstAnswer(name, args);
        // The first round fills the compiler's and the disk's caches.
        if (round >= 0) times.set(name + kind, [...times.get(name + kind) ?? [], ms]);
      }
    }
  }
  return times;
}

async function firstAnswer(name: string, args: string[]): Promise<number> {
  const port = freePort();
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", AS_HOSTED, ...args],
    cwd: ROOT,
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

async function bundle(entry: string, options: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--minify", "--platform=deno", ...options, entry],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`${entry} cannot be bundled: ${new TextDecoder().decode(stderr)}`);
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
