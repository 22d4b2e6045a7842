// create, cancel, retry, delete: what users ask for, with its refusals and its races.

import postgres, { type Sql } from "postgres";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { withDatabase } from "../support/database.ts";
import {
  claim,
  claimRow,
  complete,
  createBatch,
  expireLease,
  fail,
  jobsOf,
  openShop,
  OPTIONS,
  report,
  resultOf,
  type Shop,
  sweep,
} from "./shop.ts";

/** The refusal's SQLSTATE, word and hint. */
async function refusal(run: () => Promise<unknown>): Promise<[string, string, string?]> {
  const error = await assertRejects(run);
  assert(error instanceof postgres.PostgresError, String(error));
  return error.hint === undefined ? [error.code, error.detail!] : [error.code, error.detail!, error.hint];
}

async function create(
  service: Sql,
  shop: Shop,
  extra: { key?: string; duration?: number; profileId?: string; missing?: string; ids?: string[] } = {},
) {
  const options = { ...OPTIONS, duration_s: extra.duration ?? 15 };
  const [row] = await service`select public.create_batch(${shop.userId}, ${extra.profileId ?? null}, ${
    extra.key ?? null
  },
    ${extra.ids ?? shop.productIds}::uuid[], ${service.json(options)}, ${extra.missing ?? null}) as answer`;
  return row!.answer;
}

async function cancel(service: Sql, shop: Shop, batchId: string) {
  return (await service`select public.cancel_batch(${shop.userId}, ${batchId}) as answer`)[0]!.answer;
}

async function retry(service: Sql, shop: Shop, batchId: string, ids: string[] | null = null) {
  return (await service`select public.retry_batch(${shop.userId}, ${batchId}, ${ids}::uuid[]) as answer`)[0]!
    .answer;
}

async function remove(service: Sql, shop: Shop, batchId: string) {
  return (await service`select public.delete_batch(${shop.userId}, ${batchId}) as answer`)[0]!.answer;
}

Deno.test("fifty creates at once with one key make one batch", async () => {
  await withDatabase("one_key", async ({ sql, connect }) => {
    const shop = await openShop(sql, 3);
    const service = connect({ role: "service_role", max: 50 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => create(service, shop, { key: "k" })));
    assertEquals(new Set(answers.map((answer) => answer.batch_id)).size, 1);
    assertEquals(answers.filter((answer) => answer.created).length, 1);
    assertEquals((await sql`select from public.batches`).length, 1);
    assertEquals((await sql`select from private.requests`).length, 1);
  });
});

Deno.test("a key stands for its request: another one conflicts, and it is free after the batch is deleted", async () => {
  await withDatabase("key", async ({ sql, service }) => {
    const shop = await openShop(sql, 3);
    const first = await create(service, shop, { key: "k" });
    assertEquals(await create(service, shop, { key: "k" }), { ...first, created: false });
    assertEquals(await refusal(() => create(service, shop, { key: "k", duration: 30 })), [
      "PT409",
      "idempotency_conflict",
    ]);
    const reversed = [...shop.productIds].reverse();
    assertEquals(await refusal(() => create(service, shop, { key: "k", ids: reversed })), [
      "PT409",
      "idempotency_conflict",
    ]);
    // A replay comes before any limit and before the provider's key.
    await sql`update private.settings set value = 0 where name in ('max_active_batches', 'max_requests_per_minute')`;
    assertEquals((await create(service, shop, { key: "k", missing: "gemini" })).batch_id, first.batch_id);
    await sql`update private.settings set value = 60 where name in ('max_active_batches', 'max_requests_per_minute')`;
    await remove(service, shop, first.batch_id);
    assertEquals((await create(service, shop, { key: "k", duration: 30 })).created, true);
  });
});

Deno.test("a key is the profile's own", async () => {
  await withDatabase("key_scope", async ({ sql, service }) => {
    const [one, two] = [await openShop(sql, 2), await openShop(sql, 2)];
    const [first, second] = [
      await create(service, one, { key: "k" }),
      await create(service, two, { key: "k" }),
    ];
    assert(first.batch_id !== second.batch_id && second.created);
  });
});

Deno.test("a default profile is made once, however many creates come at once", async () => {
  await withDatabase("default_profile", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    await sql`delete from public.profiles`;
    await Promise.all(Array.from({ length: 5 }, () => create(service, shop)));
    const profiles = await sql`select is_default from public.profiles`;
    assertEquals(profiles.map((row) => row.is_default), [true]);
    const gone = { ...shop, userId: crypto.randomUUID() };
    assertEquals(await refusal(() => create(service, gone)), ["PT401", "unauthenticated"]);
  });
});

