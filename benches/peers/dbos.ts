// DBOS in its two ways to do fifty things one after another: a queue that runs one workflow at a time, and one workflow
// with fifty steps. Its queue is polled: once a second by default, every millisecond here.

import { BATCH_SIZE, type Contender, type Load } from "./contender.ts";
import { type DbosClient, loadDbos, loadPg, type Pool } from "./packages.ts";

const POLL_MS = 1;
const VERSION = "bench";
const SILENT = {
  debug() {},
  info() {},
  warn() {},
  error: (...parts: unknown[]) => console.error(...parts),
};

type Way = "queue" | "steps";

/** What the registered workflows do now: a name is registered once a process. */
let onJob: () => void = () => {};
let registered: Promise<void> | null = null;

async function register(url: string): Promise<void> {
  const { DBOS } = await loadDbos();
  DBOS.setConfig({
    name: "bench",
    systemDatabaseUrl: url,
    applicationVersion: VERSION,
    logger: SILENT,
  });
  const run = () => {
    onJob();
    return Promise.resolve();
  };
  DBOS.registerWorkflow((_batch: number, _item: number) => run(), {
    name: "nothing",
  });
  DBOS.registerWorkflow(async (_batch: number) => {
    for (let item = 0; item < BATCH_SIZE; item++) {
      await DBOS.runStep(run, { name: "nothing" });
    }
  }, { name: "fifty" });
  await DBOS.launch();
  const polling = { minPollingIntervalMs: POLL_MS };
  await DBOS.registerQueue("one", { globalConcurrency: 1, ...polling });
  await DBOS.registerQueue("batches", {
    partitionConcurrency: 1,
    workerConcurrency: 10,
    ...polling,
  });
  await DBOS.registerQueue("steps", { workerConcurrency: 10, ...polling });
  await DBOS.shutdown();
}

/** Fifty workflows. Their priority is their place: those of one moment start in no order otherwise. */
async function enqueueJobs(
  client: DbosClient,
  { batch, load }: { batch: number; load: Load },
): Promise<void> {
  const place = load.batches === 1
    ? { queueName: "one" }
    : { queueName: "batches", queuePartitionKey: `batch-${batch}` };
  const enqueueOne = (_: unknown, item: number) =>
    client.enqueue(
      {
        workflowName: "nothing",
        appVersion: VERSION,
        priority: item,
        ...place,
      },
      batch,
      item,
    );
  await Promise.all(Array.from({ length: BATCH_SIZE }, enqueueOne));
}

export async function openDbos(
  url: string,
  { way, workers }: { way: Way; workers: number },
): Promise<Contender> {
  const [{ DBOS, DBOSClient }, { default: { Pool } }] = await Promise.all([
    loadDbos(),
    loadPg(),
  ]);
  await (registered ??= register(url));
  const client = await DBOSClient.create({
    systemDatabaseUrl: url,
    systemDatabasePoolSize: workers,
  });
  const pool = new Pool({ connectionString: url, max: 1 });
  return {
    name: way === "queue" ? "DBOS, a queue" : "DBOS, a workflow of 50 steps",
    async enqueue(batch, load) {
      if (way === "queue") return await enqueueJobs(client, { batch, load });
      await client.enqueue({
        workflowName: "fifty",
        queueName: "steps",
        appVersion: VERSION,
      }, batch);
    },
    async drain(_load, job) {
      onJob = job.run;
      await DBOS.launch();
      await job.all;
      while (await countOpen(pool) > 0) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await DBOS.shutdown();
    },
    countOpen: () => countOpen(pool),
    async close() {
      await client.destroy();
      await pool.end();
    },
  };
}

async function countOpen(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ open: string }>(
    "select count(*) as open from dbos.workflow_status where status <> 'SUCCESS'",
  );
  return Number(rows[0]!.open);
}
