// Every row of the error table, and the life of a batch, over real HTTP against the real database.

import { assert, assertEquals, assertExists, assertMatch, eventually } from "../assert.ts";
import { stopSharedStack } from "../support/stack.ts";
import {
  absentProducts,
  type Caller,
  connect,
  createBatch,
  finished,
  startAnew,
  withSetting,
} from "./stack_support.ts";

Deno.test.afterAll(stopSharedStack);

/** Rows that stay queued: nobody is kicked for them, and the sweep is told that they are not due. */
async function restingBatch(caller: Caller, count = 2): Promise<string> {
  const batchId = await createBatch(caller, { product_ids: absentProducts(count) });
  await finished(caller, batchId);
  await caller.stack.sql`
    with opened as (
      update public.jobs set status = 'queued', available_at = clock_timestamp() + interval '1 hour',
        finished_at = null, error = null, error_code = null
      where batch_id = ${batchId} returning batch_id, profile_id
    )
    insert into private.open_batches (batch_id, profile_id) select distinct batch_id, profile_id from opened`;
  return batchId;
}

function errorOf({ status, body, headers }: Awaited<ReturnType<Caller["call"]>>): [number, string] {
  assertEquals(Object.keys(body).filter((key) => key !== "details").sort(), [
    "code",
    "message",
    "request_id",
  ]);
  assertEquals(body.request_id, headers.get("x-request-id"));
  assertEquals(headers.get("access-control-allow-origin"), "*");
  return [status, body.code];
}

Deno.test("a batch is accepted, its absent products fail one by one, and its status says so", async () => {
  const caller = await connect();
  await startAnew(caller);
  const productIds = absentProducts(3);
  const accepted = await caller.call("POST", "/batch-generate", { body: { product_ids: productIds } });
  assertEquals([accepted.status, accepted.body.total], [202, 3]);
  const batchId = accepted.body.batch_id;
  assertEquals(
    accepted.headers.get("location"),
    `${caller.stack.env.SUPABASE_URL}/functions/v1/batch-status/${batchId}`,
  );
  const status = await finished(caller, batchId);
  assertEquals([status.status, status.outcome, status.failed], ["completed", "failed", 3]);
  assertEquals(status.product_jobs.map((job: { product_id: string }) => job.product_id), productIds);
  for (const job of status.product_jobs) {
    assertEquals([job.status, job.error_code, job.attempt, job.stage, job.progress, job.title, job.result], [
      "failed",
      "product_not_found",
      1,
      "script",
      "0",
      "",
      null,
    ]);
    assertExists(job.error);
  }
});

Deno.test("a status that was seen is 304 by its tag, until it changes", async () => {
  const caller = await connect();
  await startAnew(caller);
  const batchId = await restingBatch(caller);
  for (const path of [`/batch-status/${batchId}`, "/batch-status"]) {
    const first = await caller.call("GET", path);
    const etag = first.headers.get("etag") ?? "";
    assertMatch(etag, /^"[0-9a-f]{32}"$/);
    for (const tag of [etag, `"x", W/${etag}`, "*"]) {
      const again = await caller.call("GET", path, { headers: { "if-none-match": tag } });
      assertEquals([tag, again.status, again.body, again.headers.get("etag")], [tag, 304, null, etag]);
      assertEquals(again.headers.get("cache-control"), "private, no-cache");
    }
  }
  const before = await caller.call("GET", `/batch-status/${batchId}`);
  await caller.call("POST", `/batch-generate/${batchId}/cancel`);
  const after = await caller.call("GET", `/batch-status/${batchId}`, {
    headers: { "if-none-match": before.headers.get("etag") ?? "" },
  });
  assertEquals([after.status, after.body.status], [200, "cancelled"]);
});

Deno.test("cancel, retry and delete answer as documented, and again", async () => {
  const caller = await connect();
  await startAnew(caller);
  const batchId = await restingBatch(caller, 3);
  const { call } = caller;
  const cancelled = await call("POST", `/batch-generate/${batchId}/cancel`, { body: "not looked at" });
  assertEquals([cancelled.status, cancelled.body], [202, { batch_id: batchId, cancelled: 3 }]);
  const again = await call("POST", `/batch-generate/${batchId}/cancel`);
  assertEquals([again.status, again.body], [202, { batch_id: batchId, cancelled: 0 }]);
  const status = await call("GET", `/batch-status/${batchId}`);
  assertEquals([status.body.status, status.body.outcome, status.body.cancelled], [
    "cancelled",
    "cancelled",
    3,
  ]);
  const [first] = status.body.product_jobs;
  const one = await call("POST", `/batch-generate/${batchId}/retry`, {
    body: { product_ids: [first.product_id] },
  });
  assertEquals([one.status, one.body], [202, { batch_id: batchId, requeued: 1 }]);
  const all = await call("POST", `/batch-generate/${batchId}/retry`);
  assertEquals(all.status, 202);
  assert(all.body.requeued >= 2, JSON.stringify(all.body));
  await finished(caller, batchId);
  assertEquals((await call("DELETE", `/batch-generate/${batchId}`)).status, 204);
  for (const [method, path] of [["DELETE", ""], ["POST", "/cancel"], ["POST", "/retry"]] as const) {
    assertEquals(errorOf(await call(method, `/batch-generate/${batchId}${path}`)), [404, "batch_not_found"]);
  }
  assertEquals(errorOf(await call("GET", `/batch-status/${batchId}`)), [404, "batch_not_found"]);
});

