// claim, report, hand over, complete, fail: one job's life, over several real connections.

import { assert, assertEquals, assertExists } from "../assert.ts";
import { withDatabase } from "../support/database.ts";
import {
  claim,
  claimRow,
  complete,
  createBatch,
  endBackoff,
  expireLease,
  fail,
  handOver,
  jobsOf,
  openShop,
  report,
  requeue,
  sweep,
} from "./shop.ts";

Deno.test("twenty claims at once take one row, the first, when the batch has one slot", async () => {
  await withDatabase("claims_at_once", async ({ sql, service }) => {
    const shop = await openShop(sql, 10);
    const batchId = await createBatch(service, shop);
    for (let position = 0; position < 10; position++) {
      const claims = await Promise.all(Array.from({ length: 20 }, () => claim(service, batchId)));
      const taken = claims.flatMap((answer) => answer.job ?? []);
      assertEquals(taken.map((job) => job.position), [position]);
      assertEquals((await complete(service, taken[0]!, shop.profileId)).current, true);
    }
    const jobs = await jobsOf(sql, batchId);
    assertEquals(jobs.map((job) => job.status), Array(10).fill("completed"));
    const starts = jobs.map((job) => job.started_at!.getTime());
    assertEquals(starts, [...starts].sort((a, b) => a - b));
    assertEquals((await sql`select from private.leases`).length, 0);
    assertEquals((await sql`select from private.open_batches`).length, 0);
  });
});

Deno.test("claims fill every slot in the order asked, and say whether another row could be taken", async () => {
  await withDatabase("slots", async ({ sql, service }) => {
    const shop = await openShop(sql, 5);
    const batchId = await createBatch(service, shop, { concurrency: 3 });
    const first = await claim(service, batchId);
    assertEquals([first.job?.position, first.more], [0, true]);
    const second = await claim(service, batchId);
    const third = await claim(service, batchId);
    assertEquals([second.job?.position, second.more, third.job?.position, third.more], [1, true, 2, false]);
    assertEquals(await claim(service, batchId), { job: null, more: false });
    assertEquals(await complete(service, second.job!, shop.profileId), { current: true, more: true });
  });
});

Deno.test("a claim carries the product, the profile and the lease as the worker needs them", async () => {
  await withDatabase("claim_content", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    await sql`update public.products set price = 249.00, brand = 'Ea', image_urls = '{http://a/1.jpg}'`;
    const job = await claimRow(service, await createBatch(service, shop));
    assertEquals(job.product as unknown, {
      id: shop.productIds[0],
      title: "Product 1",
      brand: "Ea",
      description: null,
      price: "249.00",
      sale_price: null,
      currency: "EUR",
      image_urls: ["http://a/1.jpg"],
      link: null,
      language: null,
    });
    assertEquals([job.attempt, job.run, job.stage, job.progress, job.lease_s], [1, 1, "script", 0, 30]);
    assertEquals([job.profile.template, job.checkpoint], ["product_spotlight", {}]);
  });
});

Deno.test("a product that is absent or another shop's fails its row in the claim, and the next row is taken", async () => {
  await withDatabase("product_not_found", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const other = await openShop(sql, 1);
    const productIds = [crypto.randomUUID(), other.productIds[0]!, shop.productIds[0]!];
    const batchId = await createBatch(service, shop, { productIds });
    assertEquals((await claimRow(service, batchId)).position, 2);
    const jobs = await jobsOf(sql, batchId);
    assertEquals(jobs.map((job) => job.title), ["", "", "Product 1"]);
    for (const job of jobs.slice(0, 2)) {
      assertEquals([job.status, job.error_code, job.attempt, job.stage], [
        "failed",
        "product_not_found",
        1,
        "script",
      ]);
      assertExists(job.finished_at);
    }
  });
});

Deno.test("a batch of absent products alone ends in its first claim", async () => {
  await withDatabase("all_absent", async ({ sql, service }) => {
    const shop = await openShop(sql, 1);
    const batchId = await createBatch(service, shop, {
      productIds: [crypto.randomUUID(), crypto.randomUUID()],
    });
    assertEquals(await claim(service, batchId), { job: null, more: false });
    const [status] = await sql`select status, outcome from public.batch_status where batch_id = ${batchId}`;
    assertEquals({ ...status }, { status: "completed", outcome: "failed" });
    assertEquals((await sweep(service)).kick, []);
  });
});

