// The view and batch-status' two queries, against counts made by hand; who may read what.

import { type Sql } from "postgres";
import { assert, assertEquals, assertExists, assertMatch, assertRejects } from "../assert.ts";
import { asUser, withDatabase } from "../support/database.ts";
import {
  claimRow,
  complete,
  createBatch,
  fail,
  jobsOf,
  openShop,
  report,
  resultOf,
  type Shop,
} from "./shop.ts";

// deno-lint-ignore no-explicit-any
type Answer = { etag: string; body: any } | null;

async function status(sql: Sql, shop: Shop, batchId: string, etags: string[] = []): Promise<Answer> {
  return await asUser(sql, shop.userId, async (tx) => {
    const [row] = await tx`select public.get_batch_status(${batchId}, 'http://h', ${etags}) as answer`;
    return row!.answer;
  });
}

async function list(
  sql: Sql,
  shop: Shop,
  extra: { profileId?: string; limit?: number; before?: string; etags?: string[] } = {},
): Promise<NonNullable<Answer>> {
  return await asUser(sql, shop.userId, async (tx) => {
    const [row] = await tx`select public.list_batch_statuses(${extra.profileId ?? null}, ${extra.limit ?? 20},
      ${extra.before ?? null}, 'http://h', ${extra.etags ?? []}) as answer`;
    return row!.answer;
  });
}

Deno.test("batch-status shows each row as the contract says, and its tag changes with the body alone", async () => {
  await withDatabase("status", async ({ sql, service }) => {
    const shop = await openShop(sql, 3);
    const batchId = await createBatch(service, shop);
    const fresh = await status(sql, shop, batchId);
    assertExists(fresh);
    assertEquals([fresh.body.status, fresh.body.outcome, fresh.body.finished_at], ["processing", null, null]);
    assertEquals(Object.keys(fresh.body.product_jobs[0]).sort(), [
      "attempt",
      "error",
      "error_code",
      "finished_at",
      "job_id",
      "product_id",
      "progress",
      "result",
      "stage",
      "started_at",
      "status",
      "title",
    ]);
    assertEquals(await status(sql, shop, batchId), fresh);
    assertEquals(await status(sql, shop, batchId, ["x", fresh.etag]), { etag: fresh.etag, body: null });

    const job = await claimRow(service, batchId);
    const claimed = await status(sql, shop, batchId);
    assert(claimed!.etag !== fresh.etag);
    await report(service, job, { stage: "script", progress: 0 });
    assertEquals((await status(sql, shop, batchId))!.etag, claimed!.etag);
    await complete(service, job, shop.profileId);
    await fail(service, await claimRow(service, batchId), "image_invalid");
    const { body } = (await status(sql, shop, batchId))!;
    const [done, failed, queued] = body.product_jobs;
    const result = resultOf(job, shop.profileId);
    assertEquals([done.status, done.progress, done.stage, done.attempt, done.error], [
      "completed",
      "100",
      "store",
      1,
      null,
    ]);
    assertEquals(done.result, result);
    assertEquals([failed.status, failed.progress, failed.error_code, failed.result], [
      "failed",
      "0",
      "image_invalid",
      null,
    ]);
    assertEquals([queued.status, queued.stage, queued.attempt, queued.started_at], ["queued", null, 0, null]);
    assertMatch(done.started_at, /^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/);
    assertEquals(body.product_jobs.map((row: { product_id: string }) => row.product_id), shop.productIds);
    assertEquals([body.total, body.completed, body.failed, body.cancelled], [3, 1, 1, 0]);
  });
});

