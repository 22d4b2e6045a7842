// Random interleavings of every transition by four workers on the real Postgres, held against the model after each
// step. The seed is printed; MODEL_SEED runs that one again.

import fc from "fast-check";
import type { Sql } from "postgres";
import { assert, assertEquals } from "../assert.ts";
import { withDatabase } from "../support/database.ts";
import * as model from "./queue_model.ts";
import * as shopOf from "./shop.ts";

const MAX_ACTIONS = 60;
const STEPS = Deno.env.get("TEST_LONG") ? 100_000 : 4_000;
const SEED = Number(Deno.env.get("MODEL_SEED") ?? Date.now() % 2 ** 31);
const WORKERS = 4;

const worker = fc.nat(WORKERS - 1);
const place = fc.nat(3);
const Action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("claim" as const), worker }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("report" as const),
      worker,
      stage: fc.nat(4),
      progress: fc.nat(100),
      key: fc.constantFrom(null, "script", "voiceover", "render"),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom("handOver", "complete", "fail", "requeue"), worker }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("expire" as const), place }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom("sweep", "endBackoff") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("cancel", "retryAll") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("loseOften" as const), worker, times: fc.nat(6) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("retryOne", "pastDeadline", "toggleProduct"), place }),
  },
);
type Action = typeof Action extends fc.Arbitrary<infer T> ? T : never;

interface World {
  sql: Sql;
  service: Sql;
  shop: shopOf.Shop;
  other: shopOf.Shop;
  batchId: string;
  batch: model.ModelBatch;
  /** What each worker holds, or held: tokens go stale without its knowledge. */
  held: ({ row: shopOf.ClaimedRow; token: number } | undefined)[];
}

async function claimBoth(world: World, index: number): Promise<void> {
  const expected = model.claim(world.batch);
  const { job, more } = await shopOf.claim(world.service, world.batchId);
  assertEquals(job?.position, expected?.position, "the row that is claimed");
  assertEquals(more, model.hasMore(world.batch), "more");
  if (!job || !expected) return;
  const kept = world.batch.jobs[expected.position]!;
  assertEquals([job.attempt, job.run], [kept.attempt, kept.run]);
  assertEquals(Object.keys(job.checkpoint).sort(), [...kept.checkpoint].sort());
  world.held[index] = { row: job, token: expected.token };
}

/** A write of a worker, with the token that it believes in. */
async function writeBoth(world: World, action: Action & { worker: number }): Promise<void> {
  const { batch, service, shop } = world;
  const mine = world.held[action.worker];
  if (!mine) return;
  const { row, token } = mine;
  switch (action.kind) {
    case "report": {
      const stage = model.STAGES[action.stage]!;
      const checkpoint = action.key ? { [action.key]: { run: row.run } } : null;
      const current = await shopOf.report(service, row, { stage, progress: action.progress, checkpoint });
      assertEquals(current, model.report(batch, token, action));
      return;
    }
    case "requeue": {
      const answer = await shopOf.requeue(service, row);
      assertEquals(answer.status, model.requeue(batch, token));
      assertEquals(answer.more, model.hasMore(batch), "more");
      return;
    }
    case "handOver":
    case "complete":
    case "fail": {
      const isCurrent = model[action.kind](batch, token);
      const answer = action.kind === "complete"
        ? await shopOf.complete(service, row, shop.profileId)
        : await shopOf[action.kind](service, row);
      assertEquals(answer, { current: isCurrent, more: model.hasMore(batch) }, action.kind);
    }
  }
}

/** What a user asks for, and the sweep. */
async function askBoth(world: World, action: Action): Promise<void> {
  const { batch, batchId, service, shop } = world;
  if (action.kind === "sweep") {
    const lost = model.sweep(batch);
    const swept = await shopOf.sweep(service);
    assertEquals([swept.lost, swept.kick.includes(batchId)], [lost, model.hasMore(batch)], "sweep");
  } else if (action.kind === "cancel") {
    const [row] = await service`select public.cancel_batch(${shop.userId}, ${batchId}) as answer`;
    assertEquals(row!.answer.cancelled ?? null, model.cancel(batch));
  } else {
    const position = action.kind === "retryOne" && "place" in action
      ? action.place % batch.jobs.length
      : null;
    const ids = position === null ? null : [shop.productIds[position]!];
    const [row] =
      await service`select public.retry_batch(${shop.userId}, ${batchId}, ${ids}::uuid[]) as answer`;
    assertEquals(row!.answer.requeued ?? null, model.retry(batch, position));
  }
}