Deno.test("create refuses in the contract's order", async () => {
  await withDatabase("refusals", async ({ sql, service }) => {
    const [shop, other] = [await openShop(sql, 2), await openShop(sql, 2)];
    await sql`update private.settings set value = 0 where name in ('max_active_batches', 'max_requests_per_minute')`;
    assertEquals(
      await refusal(() => create(service, shop, { profileId: other.profileId, missing: "claude" })),
      ["PT404", "profile_not_found"],
    );
    assertEquals(await refusal(() => create(service, shop, { missing: "claude" })), [
      "PT422",
      "provider_not_configured",
    ]);
    assertEquals(await refusal(() => create(service, shop)), ["PT429", "rate_limited", "60"]);
    await sql`update private.settings set value = 60 where name = 'max_requests_per_minute'`;
    assertEquals((await create(service, shop)).refusal.code, "too_many_active_batches");
    assertEquals((await sql`select from public.batches`).length, 0);
  });
});

Deno.test("sixty counted requests a minute pass, at once too, those refused for a state among them", async () => {
  await withDatabase("rate", async ({ sql, service }) => {
    const [shop, other] = [await openShop(sql, 2), await openShop(sql, 2)];
    const batchId = await createBatch(service, shop);
    const job = await claimRow(service, batchId);
    await complete(service, job, shop.profileId);
    await complete(service, await claimRow(service, batchId), shop.profileId);
    await sql`update private.settings set value = 20 where name = 'max_requests_per_minute'`;
    const calls = await Promise.allSettled(Array.from({ length: 40 }, () => cancel(service, shop, batchId)));
    const passed = calls.flatMap((call) => call.status === "fulfilled" ? [call.value] : []);
    assertEquals(passed.length, 19);
    assert(passed.every((answer) => answer.refusal.code === "batch_finished"));
    const [code, word, hint] = await refusal(() => retry(service, shop, batchId));
    assertEquals([code, word], ["PT429", "rate_limited"]);
    assert(Number(hint) > 50 && Number(hint) <= 60, hint);
    await createBatch(service, other);
    await sql`update private.requests set requested_at = requested_at - interval '61 s' where number <= 3`;
    assertEquals((await cancel(service, shop, batchId)).refusal.code, "batch_finished");
    await remove(service, shop, batchId);
  });
});

Deno.test("the limit on active batches holds under a race, and ends with a batch's last row", async () => {
  await withDatabase("active", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const answers = await Promise.all(Array.from({ length: 12 }, () => create(service, shop)));
    const made = answers.filter((answer) => answer.batch_id);
    assertEquals(made.length, 5);
    assertEquals(answers.filter((answer) => answer.refusal?.code === "too_many_active_batches").length, 7);
    const { batch_id } = made[0];
    await complete(service, await claimRow(service, batch_id), shop.profileId);
    assertEquals((await create(service, shop)).refusal?.code, "too_many_active_batches");
    await fail(service, await claimRow(service, batch_id));
    assertEquals((await create(service, shop)).created, true);
  });
});

Deno.test("cancel ends queued and running rows, voids leases, names renders, leaves finished rows", async () => {
  await withDatabase("cancel", async ({ sql, service }) => {
    const shop = await openShop(sql, 3);
    const batchId = await createBatch(service, shop);
    await complete(service, await claimRow(service, batchId), shop.profileId);
    const job = await claimRow(service, batchId);
    const render = { run: 1, render_id: `${job.job_id}-1-0123456789abcdef`, renderer_url: "http://r1" };
    await report(service, job, { stage: "render", progress: 40, checkpoint: { render } });
    assertEquals(await cancel(service, shop, batchId), {
      cancelled: 2,
      renders: [{ renderer_url: "http://r1", render_id: render.render_id }],
    });
    assertEquals(await report(service, job, { stage: "render", progress: 50 }), false);
    assertEquals((await complete(service, job, shop.profileId)).current, false);
    assertEquals((await jobsOf(sql, batchId)).map((row) => [row.status, row.progress]), [["completed", 100], [
      "cancelled",
      40,
    ], ["cancelled", 0]]);
    assertEquals(await cancel(service, shop, batchId), { cancelled: 0, renders: [] });
    assertEquals(await claim(service, batchId), { job: null, more: false });
    assertEquals((await sweep(service)).kick, []);
  });
});

Deno.test("retry starts a new run that keeps what was made but for the render", async () => {
  await withDatabase("retry", async ({ sql, service }) => {
    const shop = await openShop(sql, 3);
    const batchId = await createBatch(service, shop);
    const job = await claimRow(service, batchId);
    await report(service, job, {
      stage: "render",
      progress: 40,
      checkpoint: { script: { hash: "a" }, render: { run: 1 } },
    });
    await fail(service, job);
    await complete(service, await claimRow(service, batchId), shop.profileId);
    assertEquals(await retry(service, shop, batchId), { requeued: 1 });
    const [row] = await jobsOf(sql, batchId);
    assertEquals([row!.status, row!.run, row!.attempt, row!.stage, row!.progress, row!.error_code], [
      "queued",
      2,
      0,
      null,
      0,
      null,
    ]);
    assertEquals([row!.started_at, row!.finished_at], [null, null]);
    assertEquals(await retry(service, shop, batchId), { requeued: 0 });
    const again = await claimRow(service, batchId);
    assertEquals([again.position, again.run, again.attempt], [0, 2, 1]);
    assertEquals(again.checkpoint, { script: { hash: "a" } });
    assertEquals((await complete(service, job, shop.profileId)).current, false);
  });
});