Deno.test("stage and progress never fall, and progress stays below 100 until the video is made", async () => {
  await withDatabase("report", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const job = await claimRow(service, batchId);
    await report(service, job, { stage: "render", progress: 60 });
    const [before] = await sql`select updated_at from public.batches`;
    assertEquals(await report(service, job, { stage: "voiceover", progress: 20 }), true);
    const [after] = await sql`select updated_at from public.batches`;
    assertEquals(after!.updated_at, before!.updated_at);
    assertEquals((await jobsOf(sql, batchId)).map((row) => [row.stage, row.progress])[0], ["render", 60]);
    await report(service, job, { stage: "store", progress: 100 });
    assertEquals((await jobsOf(sql, batchId)).map((row) => [row.stage, row.progress])[0], ["store", 99]);
    await complete(service, job, shop.profileId);
    assertEquals((await jobsOf(sql, batchId))[0]!.progress, 100);
  });
});

Deno.test("a report renews the lease and keeps the checkpoint's keys that are given", async () => {
  await withDatabase("checkpoint", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const job = await claimRow(service, batchId);
    await sql`update private.leases set expires_at = clock_timestamp() + interval '10 seconds'`;
    await report(service, job, { stage: "script", progress: 5, checkpoint: { script: { hash: "a" } } });
    await report(service, job, { stage: "voiceover", progress: 9, checkpoint: { voiceover: { hash: "b" } } });
    const [lease] =
      await sql`select expires_at > clock_timestamp() + interval '20 s' as is_renewed from private.leases`;
    assertEquals(lease!.is_renewed, true);
    await requeue(service, job);
    await endBackoff(sql, batchId);
    const again = await claimRow(service, batchId);
    assertEquals(again.checkpoint, { script: { hash: "a" }, voiceover: { hash: "b" } });
    assertEquals([again.attempt, again.stage, again.progress], [2, "voiceover", 9]);
  });
});

Deno.test("a stale token changes nothing, whatever it tries, and is told so", async () => {
  await withDatabase("fencing", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const stale = await claimRow(service, batchId);
    await expireLease(sql, stale);
    assertEquals((await sweep(service)).lost, 1);
    const current = await claimRow(service, batchId);
    const before = [
      await jobsOf(sql, batchId),
      await sql`select * from private.leases`,
      await sql`table public.batches`,
    ];
    assertEquals(
      await report(service, stale, { stage: "store", progress: 90, checkpoint: { script: {} } }),
      false,
    );
    assertEquals(await complete(service, stale, shop.profileId), { current: false, more: false });
    assertEquals(await fail(service, stale), { current: false, more: false });
    assertEquals(await handOver(service, stale), { current: false, more: false });
    assertEquals((await requeue(service, stale)).current, false);
    const after = [
      await jobsOf(sql, batchId),
      await sql`select * from private.leases`,
      await sql`table public.batches`,
    ];
    assertEquals(JSON.stringify(after), JSON.stringify(before));
    assertEquals((await sql`select from private.checkpoints`).length, 0);
    assertEquals((await complete(service, current, shop.profileId)).current, true);
  });
});

Deno.test("a completion that is sent twice counts once", async () => {
  await withDatabase("twice", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const job = await claimRow(service, batchId);
    const answers = await Promise.all([1, 2, 3].map(() => complete(service, job, shop.profileId)));
    assertEquals(answers.filter((answer) => answer.current).length, 1);
    assert(answers.every((answer) => answer.more), "the next row can be claimed, whoever asks");
    assertEquals((await jobsOf(sql, batchId)).map((row) => row.status), ["completed", "queued"]);
  });
});

Deno.test("a handed-over row keeps its slot, is claimed next, and counts no attempt", async () => {
  await withDatabase("hand_over", async ({ sql, service }) => {
    const shop = await openShop(sql, 3);
    const batchId = await createBatch(service, shop);
    const job = await claimRow(service, batchId);
    const [before] = await sql`select updated_at from public.batches`;
    assertEquals(await handOver(service, job), { current: true, more: true });
    assertEquals(await report(service, job, { stage: "render", progress: 50 }), false);
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(service, batchId)));
    const taken = claims.flatMap((answer) => answer.job ?? []);
    assertEquals(taken.map((row) => [row.position, row.attempt]), [[0, 1]]);
    const [after] = await sql`select updated_at from public.batches`;
    assertEquals(after!.updated_at, before!.updated_at);
    assertEquals((await sweep(service)).lost, 0);
  });
});