Deno.test("every client error of the table is answered with its status and code", async () => {
  const caller = await connect();
  await startAnew(caller);
  const { call, stack } = caller;
  const body = { product_ids: absentProducts(2) };
  const batchId = await createBatch(caller, body);
  await finished(caller, batchId);
  const batch = `/batch-generate/${batchId}`;
  const create = (options: Parameters<Caller["call"]>[2]) =>
    call("POST", "/batch-generate", { body, ...options });
  await create({ headers: { "idempotency-key": "used" } });
  const rows: [Promise<Awaited<ReturnType<Caller["call"]>>>, number, string][] = [
    [create({ body: "{" }), 400, "invalid_json"],
    [create({ as: null }), 401, "unauthenticated"],
    [
      create({ as: null, headers: { authorization: `Bearer ${stack.env.SUPABASE_PUBLISHABLE_KEY}` } }),
      401,
      "unauthenticated",
    ],
    [create({ headers: { "x-profile-id": crypto.randomUUID() } }), 404, "profile_not_found"],
    [create({ headers: { "x-profile-id": "mine" } }), 404, "profile_not_found"],
    [
      call("GET", "/batch-status", { headers: { "x-profile-id": crypto.randomUUID() } }),
      404,
      "profile_not_found",
    ],
    [call("GET", `/batch-status/${crypto.randomUUID()}`), 404, "batch_not_found"],
    [call("GET", "/batch-status/mine"), 404, "batch_not_found"],
    [call("GET", `/batch-status/${batchId}/rows`), 404, "not_found"],
    [call("PUT", "/batch-generate"), 405, "method_not_allowed"],
    [
      create({ headers: { "idempotency-key": "used" }, body: { ...body, duration_s: 45 } }),
      409,
      "idempotency_conflict",
    ],
    [call("POST", `${batch}/cancel`), 409, "batch_finished"],
    [create({ body: JSON.stringify({ pad: "x".repeat(70_000) }) }), 413, "payload_too_large"],
    [create({ headers: { "content-type": "text/plain" } }), 415, "unsupported_media_type"],
    [create({ body: {} }), 422, "invalid_request"],
    [call("GET", "/batch-status?limit=0"), 422, "invalid_request"],
    [create({ body: { ...body, tts_provider: "elevenlabs" } }), 422, "provider_not_configured"],
    [call("POST", "/process-next", { body: { batch_id: batchId } }), 401, "unauthenticated"],
    [call("POST", "/process-next/x", { body: {} }), 401, "unauthenticated"],
  ];
  for (const [answer, status, code] of rows) assertEquals(errorOf(await answer), [status, code]);
  const strangers = await call("POST", `${batch}/retry`, {
    body: { product_ids: [body.product_ids[0], ...absentProducts(1)] },
  });
  assertEquals(errorOf(strangers), [422, "invalid_request"]);
  assertEquals(strangers.body.details.map(({ path }: { path: string }) => path), ["product_ids.1"]);
});

