// pg-boss by its `insert`, `fetch` and `complete`: its own workers wait half a second at least between two jobs that are
// taken one by one. A batch is a group of which one job runs at a time.

import { BATCH_SIZE, type Contender } from "./contender.ts";
import { loadPg, loadPgBoss } from "./packages.ts";

const QUEUE = "nothing";

export async function openPgBoss(
  url: string,
  { workers }: { workers: number },
): Promise<Contender> {
  const [{ PgBoss }, { default: { Pool } }] = await Promise.all([
    loadPgBoss(),
    loadPg(),
  ]);
  // No maintenance in the middle of a round; no peer's is on.
  const boss = new PgBoss({
    connectionString: url,
    max: workers,
    supervise: false,
    schedule: false,
  });
  boss.on("error", (error) => console.error(`pg-boss: ${error.message}`));
  await boss.start();
  await boss.createQueue(QUEUE);
  const pool = new Pool({ connectionString: url, max: 1 });
  return {
    name: "pg-boss",
    async enqueue(batch) {
      const jobs = Array.from({ length: BATCH_SIZE }, (_, item) => ({
        data: { batch, item },
        group: { id: `batch-${batch}` },
      }));
      await boss.insert(QUEUE, jobs);
    },
    async drain(load, job) {
      // A single worker keeps to one at a time by itself.
      const options = load.workers > 1 ? { groupConcurrency: 1 } : undefined;
      let isDone = false;
      job.all.then(() => isDone = true);
      await Promise.all(Array.from({ length: load.workers }, async () => {
        while (!isDone) {
          for (const { id } of await boss.fetch(QUEUE, options)) {
            job.run();
            await boss.complete(QUEUE, id);
          }
        }
      }));
    },
    async countOpen() {
      const { rows } = await pool.query<{ open: string }>(
        "select count(*) as open from pgboss.job where state <> 'completed'",
      );
      return Number(rows[0]!.open);
    },
    async close() {
      await boss.stop({ graceful: false, close: true });
      await pool.end();
    },
  };
}
