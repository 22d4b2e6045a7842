// The child of `benches/queue.ts`: every queue's rounds in turns, in one process, on the Postgres that it is told of by a line
// of JSON on its input. It prints its figures as one line of JSON.

import { BATCH_SIZE, type Contender, createJob, type Load } from "./contender.ts";
import { openDbos } from "./dbos.ts";
import { openGraphileWorker } from "./graphile_worker.ts";
import { openPgBoss } from "./pg_boss.ts";
import { type BenchShop, openReelbatch } from "./reelbatch.ts";

/** What it is told. */
export interface PeersTask {
  url: string;
  shop: BenchShop;
  /** Rounds of one batch, one job after another, and of many batches at once; the first of each is thrown away. */
  rounds: number;
  busyRounds: number;
  busy: Load;
}

/** Figures of a queue, one value a round. */
export interface PeerFigures {
  name: string;
  /** Milliseconds that a batch of fifty takes to be accepted. */
  enqueueMs: number[];
  /** Milliseconds a job, from the first one's begin to the last one's. */
  jobMs: number[];
  /** Jobs a second with many batches at once. */
  jobsPerSecond: number[];
}

async function runRound(
  contender: Contender,
  load: Load,
): Promise<{ enqueueMs: number[]; jobMs: number }> {
  const count = load.batches * BATCH_SIZE;
  const job = createJob(count);
  const enqueueMs: number[] = [];
  for (let batch = 0; batch < load.batches; batch++) {
    const start = performance.now();
    await contender.enqueue(batch, load);
    enqueueMs.push(performance.now() - start);
  }
  await contender.drain(load, job);
  const open = await contender.countOpen();
  if (open !== 0) {
    throw new Error(`${contender.name}: ${open} jobs are not done`);
  }
  if (job.begunAt.length !== count) {
    throw new Error(`${contender.name}: ${job.begunAt.length} jobs ran`);
  }
  return {
    enqueueMs,
    jobMs: (job.begunAt.at(-1)! - job.begunAt[0]!) / (count - 1),
  };
}

async function readTask(): Promise<PeersTask> {
  return JSON.parse(await new Response(Deno.stdin.readable).text());
}

const { url, shop, rounds, busyRounds, busy } = await readTask();
const { workers } = busy;
const contenders = [
  await openReelbatch(url, { shop, workers }),
  await openGraphileWorker(url),
  await openPgBoss(url, { workers }),
  await openDbos(url, { way: "queue", workers }),
  await openDbos(url, { way: "steps", workers }),
];
const figures = contenders.map(({ name }): PeerFigures => ({
  name,
  enqueueMs: [],
  jobMs: [],
  jobsPerSecond: [],
}));
for (let round = 0; round <= rounds; round++) {
  for (const [index, contender] of contenders.entries()) {
    const { enqueueMs, jobMs } = await runRound(contender, {
      batches: 1,
      workers: 1,
    });
    if (round === 0) continue;
    figures[index]!.enqueueMs.push(...enqueueMs);
    figures[index]!.jobMs.push(jobMs);
  }
}
for (let round = 0; round <= busyRounds; round++) {
  for (const [index, contender] of contenders.entries()) {
    const { enqueueMs, jobMs } = await runRound(contender, busy);
    if (round === 0) continue;
    figures[index]!.enqueueMs.push(...enqueueMs);
    figures[index]!.jobsPerSecond.push(1000 / jobMs);
  }
}
for (const contender of contenders) await contender.close();
console.log(JSON.stringify(figures));
// A library's timer keeps nobody waiting.
Deno.exit(0);