Deno.test("too_many_active_batches and rate_limited are refused with Retry-After, in that order of precedence", async () => {
  const caller = await connect();
  await startAnew(caller);
  const body = { product_ids: absentProducts(2) };
  await restingBatch(caller);
  await withSetting(caller, { name: "max_active_batches", value: 1 }, async () => {
    const active = await caller.call("POST", "/batch-generate", { body });
    assertEquals(errorOf(active), [429, "too_many_active_batches"]);
    assertMatch(active.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
    await withSetting(caller, { name: "max_requests_per_minute", value: 2 }, async () => {
      const limited = await caller.call("POST", "/batch-generate", { body });
      assertEquals(errorOf(limited), [429, "rate_limited"]);
      assertMatch(limited.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
    });
  });
  await startAnew(caller);
});

Deno.test("the same Idempotency-Key 50 times at once makes one batch", async () => {
  const caller = await connect();
  await startAnew(caller);
  const body = { product_ids: absentProducts(2) };
  const answers = await Promise.all(
    Array.from(
      { length: 50 },
      () => caller.call("POST", "/batch-generate", { body, headers: { "idempotency-key": "fifty" } }),
    ),
  );
  assertEquals(answers.map(({ status }) => status).sort(), [...Array(49).fill(200), 202]);
  assertEquals(new Set(answers.map(({ body }) => body.batch_id)).size, 1);
  assertEquals(new Set(answers.map(({ headers }) => headers.get("location"))).size, 1);
  const [{ count }] = await caller.stack
    .sql`select count(*)::int from public.batches where idempotency_key = 'fifty'` as unknown as [
      { count: number },
    ];
  assertEquals(count, 1);
});

Deno.test("another user's batch is not there, by any route", async () => {
  const caller = await connect();
  await startAnew(caller);
  const batchId = await restingBatch(caller);
  const { data: profiles } = await caller.stack.demo.from("profiles").select("id");
  const profileId = profiles?.[0]?.id as string;
  const as = "other";
  const { call } = caller;
  assertEquals(errorOf(await call("GET", `/batch-status/${batchId}`, { as })), [404, "batch_not_found"]);
  assertEquals(errorOf(await call("POST", `/batch-generate/${batchId}/cancel`, { as })), [
    404,
    "batch_not_found",
  ]);
  assertEquals(errorOf(await call("POST", `/batch-generate/${batchId}/retry`, { as })), [
    404,
    "batch_not_found",
  ]);
  assertEquals(errorOf(await call("DELETE", `/batch-generate/${batchId}`, { as })), [404, "batch_not_found"]);
  const headers = { "x-profile-id": profileId };
  assertEquals(errorOf(await call("GET", "/batch-status", { as, headers })), [404, "profile_not_found"]);
  const create = await call("POST", "/batch-generate", {
    as,
    headers,
    body: { product_ids: absentProducts(2) },
  });
  assertEquals(errorOf(create), [404, "profile_not_found"]);
  assertEquals((await call("GET", "/batch-status", { as })).body, { batches: [], next: null });
  await startAnew(caller);
});

Deno.test("a foreign product fails its row without a word of its title", async () => {
  const caller = await connect();
  await startAnew(caller);
  const answer = await caller.call("POST", "/batch-generate", {
    as: "other",
    body: { product_ids: caller.products.slice(0, 2), tts_provider: "local" },
  });
  assertEquals(answer.status, 202);
  const read = () => caller.call("GET", `/batch-status/${answer.body.batch_id}`, { as: "other" });
  let status = await read();
  for (let tries = 0; status.body.status === "processing" && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    status = await read();
  }
  for (const job of status.body.product_jobs) {
    assertEquals([job.title, job.error_code], ["", "product_not_found"]);
  }
});

Deno.test("the list pages through batches newest first, without their rows", async () => {
  const caller = await connect();
  await startAnew(caller);
  const made: string[] = [];
  for (let n = 0; n < 5; n++) made.unshift(await createBatch(caller, { product_ids: absentProducts(2) }));
  const seen: string[] = [];
  let next: string | null = "";
  while (next !== null) {
    const { status, body }: Awaited<ReturnType<Caller["call"]>> = await caller.call(
      "GET",
      `/batch-status?limit=2${next === "" ? "" : `&before=${next}`}`,
    );
    assertEquals(status, 200);
    seen.push(...body.batches.map(({ batch_id }: { batch_id: string }) => batch_id));
    assert(body.batches.every((batch: object) => !("product_jobs" in batch)));
    next = body.next;
  }
  assertEquals(seen, made);
});

Deno.test("process-next takes the secret key, says null where nothing is to claim, and refuses a malformed id", async () => {
  const caller = await connect();
  const secret = { apikey: caller.stack.env.SUPABASE_SECRET_KEY! };
  const kick = (body: unknown) => caller.call("POST", "/process-next", { as: null, headers: secret, body });
  const unknown = await kick({ batch_id: crypto.randomUUID() });
  assertEquals([unknown.status, unknown.body], [202, { job_id: null }]);
  assertEquals(errorOf(await kick({ batch_id: "x" })), [422, "invalid_request"]);
});

Deno.test("a batch that is cancelled in the middle of a render stops the render within 5 s", async () => {
  const caller = await connect();
  await startAnew(caller);
  const { stack, call } = caller;
  const batchId = await createBatch(caller, {
    product_ids: caller.products.slice(0, 2),
    tts_provider: "local",
    duration_s: 60,
  });
  const render = await eventually(async () => {
    const [kept] = await stack.sql`
      select c.data -> 'render' as render from private.checkpoints c join public.jobs j on j.id = c.job_id
      where j.batch_id = ${batchId} and j.progress between 25 and 80`;
    return kept?.render as { render_id: string } | undefined;
  }, { timeoutMs: 40_000, what: "the render runs" });
  const state = async () => {
    const response = await fetch(`${stack.env.RENDERER_URL}/v1/renders/${render.render_id}`, {
      headers: { authorization: `Bearer ${stack.env.RENDERER_SECRET}` },
    });
    const { status } = await response.json();
    return response.status === 404 ? "lost" : status;
  };
  assertEquals(await state(), "running");
  const cancelled = await call("POST", `/batch-generate/${batchId}/cancel`);
  assertEquals(cancelled.body, { batch_id: batchId, cancelled: 2 });
  await eventually(async () => ["cancelled", "lost"].includes(await state()), { timeoutMs: 5_000 });
  const { body } = await call("GET", `/batch-status/${batchId}`);
  assertEquals([body.status, body.cancelled], ["cancelled", 2]);
  await startAnew(caller);
});
