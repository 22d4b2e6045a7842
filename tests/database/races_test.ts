// Many connections on many batches at once, against deadlocks and against work that is done twice.

import { assert, assertEquals } from "../assert.ts";
import { withDatabase } from "../support/database.ts";
import {
  claim,
  type ClaimedRow,
  claimRow,
  complete,
  createBatch,
  expireLease,
  fail,
  handOver,
  jobsOf,
  openShop,
  report,
  requeue,
  sweep,
} from "./shop.ts";

const BATCHES = 8;
const PRODUCTS = 6;
const WORKERS = 24;

Deno.test("twenty-four workers and two sweeps make every row of eight batches once, in order, without a deadlock", async () => {
  await withDatabase("races", async ({ sql, connect }) => {
    const service = connect({ role: "service_role", max: WORKERS + 2 });
    await sql`update private.settings set value = case when name = 'backoff_first_s' then 0.01
      when name = 'backoff_max_s' then 0.05 when name = 'lease_s' then 600 else 100000 end`;
    const shop = await openShop(sql, PRODUCTS);
    const batchIds = await Promise.all(
      Array.from({ length: BATCHES }, (_, n) => createBatch(service, shop, { concurrency: 1 + n % 3 })),
    );
    const completions = new Map<string, number>();
    const firstClaims = new Map<string, number[]>();
    const problems: unknown[] = [];
    let isOver = false;

    async function workOnce(batchId: string): Promise<void> {
      const { job } = await claim(service, batchId);
      if (!job) return;
      if (job.attempt === 1 && job.progress === 0 && job.stage === "script") {
        firstClaims.set(batchId, [...(firstClaims.get(batchId) ?? []), job.position]);
      }
      const chance = Math.random();
      await report(service, job, { stage: "render", progress: Math.floor(Math.random() * 90) });
      if (chance < 0.15) await handOver(service, job);
      else if (chance < 0.3) await requeue(service, job);
      else if (chance < 0.45) await expireLease(sql, job);
      else if (chance < 0.5) await fail(service, job);
      else if ((await complete(service, job, shop.profileId)).current) {
        completions.set(job.job_id, (completions.get(job.job_id) ?? 0) + 1);
      }
    }
    async function worker(): Promise<void> {
      while (!isOver) await workOnce(batchIds[Math.floor(Math.random() * BATCHES)]!);
    }
    async function sweeper(): Promise<void> {
      while (!isOver) {
        await sweep(service);
        const [left] = await sql`select count(*)::int as open from public.jobs where finished_at is null`;
        if (left!.open === 0) isOver = true;
      }
    }
    const guard = setTimeout(() => isOver = true, 30_000);
    const everyone = [...Array.from({ length: WORKERS }, worker), sweeper(), sweeper()];
    for (const result of await Promise.allSettled(everyone)) {
      if (result.status === "rejected") problems.push(result.reason);
    }
    clearTimeout(guard);

    assertEquals(problems, []);
    const rows = await sql`select id, status, progress from public.jobs`;
    assertEquals(rows.length, BATCHES * PRODUCTS);
    for (const row of rows) {
      assert(["completed", "failed"].includes(row.status), `${row.id} is ${row.status}`);
      assertEquals(completions.get(row.id) ?? 0, row.status === "completed" ? 1 : 0);
    }
    for (const [batchId, positions] of firstClaims) {
      const [batch] =
        await sql`select (options ->> 'concurrency')::int as slots from public.batches where id = ${batchId}`;
      // With several slots answers overtake each other on their way here; with one they cannot.
      if (batch!.slots === 1) assertEquals(positions, [...positions].sort((a, b) => a - b));
    }
    for (const table of ["private.leases", "private.open_batches", "private.retries"]) {
      assertEquals((await sql`select from ${sql(table)}`).length, 0, table);
    }
  });
});

Deno.test("a worker that loses its lease while it waits for the batch changes nothing and is told", async () => {
  await withDatabase("lost_while_waiting", async ({ sql, service, connect }) => {
    const shop = await openShop(sql, 2);
    const writes = [
      (job: ClaimedRow) => complete(service, job, shop.profileId),
      (job: ClaimedRow) => fail(service, job),
      (job: ClaimedRow) => handOver(service, job),
    ];
    const other = connect({ max: 1 });
    for (const write of writes) {
      const batchId = await createBatch(service, shop);
      const job = await claimRow(service, batchId);
      let writing: ReturnType<typeof write> | undefined;
      await other.begin(async (tx) => {
        await tx`select public.cancel_batch(${shop.userId}, ${batchId})`;
        writing = write(job);
        const isWaiting = async () =>
          (await sql`select from pg_locks where not granted and locktype = 'transactionid'`).length > 0;
        while (!await isWaiting()) await new Promise((resolve) => setTimeout(resolve, 5));
      });
      assertEquals(await writing, { current: false, more: false });
      assertEquals((await jobsOf(sql, batchId)).map(({ status }) => status), ["cancelled", "cancelled"]);
    }
  });
});
