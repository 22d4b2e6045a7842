// `deno task bench [--quick] [parts…]`: the benchmarks one after another, each as its own task runs it (`bench:<part>`) and
// for a bounded time, then their bars and plots. A bar that is missed is printed; only a part that did not run is a failure.

import { descendantsOf } from "../benches/processor.ts";
import { machine } from "../benches/measure.ts";
import { TextLineStream } from "./text_lines.ts";

interface Part {
  program: string;
  /** After so many minutes it is ended, and counts as failed. */
  limitMin: number;
  /** What `--quick` gives it: everything once, small, for a look and not for figures. */
  quick: string[];
}

/** In this order: what only SQL needs first, what makes videos last. */
const PARTS: Record<string, Part> = {
  accept: { program: "benches/accept.ts", limitMin: 4, quick: ["--rounds", "50"] },
  "accept-http": { program: "benches/accept_http.ts", limitMin: 3, quick: ["--rounds", "30"] },
  queue: { program: "benches/queue.ts", limitMin: 4, quick: ["--rounds", "2", "--busy", "1"] },
  polling: { program: "benches/polling.ts", limitMin: 6, quick: ["--rounds", "2", "--hold", "6"] },
  chain: { program: "benches/chain.ts", limitMin: 4, quick: ["--rounds", "2"] },
  growth: { program: "benches/growth.ts", limitMin: 10, quick: ["--rows", "10000", "--rounds", "10"] },
  cold: { program: "benches/cold_start.ts", limitMin: 4, quick: ["--rounds", "3"] },
  cost: {
    program: "benches/cost.ts",
    limitMin: 6,
    quick: ["--products", "2", "--seconds", "15", "--rows", "250"],
  },
  job: { program: "benches/whole_job.ts", limitMin: 18, quick: ["--products", "2", "--seconds", "15"] },
  render: {
    program: "benches/render.ts",
    limitMin: 12,
    quick: ["--quick", "--seconds", "10", "--rounds", "1"],
  },
};
const PLOTS: Part = { program: "benches/plots.ts", limitMin: 1, quick: [] };

const ROOT = new URL("../", import.meta.url);
/** A line of a part that says how a figure stands to its bar. */
const BAR = /\bbars?\b.*\b(?:reached|within)\b|\b(?:reached|within)\b.*\bbars?\b/;

interface Outcome {
  name: string;
  failure: string | null;
  minutes: number;
  bars: string[];
}

/** A process of its own: no part runs on a heap that another has warmed or filled. */
async function run(name: string, { part, args }: { part: Part; args: string[] }): Promise<Outcome> {
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(part.program, ROOT).pathname, ...args],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let isLate = false;
  const timer = setTimeout(async () => {
    isLate = true;
    // Its servers would outlive it.
    const family = [child.pid, ...await descendantsOf(child.pid)];
    for (const pid of family) kill(pid);
  }, part.limitMin * 60_000);
  const bars: string[] = [];
  for await (const line of child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(TextLineStream())) {
    console.log(line);
    if (BAR.test(line)) bars.push(line);
  }
  const { success, code } = await child.status;
  clearTimeout(timer);
  const failure = isLate ? `not done after ${part.limitMin} min` : success ? null : `exit code ${code}`;
  return { name, failure, minutes: (performance.now() - start) / 60_000, bars };
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch { /* it has ended already */ }
}

const isQuick = Deno.args.includes("--quick");
const named = Deno.args.filter((argument) => argument !== "--quick");
const wanted = named.length > 0 ? named : Object.keys(PARTS);
const unknown = wanted.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  Deno.exit(2);
}

console.log(machine());
const outcomes: Outcome[] = [];
for (const name of wanted) {
  console.log(`\n== ${name} ==`);
  const part = PARTS[name]!;
  outcomes.push(await run(name, { part, args: isQuick ? part.quick : [] }));
}
// A quick run's figures are not worth a picture.
if (!isQuick) outcomes.push(await run("plots", { part: PLOTS, args: [] }));

console.log("\n== bars ==");
for (const { name, bars } of outcomes) for (const bar of bars) console.log(`${name}: ${bar}`);
const minutes = outcomes.reduce((sum, outcome) => sum + outcome.minutes, 0);
const failed = outcomes.filter(({ failure }) => failure !== null);
console.log(
  `\n${outcomes.length - failed.length} of ${outcomes.length} parts ran to their end in ${
    minutes.toFixed(1)
  } min`,
);
for (const { name, failure } of failed) console.error(`${name} failed: ${failure}`);
if (failed.length > 0) Deno.exit(1);