Deno.test("retry takes the rows that are named, and says which ids are not in the batch", async () => {
  await withDatabase("retry_named", async ({ sql, service }) => {
    const shop = await openShop(sql, 3);
    const batchId = await createBatch(service, shop);
    await complete(service, await claimRow(service, batchId), shop.profileId);
    const [done, second, third] = shop.productIds as [string, string, string];
    await cancel(service, shop, batchId);
    const strange = [second, crypto.randomUUID(), third, crypto.randomUUID()];
    assertEquals(await refusal(() => retry(service, shop, batchId, strange)), [
      "PT422",
      "invalid_request",
      "[1, 3]",
    ]);
    assertEquals((await retry(service, shop, batchId, [done])).refusal, { code: "batch_not_retryable" });
    assertEquals(await retry(service, shop, batchId, [done, third]), { requeued: 1 });
    assertEquals((await jobsOf(sql, batchId)).map((row) => row.status), ["completed", "cancelled", "queued"]);
    assertEquals((await sweep(service)).kick, [batchId]);
  });
});

Deno.test("delete removes everything at once, names objects and renders, and the next sweep looks again", async () => {
  await withDatabase("delete", async ({ sql, service }) => {
    const [shop, other] = [await openShop(sql, 2), await openShop(sql, 2)];
    const batchId = await createBatch(service, shop);
    const job = await claimRow(service, batchId);
    const { video_path, thumbnail_path } = resultOf(job, shop.profileId);
    await sql`insert into storage.objects (bucket_id, name) values ('videos', ${video_path})`;
    const answer = await remove(service, shop, batchId);
    assertEquals(answer, { objects: [video_path], renders: [] });
    await sql`insert into storage.objects (bucket_id, name) values ('videos', ${thumbnail_path})`;
    assertEquals((await sweep(service)).orphans.sort(), [thumbnail_path, video_path]);
    for (const table of ["public.jobs", "private.leases", "private.open_batches"]) {
      assertEquals((await sql`select from ${sql(table)}`).length, 0, table);
    }
    assertEquals(await report(service, job, { stage: "render", progress: 50 }), false);
    assertEquals(await complete(service, job, shop.profileId), { current: false, more: false });
    assertEquals(await refusal(() => remove(service, shop, batchId)), ["PT404", "batch_not_found"]);
    const others = await createBatch(service, other);
    for (const call of [cancel, retry, remove]) {
      assertEquals(await refusal(() => call(service, shop, others)), ["PT404", "batch_not_found"]);
    }
  });
});

Deno.test("cancel, claim, complete, sweep, retry and delete at once leave no impossible state", async () => {
  await withDatabase("storm", async ({ sql, service }) => {
    await sql`update private.settings set value = 1000000 where name in ('max_active_batches', 'max_requests_per_minute')`;
    for (let round = 0; round < 12; round++) {
      const shop = await openShop(sql, 6);
      const batchId = await createBatch(service, shop, { concurrency: 3 });
      const work = async () => {
        const { job } = await claim(service, batchId);
        if (!job) return;
        if (round % 2) await expireLease(sql, job);
        await (Math.random() < 0.7 ? complete(service, job, shop.profileId) : fail(service, job));
      };
      const swept = () => sweep(service);
      const calls = [
        work,
        work,
        () => cancel(service, shop, batchId),
        work,
        swept,
        work,
        () => retry(service, shop, batchId),
      ].concat(
        [() => cancel(service, shop, batchId), work, swept, () => retry(service, shop, batchId), work],
        round % 3 === 2 ? [() => remove(service, shop, batchId)] : [],
      );
      const results = await Promise.allSettled(calls.map((call) => call()));
      for (const result of results) {
        if (result.status === "rejected") {
          assertEquals((result.reason as postgres.PostgresError).code, "PT404");
        }
      }
      const jobs = await jobsOf(sql, batchId);
      const leases = await sql`select job_id from private.leases where batch_id = ${batchId}`;
      const running = jobs.filter((job) => job.status === "processing");
      assertEquals(leases.map((row) => row.job_id).sort(), running.map((row) => row.id).sort());
      const isOpen = jobs.some((job) => job.finished_at === null);
      assertEquals(
        (await sql`select from private.open_batches where batch_id = ${batchId}`).length,
        isOpen ? 1 : 0,
      );
    }
  });
});
