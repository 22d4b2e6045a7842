// graphile-worker as its documentation says: `run` with a task list, one named queue a batch, add_jobs for fifty at once.

import { BATCH_SIZE, type Contender } from "./contender.ts";
import { loadGraphileWorker, loadPg, type Pool } from "./packages.ts";

/** Two seconds by default; a worker that met a locked queue looks again after so long. */
const POLL_MS = 5;

export async function openGraphileWorker(url: string): Promise<Contender> {
  const [{ run, makeWorkerUtils, Logger }, { default: { Pool } }] = await Promise.all([
    loadGraphileWorker(),
    loadPg(),
  ]);
  const pool = new Pool({ connectionString: url, max: 1 });
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({
    connectionString: url,
    maxPoolSize: 1,
    logger,
  });
  await utils.migrate();
  return {
    name: "graphile-worker",
    async enqueue(batch) {
      const queueName = `batch-${batch}`;
      await utils.addJobs(
        Array.from({ length: BATCH_SIZE }, (_, item) => ({
          identifier: "nothing",
          payload: { batch, item },
          queueName,
        })),
      );
    },
    async drain(load, job) {
      const taskList = { nothing: () => job.run() };
      const runner = await run({
        connectionString: url,
        // Its listener for new jobs holds one. It does not wait for a completion before it asks for the next job: on a
        // connection to spare it would find the named queue still locked, and wait for its next poll.
        maxPoolSize: load.workers + 1,
        pollInterval: POLL_MS,
        logger,
        taskList,
        concurrency: load.workers,
        noHandleSignals: true,
      });
      await job.all;
      // A stop in the middle of the last one's completion would give it back.
      while (await countOpen(pool) > 0) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await runner.stop();
    },
    countOpen: () => countOpen(pool),
    async close() {
      await utils.release();
      await pool.end();
    },
  };
}

/** What is done is deleted. */
async function countOpen(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ open: string }>(
    "select count(*) as open from graphile_worker.jobs",
  );
  return Number(rows[0]!.open);
}
