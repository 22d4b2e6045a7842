// The child of `benches/queue.ts --limits`: many batches at once through this project's queue, with commits that wait for
// the disk and without: processor time of both sides, and where Postgres saw the workers' sessions.

import process from "node:process";
import { serverSecondsOf } from "../processor.ts";
import { BATCH_SIZE, createJob, type Load } from "./contender.ts";
import { loadPg, type Pool } from "./packages.ts";
import { type BenchShop, openReelbatch } from "./reelbatch.ts";

export interface LimitsTask {
  url: string;
  shop: BenchShop;
  rounds: number;
  busy: Load;
}

/** All rounds of one way to commit, without their enqueues. */
export interface Limited {
  name: string;
  jobs: number;
  seconds: number;
  /** Processor seconds of this process, which is all workers and the driver, and of the whole server. */
  workers: number;
  postgres: number;
  walBytes: number;
  /** How often a session was seen so: `type: event`, or that it ran. */
  waits: Record<string, number>;
}

const LOOK_EVERY_MS = 10;
/** Work in vain would count as theirs: a look is one short query of a session of its own. */
const LOOK =
  `select coalesce(wait_event_type || ': ' || wait_event, 'on a processor, or waiting for one') as event,
    count(*)::int as count
  from pg_stat_activity where application_name = $1 group by 1`;
const WAYS = { "durable": "", "synchronous_commit off": "-c synchronous_commit=off" };

async function measure(
  observer: Pool,
  { settings, name, task: { url, shop, rounds, busy } }: { settings: string; name: string; task: LimitsTask },
): Promise<Limited> {
  const application = `limits-${name.replaceAll(" ", "-")}`;
  const queue = await openReelbatch(url, {
    shop,
    workers: busy.workers,
    settings: `${settings} -c application_name=${application}`,
  });
  const limited: Limited = { name, jobs: 0, seconds: 0, workers: 0, postgres: 0, walBytes: 0, waits: {} };
  const { rows: [self] } = await observer.query<{ pid: number }>("select pg_backend_pid() as pid");
  const readWal = async () => {
    const { rows } = await observer.query<{ at: string }>("select pg_current_wal_lsn() - '0/0' as at");
    return Number(rows[0]!.at);
  };
  // The first round is thrown away.
  for (let round = 0; round <= rounds; round++) {
    for (let batch = 0; batch < busy.batches; batch++) await queue.enqueue();
    const job = createJob(busy.batches * BATCH_SIZE);
    const before = {
      wal: await readWal(),
      postgres: await serverSecondsOf(self!.pid),
      own: process.cpuUsage(),
    };
    const start = performance.now();
    let isDone = false;
    const drained = queue.drain(busy, job).finally(() => isDone = true);
    while (!isDone) {
      const { rows } = await observer.query<{ event: string; count: number }>({
        name: "look",
        text: LOOK,
        values: [application],
      });
      if (round > 0) {
        for (const { event, count } of rows) limited.waits[event] = (limited.waits[event] ?? 0) + count;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    await drained;
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before.own);
    if (await queue.countOpen() !== 0) throw new Error("jobs are not done");
    if (round === 0) continue;
    limited.jobs += busy.batches * BATCH_SIZE;
    limited.seconds += seconds;
    limited.workers += (user + system) / 1e6;
    limited.postgres += await serverSecondsOf(self!.pid) - before.postgres;
    limited.walBytes += await readWal() - before.wal;
  }
  await queue.close();
  return limited;
}

const task: LimitsTask = JSON.parse(await new Response(Deno.stdin.readable).text());
const { default: { Pool } } = await loadPg();
const observer = new Pool({ connectionString: task.url, max: 1 });
const limits: Limited[] = [];
for (const [name, settings] of Object.entries(WAYS)) {
  limits.push(await measure(observer, { settings, name, task }));
}
await observer.end();
console.log(JSON.stringify(limits));
