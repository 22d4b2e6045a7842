// `deno task bench:queue [--rounds N] [--busy N]`: this queue beside graphile-worker, pg-boss and DBOS with a job that does
// nothing: on one durable Postgres, in one process, by one driver (`pg`), in turns. pgflow runs where pgmq is installed.
// `--limits` instead: what ours waits for with many batches at once.

import { openShop, OPTIONS } from "../tests/database/shop.ts";
import { type BenchDatabase, withBenchDatabase } from "./database.ts";
import { machine, printBar, printTable, quantile, readOption } from "./measure.ts";
import type { Limited, LimitsTask } from "./peers/limits.ts";
import type { PeerFigures, PeersTask } from "./peers/main.ts";
import { writeResults } from "./results.ts";

/** The bars: time per job beside a peer's, one after another. */
const MAX_OF_DBOS = 0.5;
const MAX_OF_GRAPHILE = 1.1;
const MAX_ENQUEUE = 1;

const BUSY = { batches: 20, workers: 10 };
const FOLDER = new URL("./peers/", import.meta.url);

/** Durable: all commit before they answer, with the same settings of one server. */
const PROMISES: Record<string, string> = {
  "Reelbatch": "order, lease and retry an item; outcome of the batch; nobody's failure is another's",
  "graphile-worker":
    "order in a named queue (a job that waits for its retry holds up those behind it); done is deleted",
  "pg-boss": "one at a time in a group; retry an item; no outcome of a group",
  "DBOS, a queue": "one at a time, by priority; each a workflow with its result; no outcome of the fifty",
  "DBOS, a workflow of 50 steps":
    "order; resumes behind the last step; one row of status, a step that throws ends the fifty",
};

/** Runs a program of the peers' folder, which has the packages. */
async function run<Answer>(program: "main.ts" | "limits.ts", task: PeersTask | LimitsTask): Promise<Answer> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-prompt",
      "--frozen",
      "--config",
      new URL("deno.json", FOLDER).pathname,
      new URL(program, FOLDER).pathname,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(task)));
  await writer.close();
  const { success, code, stdout } = await child.output();
  if (!success) {
    throw new Error(`the queues' process ended with exit code ${code}`);
  }
  return JSON.parse(
    new TextDecoder().decode(stdout).trim().split("\n").at(-1)!,
  );
}

/** pgflow's tables need the extension pgmq; says what the server has. */
async function explainPgflow({ sql }: BenchDatabase): Promise<string> {
  const [pgmq] = await sql`select from pg_available_extensions where name = 'pgmq'`;
  return pgmq
    ? "pgflow: not run: pgmq is installed here, but pgflow's contender was never seen to run and is not in this benchmark"
    : "pgflow: not run: it needs the extension pgmq, which pg_available_extensions of this server does not name";
}

function printBars(figures: PeerFigures[]): void {
  const [ours, ...peers] = figures;
  const ratio = (peer: PeerFigures, figure: "jobMs" | "enqueueMs") =>
    quantile(ours![figure]) / quantile(peer[figure]);
  for (const peer of peers) {
    const bar = peer.name.startsWith("DBOS") ? MAX_OF_DBOS : MAX_OF_GRAPHILE;
    const value = ratio(peer, "jobMs");
    if (peer.name === "pg-boss") {
      console.log(`a job beside pg-boss: ${value.toFixed(2)}x (no bar)`);
    } else {printBar(`a job one after another beside ${peer.name}`, {
        value,
        atMost: bar,
      });}
  }
  for (const peer of peers) {
    // One row that stands for fifty is no enqueue of fifty.
    if (peer.name === "DBOS, a workflow of 50 steps") continue;
    printBar(`enqueue of 50 beside ${peer.name}`, {
      value: ratio(peer, "enqueueMs"),
      atMost: MAX_ENQUEUE,
    });
  }
}

function printLimits(limits: Limited[]): void {
  const cores = navigator.hardwareConcurrency;
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  printTable([
    ["", ...limits.map(({ name }) => name)],
    ["jobs/s", ...limits.map(({ jobs, seconds }) => (jobs / seconds).toFixed(0))],
    [`processors, ${cores}: workers`, ...limits.map((each) => percent(each.workers / each.seconds / cores))],
    ["  Postgres", ...limits.map((each) => percent(each.postgres / each.seconds / cores))],
    ["WAL bytes a job", ...limits.map(({ walBytes, jobs }) => (walBytes / jobs).toFixed(0))],
  ]);
  for (const { name, waits } of limits) {
    const total = Object.values(waits).reduce((sum, count) => sum + count, 0);
    console.log(`\nwhere the ${BUSY.workers} sessions were, ${name}, ${total} looks:`);
    for (const [event, count] of Object.entries(waits).sort(([, a], [, b]) => b - a)) {
      if (count / total >= 0.01) console.log(`  ${event}: ${percent(count / total)}`);
    }
  }
}

await withBenchDatabase(async (database) => {
  const shop = await openShop(database.sql, 50);
  console.log(machine());
  const ours = { url: database.url, shop: { ...shop, options: OPTIONS } };
  if (Deno.args.includes("--limits")) {
    printLimits(await run<Limited[]>("limits.ts", { ...ours, rounds: readOption("rounds", 5), busy: BUSY }));
    return;
  }
  console.log(await explainPgflow(database));
  const figures = await run<PeerFigures[]>("main.ts", {
    ...ours,
    rounds: readOption("rounds", 15),
    busyRounds: readOption("busy", 3),
    busy: BUSY,
  });
  printTable([
    [
      "",
      "ms a job",
      "p95 of rounds",
      "enqueue of 50, ms",
      `jobs/s, ${BUSY.batches} x 50`,
    ],
    ...figures.map(({ name, jobMs, enqueueMs, jobsPerSecond }) => [
      name,
      quantile(jobMs),
      quantile(jobMs, 0.95),
      quantile(enqueueMs),
      quantile(jobsPerSecond).toFixed(0),
    ]),
  ]);
  console.log(
    "\nwhat each promises besides durability (a commit of its own for each job, or more):",
  );
  for (const { name } of figures) console.log(`  ${name}: ${PROMISES[name]}`);
  printBars(figures);
  await writeResults("queue", {
    machine: machine(),
    bars: figures.map(({ name, jobMs }) => ({ name, value: quantile(jobMs) })),
    figures,
  });
});