Deno.test("the tag of batch-status follows each thing that the body shows of a row, and nothing else", async () => {
  await withDatabase("tag", async ({ sql, service }) => {
    const shop = await openShop(sql, 4);
    const batchId = await createBatch(service, shop, { concurrency: 4 });
    await complete(service, await claimRow(service, batchId), shop.profileId);
    await fail(service, await claimRow(service, batchId), "image_invalid");
    await report(service, await claimRow(service, batchId), { stage: "render", progress: 40 });
    const shown = [
      "jobs set product_id = gen_random_uuid() where position = 3",
      "jobs set title = 'Renamed' where position = 3",
      "jobs set status = 'queued' where position = 2",
      "jobs set progress = 41 where position = 2",
      "jobs set stage = 'store' where position = 2",
      "jobs set attempt = 2 where position = 2",
      "jobs set started_at = started_at - interval '1 microsecond' where position = 2",
      "jobs set finished_at = finished_at - interval '1 microsecond' where position = 0",
      "jobs set error = 'Otherwise.' where position = 1",
      "jobs set error_code = 'render_failed' where position = 1",
      `jobs set result = result || '{"warnings": ["dark"]}' where position = 0`,
      `jobs set result = result || '{"subtitles_token": "another"}' where position = 0`,
      "batches set updated_at = updated_at + interval '1 microsecond' where true",
      "batches set created_at = created_at - interval '1 microsecond' where true",
    ];
    const hidden = [
      "jobs set available_at = now() where position = 3",
      "jobs set run = 2 where position = 3",
      "batches set idempotency_key = 'key' where true",
    ];
    let before = await status(sql, shop, batchId);
    for (const change of [...shown, ...hidden]) {
      await sql.unsafe(`update public.${change}`);
      const after = await status(sql, shop, batchId);
      const isShown = shown.includes(change);
      assertEquals(JSON.stringify(after!.body) !== JSON.stringify(before!.body), isShown, `body: ${change}`);
      assertEquals(after!.etag !== before!.etag, isShown, `tag: ${change}`);
      before = after;
    }
    // batch-status makes addresses under it.
    const elsewhere = await asUser(sql, shop.userId, async (tx) => {
      const [row] = await tx`select public.get_batch_status(${batchId}, 'http://elsewhere') as answer`;
      return row!.answer as Answer;
    });
    assert(elsewhere!.etag !== before!.etag);
  });
});

Deno.test("status and outcome follow the rows in every mixture", async () => {
  await withDatabase("mixtures", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    await sql`update private.settings set value = 1000 where name like 'max_%'`;
    const kinds = ["queued", "processing", "completed", "failed", "cancelled"] as const;
    for (const one of kinds) {
      for (const two of kinds) {
        const batchId = await createBatch(service, shop);
        for (const [position, kind] of [one, two].entries()) {
          const isFinal = kind !== "queued" && kind !== "processing";
          await sql`update public.jobs set status = ${kind}, finished_at = ${isFinal ? new Date() : null},
            progress = ${kind === "completed" ? 100 : 0}, result = ${
            kind === "completed" ? sql.json({}) : null
          },
            error = ${kind === "failed" ? "e" : null}, error_code = ${kind === "failed" ? "internal" : null},
            attempt = ${kind === "processing" ? 1 : 0}, stage = ${kind === "processing" ? "script" : null},
            started_at = ${kind === "processing" ? new Date() : null}
            where batch_id = ${batchId} and position = ${position}`;
        }
        const rows = await jobsOf(sql, batchId);
        const count = (kind: string) => rows.filter((row) => row.status === kind).length;
        const isOpen = count("queued") + count("processing") > 0;
        const state = isOpen ? "processing" : count("cancelled") ? "cancelled" : "completed";
        const outcome = isOpen
          ? null
          : count("cancelled")
          ? "cancelled"
          : count("failed") === 0
          ? "succeeded"
          : count("completed") === 0
          ? "failed"
          : "completed_with_errors";
        const [seen] =
          await sql`select status, outcome, total::int, completed::int, failed::int, cancelled::int,
          finished_at is not null as is_finished from public.batch_status where batch_id = ${batchId}`;
        assertEquals({ ...seen }, {
          status: state,
          outcome,
          total: 2,
          completed: count("completed"),
          failed: count("failed"),
          cancelled: count("cancelled"),
          is_finished: !isOpen,
        }, `${one} and ${two}`);
      }
    }
  });
});

Deno.test("the list goes through all batches, newest first, each once", async () => {
  await withDatabase("list", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    await sql`update private.settings set value = 1000 where name like 'max_%'`;
    const made: string[] = [];
    for (let n = 0; n < 7; n++) made.unshift(await createBatch(service, shop));
    // Two of one moment are told apart by their ids.
    await sql`update public.batches set created_at = '2026-01-01' where id in ${sql(made.slice(-2))}`;
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const { body } = await list(sql, shop, { limit: 3, before });
      assert(!("product_jobs" in body.batches[0]));
      seen.push(...body.batches.map((batch: { batch_id: string }) => batch.batch_id));
      before = body.next ?? undefined;
    } while (before);
    assertEquals(seen.slice(0, 5), made.slice(0, 5));
    assertEquals(seen.slice(5).sort(), made.slice(5).sort());
    const { etag } = await list(sql, shop);
    assertEquals(await list(sql, shop, { etags: [etag] }), { etag, body: null });
  });
});