/** The world moves by itself: time passes, products come and go. */
async function turnBoth(world: World, kind: string, place: number): Promise<void> {
  const { sql, batch, batchId } = world;
  const position = place % batch.jobs.length;
  const job = batch.jobs[position]!;
  if (kind === "endBackoff") {
    await shopOf.endBackoff(sql, batchId);
    for (const each of batch.jobs) each.isWaiting = false;
  } else if (kind === "expire" && job.lease && job.lease.token !== null) {
    await sql`update private.leases set expires_at = clock_timestamp() - interval '1 s'
      where job_id = (select id from public.jobs where batch_id = ${batchId} and position = ${position})`;
    job.lease.hasRunOut = true;
  } else if (kind === "pastDeadline" && job.attempt > 0 && !job.isPastDeadline) {
    await sql`update public.jobs set started_at = started_at - interval '2 hours'
      where batch_id = ${batchId} and position = ${position}`;
    job.isPastDeadline = true;
  } else if (kind === "toggleProduct") {
    job.hasProduct = !job.hasProduct;
    const owner = job.hasProduct ? world.shop : world.other;
    await sql`update public.products set profile_id = ${owner.profileId}, external_id = gen_random_uuid()::text
      where id = ${world.shop.productIds[position]!}`;
  }
}

async function compare(world: World): Promise<void> {
  const rows = await world.sql`
    select j.status, coalesce(j.stage::text, '') as stage, j.progress, j.run, j.attempt, j.error_code,
      coalesce(j.available_at > clock_timestamp(), false) as is_waiting,
      l.job_id is not null as is_leased, l.job_id is not null and l.token is null as is_handed_over
    from public.jobs j left join private.leases l on l.job_id = j.id
    where j.batch_id = ${world.batchId} order by j.position`;
  assertEquals(
    rows.map((row) => ({ ...row })),
    world.batch.jobs.map((job) => ({
      status: job.status,
      stage: model.STAGES[job.stage] ?? "",
      progress: job.progress,
      run: job.run,
      attempt: job.attempt,
      error_code: job.errorCode,
      is_waiting: job.isWaiting,
      is_leased: job.lease !== null,
      is_handed_over: job.lease?.token === null,
    })),
  );
  const listed = await world.sql`select from private.open_batches where batch_id = ${world.batchId}`;
  assertEquals(listed.length, model.isBatchOpen(world.batch) ? 1 : 0, "the work list");
}

/** The body without `updated_at`, and `updated_at`. */
async function look({ sql, batchId }: World): Promise<{ updatedAt: string; rest: string }> {
  const [row] = await sql`select public.get_batch_status(${batchId}, '', '{}') -> 'body' as body`;
  const { updated_at, ...rest } = row!.body;
  return { updatedAt: updated_at, rest: JSON.stringify(rest) };
}

/** Chance alone hardly ever loses one row five times in a row. */
async function loseOften(world: World, action: { worker: number; times: number }): Promise<void> {
  for (let n = 0; n < action.times; n++) {
    await step(world, { kind: "endBackoff" });
    await step(world, { kind: "claim", worker: action.worker });
    const position = world.batch.jobs.findIndex((job) => job.lease?.token);
    if (position < 0) return;
    await step(world, { kind: "expire", place: position });
    await step(world, { kind: "sweep" });
  }
}

async function step(world: World, action: Action): Promise<void> {
  if (action.kind === "loseOften") return await loseOften(world, action);
  const before = await look(world);
  const isWorldsOwn = ["expire", "endBackoff", "pastDeadline", "toggleProduct"].includes(action.kind);
  if (isWorldsOwn) await turnBoth(world, action.kind, "place" in action ? action.place : 0);
  else if (action.kind === "claim") await claimBoth(world, action.worker);
  else if ("worker" in action) await writeBoth(world, action);
  else await askBoth(world, action);
  await compare(world);
  if (isWorldsOwn) return;
  const after = await look(world);
  assertEquals(
    after.updatedAt !== before.updatedAt,
    after.rest !== before.rest,
    `updated_at after ${action.kind}`,
  );
}

Deno.test(`the queue does what its model does, in ${STEPS} random steps (seed ${SEED})`, async () => {
  await withDatabase("model", async ({ sql, service }) => {
    // A back-off lasts until the test says it is over; a streak of five losses fails at once.
    await sql`update private.settings set value = case name when 'worker_lost_after_s' then 0 when 'lease_s' then 600
      when 'backoff_first_s' then 1000 when 'backoff_max_s' then 1000 else 1000000 end`;
    let steps = 0;
    const property = fc.asyncProperty(
      fc.integer({ min: 2, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(Action, { minLength: 20, maxLength: MAX_ACTIONS, size: "max" }),
      async (size, concurrency, actions) => {
        const [shop, other] = [await shopOf.openShop(sql, size), await shopOf.openShop(sql, 0)];
        const batchId = await shopOf.createBatch(service, shop, { concurrency });
        const batch = model.newBatch(size, concurrency);
        const world: World = { sql, service, shop, other, batchId, batch, held: [] };
        for (const action of actions) {
          await step(world, action);
          steps++;
        }
        await service`select public.delete_batch(${shop.userId}, ${batchId})`;
      },
    );
    await fc.assert(property, { numRuns: Math.ceil(STEPS / 40), seed: SEED, endOnFailure: true });
    assert(steps >= STEPS / 2, `only ${steps} steps`);
    const [left] =
      await sql`select (select count(*) from private.leases)::int + (select count(*) from private.retries)::int
      + (select count(*) from private.open_batches)::int + (select count(*) from private.checkpoints)::int as rows`;
    assertEquals(left!.rows, 0);
  });
});
