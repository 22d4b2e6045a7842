// What dies on the way costs no row: functions, Postgres, the renderer, the wall clock; and races that ask too often.

import { assert, assertEquals, eventually } from "../assert.ts";
import { startRendererFake } from "../fakes/renderer.ts";
import {
  assertAllMadeOnce,
  completed,
  countLogged,
  ending,
  IS_LONG,
  kickAtOnce,
  killPart,
  startBatch,
  withCaller,
  withTrial,
} from "./trial.ts";

const own = { sanitizeOps: false, sanitizeResources: false };
const QUICK = { sweep_interval_s: 1, lease_s: 3 };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test(
  "a render longer than the wall clock is handed on, no attempt counted, nobody asked in a loop",
  own,
  async () => {
    const [wallClockS, renderMs] = IS_LONG ? [20, 45_000] : [6, 9_000];
    await withTrial({ renderMs, env: { WALL_CLOCK_S: String(wallClockS) } }, async ({ caller, renderer }) => {
      const batchId = await startBatch(caller, { count: 2, concurrency: 2, duration_s: 60 });
      const body = await ending(caller, batchId, 4 * renderMs / 1000);
      await assertAllMadeOnce(caller, body);
      assertEquals(body.product_jobs.map((row: { attempt: number }) => row.attempt), [1, 1]);
      assertEquals([renderer.counts.begun, renderer.counts.speech], [2, 2]);
      const started = await countLogged(caller, "job_started");
      assert(started >= 4, `${started} invocations: it was handed over`);
      // An isolate works for about half its wall clock at least before it hands over.
      assert(started <= 2 * (2 + Math.ceil(renderMs / 1000 / (wallClockS * 0.2))), `${started} invocations`);
    });
  },
);

Deno.test("functions killed at random intervals lose no row and make none twice", own, async () => {
  const [count, killForS, settings] = IS_LONG
    ? [10, 300, { lease_s: 5 }]
    : [4, 10, { sweep_interval_s: 1, lease_s: 2 }];
  await withTrial({ renderMs: IS_LONG ? 3_000 : 1_500, settings }, async ({ caller, renderer }) => {
    const batchId = await startBatch(caller, { count });
    const end = performance.now() + killForS * 1000;
    let killed = 0;
    while (performance.now() < end) {
      await pause(1000 + Math.random() * (IS_LONG ? 4000 : 1500));
      for (const name of ["process-next", "batch-generate", "batch-status"]) {
        killed += await killPart(caller, name);
      }
    }
    assert(killed > 0, "something was killed");
    await assertAllMadeOnce(caller, await ending(caller, batchId, IS_LONG ? 300 : 60));
    assertEquals(renderer.counts.begun, count, "no render was made again");
  });
});

Deno.test("Postgres killed in the middle of a batch costs no row", own, async () => {
  const awayS = IS_LONG ? 10 : 3;
  await withTrial(
    { renderMs: 1_500, settings: QUICK, restartAfter: { postgres: awayS } },
    async ({ caller, renderer }) => {
      const count = IS_LONG ? 10 : 4;
      const batchId = await startBatch(caller, { count });
      await completed(caller, batchId, 1);
      assertEquals(await killPart(caller, "postgres"), 1);
      await pause(awayS * 1000);
      await assertAllMadeOnce(caller, await ending(caller, batchId, 90));
      // The stand-in uploads once: one that came while Postgres was away fails and is made again.
      assert([count, count + 1].includes(renderer.counts.begun), `${renderer.counts.begun} renders begun`);
    },
  );
});

Deno.test("a renderer that goes away in the middle and comes back empty costs no row", own, async () => {
  const first = startRendererFake({ renderMs: 1_500 });
  const env = { RENDERER_URL: first.origin, RENDERER_SECRET: first.secret };
  await withCaller({ env, settings: { sweep_interval_s: 1, backoff_max_s: 4 } }, async (caller) => {
    const batchId = await startBatch(caller, { count: 4 });
    await completed(caller, batchId, 1);
    await first[Symbol.asyncDispose]();
    await pause(IS_LONG ? 60_000 : 4_000);
    await using second = startRendererFake({ port: Number(new URL(first.origin).port), renderMs: 200 });
    await assertAllMadeOnce(caller, await ending(caller, batchId, 60));
    assert(second.counts.begun >= 2);
  });
});

Deno.test("many kicks at once on one batch: never two at a time, in order, each once", own, async () => {
  await withTrial({ renderMs: 300 }, async ({ caller, renderer }) => {
    const batchId = await startBatch(caller, { count: 10, concurrency: 1 });
    let most = 0;
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        const [row] = await caller.stack.sql<
          { count: number }[]
        >`select count(*)::int as count from public.jobs
          where batch_id = ${batchId} and status = 'processing'`;
        most = Math.max(most, row!.count);
        await pause(20);
      }
    })();
    for (let round = 0; round < 5; round++) await kickAtOnce(caller, batchId, 20);
    const body = await ending(caller, batchId, 60);
    isOver = true;
    await watching;
    await assertAllMadeOnce(caller, body);
    assertEquals([most, renderer.counts.begun, renderer.counts.speech], [1, 10, 10]);
    assertEquals(body.product_jobs.map((row: { attempt: number }) => row.attempt), Array(10).fill(1));
  });
});

Deno.test(
  "retries that race, with each other and with what runs, start each failed row once",
  own,
  async () => {
    await withTrial({ renderMs: 300 }, async ({ caller, renderer }) => {
      renderer.failure = { code: "render_failed", message: "Broken.", retryable: false };
      const batchId = await startBatch(caller, { count: 3, concurrency: 3 });
      assertEquals((await ending(caller, batchId, 40)).failed, 3);
      renderer.failure = null;
      const retry = (body?: unknown) => caller.call("POST", `/batch-generate/${batchId}/retry`, { body });
      const one = { product_ids: caller.products.slice(0, 1) };
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, at) => retry(at % 2 === 0 ? one : {})),
      );
      assert(answers.every(({ status }) => status === 202), JSON.stringify(answers.map(({ body }) => body)));
      assertEquals(answers.reduce((sum, { body }) => sum + body.requeued, 0), 3);
      await eventually(async () => {
        const { body } = await caller.call("GET", `/batch-status/${batchId}`);
        return body.completed === 3;
      }, { timeoutMs: 40_000, everyMs: 200, what: "all three are completed" });
      const runs = await caller.stack.sql`select run from public.jobs where batch_id = ${batchId}`;
      assertEquals(runs.map(({ run }) => run), [2, 2, 2]);
      assertEquals([renderer.counts.begun, renderer.counts.speech], [6, 3], "the voice was not bought again");
      assertEquals((await retry({})).body.code, "batch_not_retryable");
    });
  },
);