Deno.test("the list is empty without a profile, and another user's profile is not found", async () => {
  await withDatabase("list_profile", async ({ sql, service }) => {
    const [shop, other] = [await openShop(sql, 2), await openShop(sql, 2)];
    await createBatch(service, other);
    assertEquals((await list(sql, shop, { profileId: shop.profileId })).body, { batches: [], next: null });
    const error = await assertRejects(() => list(sql, shop, { profileId: other.profileId }));
    assertEquals((error as unknown as { code: string }).code, "PT404");
    const nobody = { ...shop, userId: crypto.randomUUID() };
    assertEquals((await list(sql, nobody)).body, { batches: [], next: null });
    assertEquals(
      ((await assertRejects(() => list(sql, shop, { before: "1_x" }))) as unknown as { code: string }).code,
      "PT422",
    );
  });
});

Deno.test("reading writes nothing: it passes in a read-only transaction", async () => {
  await withDatabase("read_only", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    await sql.begin("read only", async (tx) => {
      await tx`select set_config('role', 'authenticated', true),
        set_config('request.jwt.claims', ${JSON.stringify({ sub: shop.userId })}, true)`;
      const [row] = await tx`select public.get_batch_status(${batchId}, '', '{}') is not null as found,
        public.list_batch_statuses(null, 20, null, '', '{}') is not null as listed`;
      assertEquals({ ...row }, { found: true, listed: true });
    });
  });
});

Deno.test("finished videos are listed newest first, to their owner alone", async () => {
  await withDatabase("videos", async ({ sql, service }) => {
    const [shop, other] = [await openShop(sql, 2), await openShop(sql, 2)];
    const batchId = await createBatch(service, shop);
    for (let n = 0; n < 2; n++) await complete(service, await claimRow(service, batchId), shop.profileId);
    const titles = await asUser(sql, shop.userId, (tx) => tx`select title, video_link from public.videos`);
    assertEquals(titles.map((row) => row.title), ["Product 2", "Product 1"]);
    assertMatch(titles[0]!.video_link, /^\/storage\/v1\/object\/sign\/videos\/.*\?token=video\.token$/);
    assertEquals((await asUser(sql, other.userId, (tx) => tx`select from public.videos`)).length, 0);
  });
});

Deno.test("a batch is its profile's owner's, however it came, and moves with the profile", async () => {
  await withDatabase("owner", async ({ sql, service }) => {
    const [shop, other] = [await openShop(sql, 1), await openShop(sql, 1)];
    await createBatch(service, shop);
    await sql`insert into public.batches (profile_id, options) values (${shop.profileId}, '{"concurrency": 1}')`;
    const seen = async ({ userId }: { userId: string }) =>
      (await asUser(sql, userId, (tx) => tx`select from public.batch_status`)).length;
    assertEquals([await seen(shop), await seen(other)], [2, 0]);
    await sql`update public.profiles set user_id = ${other.userId}, is_default = false where id = ${shop.profileId}`;
    assertEquals([await seen(shop), await seen(other)], [0, 2]);
  });
});

Deno.test("one batch and a page of the list read a handful of buffers however long the history", async () => {
  await withDatabase("buffers", async ({ sql, service, adminUrl: _ }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    await sql`with b as (
        insert into public.batches (profile_id, options, created_at)
        select ${shop.profileId}, options, clock_timestamp() - n * interval '1 min'
        from public.batches, generate_series(1, 1000) n returning id, profile_id
      ) insert into public.jobs (batch_id, profile_id, product_id, position, title, status, attempt, stage, progress, started_at, finished_at, result)
      select b.id, b.profile_id, gen_random_uuid(), n, 'x', 'completed', 1, 'store', 100, now(), now(), '{}'
      from b, generate_series(0, 49) n`;
    await sql`vacuum analyze public.jobs`;
    await sql`vacuum analyze public.batches`;
    const buffers = async (query: string) =>
      await asUser(sql, shop.userId, async (tx) => {
        const [row] = await tx.unsafe(`explain (analyze, buffers, format json) ${query}`);
        const plan = row!["QUERY PLAN"][0].Plan;
        return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
      });
    const page =
      `select * from public.batch_status where profile_id = '${shop.profileId}' order by created_at desc, batch_id desc limit 20`;
    const ofList = await buffers(page),
      ofOne = await buffers(`select * from public.batch_status where batch_id = '${batchId}'`);
    assert(ofList <= 200, `the list reads ${ofList}`);
    assert(ofOne <= 20, `one batch reads ${ofOne}`);
  });
});
