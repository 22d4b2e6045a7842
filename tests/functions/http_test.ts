// What every answer has in common: routes, request ids, CORS, bodies, and the order of checks.

import { assert, assertEquals, assertMatch, assertNotEquals } from "../assert.ts";
import { BATCH_ID, batchGenerate, batchStatus, created, get, post, token, TWO_PRODUCTS } from "./support.ts";

Deno.test("an unknown path is not_found and a wrong method is method_not_allowed with Allow", async () => {
  const generate = batchGenerate(created);
  const status = batchStatus(() => ({ json: null }));
  const tried: [typeof status.request, string, string, number, string | null][] = [
    [generate.request, "GET", "/batch-generate", 405, "POST, OPTIONS"],
    [generate.request, "HEAD", "/batch-generate", 405, "POST, OPTIONS"],
    [generate.request, "GET", `/batch-generate/${BATCH_ID}`, 405, "DELETE, OPTIONS"],
    [generate.request, "POST", "/batch-generate/not-an-id", 405, "DELETE, OPTIONS"],
    [generate.request, "GET", `/batch-generate/${BATCH_ID}/cancel`, 405, "POST, OPTIONS"],
    [generate.request, "DELETE", `/batch-generate/${BATCH_ID}/retry`, 405, "POST, OPTIONS"],
    [generate.request, "POST", `/batch-generate/${BATCH_ID}/pause`, 404, null],
    [generate.request, "POST", "/", 404, null],
    [generate.request, "POST", "/batch-generated", 404, null],
    [status.request, "POST", "/batch-status", 405, "GET, HEAD, OPTIONS"],
    [status.request, "DELETE", `/batch-status/${BATCH_ID}`, 405, "GET, HEAD, OPTIONS"],
    [status.request, "GET", `/batch-status/${BATCH_ID}/rows`, 404, null],
  ];
  for (const [request, method, path, code, allow] of tried) {
    const response = await request(path, { ...get(), method });
    assertEquals([method, path, response.status, response.headers.get("allow")], [method, path, code, allow]);
    if (method === "HEAD") continue;
    assertEquals((await response.json()).code, code === 405 ? "method_not_allowed" : "not_found");
  }
});

Deno.test("a malformed batch id looks like an absent batch on every route", async () => {
  const generate = batchGenerate(created);
  const status = batchStatus(() => ({ json: null }));
  for (const id of ["x", "%00", "%E0%A4%A", `${BATCH_ID}0`, BATCH_ID.replaceAll("-", ""), `{${BATCH_ID}}`]) {
    const responses = [
      await generate.request(`/batch-generate/${id}/cancel`, post()),
      await generate.request(`/batch-generate/${id}/retry`, post()),
      await generate.request(`/batch-generate/${id}`, { ...get(), method: "DELETE" }),
      await status.request(`/batch-status/${id}`, get()),
    ];
    for (const response of responses) {
      assertEquals([id, response.status, (await response.json()).code], [id, 404, "batch_not_found"]);
    }
  }
  assertEquals([...generate.calls, ...status.calls], []);
});

Deno.test("an upper-case batch id is read, passed on and echoed in lower case", async () => {
  const { request, calls } = batchGenerate(() => ({ json: { cancelled: 1, renders: [] } }));
  const id = "ABCDEFAB-0000-0000-0000-00000000000F";
  const response = await request(`/batch-generate/${id}/cancel`, post());
  assertEquals(await response.json(), { batch_id: id.toLowerCase(), cancelled: 1 });
  assertEquals(calls[0]?.args.p_batch_id, id.toLowerCase());
});

Deno.test("a sane request id is taken over, any other is replaced, and every log line bears it", async () => {
  const { request, lines } = batchGenerate(created);
  for (const sane of ["abc-123_x.y:z", "a".repeat(128)]) {
    lines.length = 0;
    const response = await request("/batch-generate", post({}, { "x-request-id": sane }));
    assertEquals(response.headers.get("x-request-id"), sane);
    assertEquals((await response.json()).request_id, sane);
    assert(lines.length >= 2 && lines.every((line) => line.request_id === sane), JSON.stringify(lines));
  }
  const replaced = new Set<string>();
  for (const insane of ["", "a".repeat(129), "a b", "a<b>", "é"]) {
    const response = await request("/batch-generate", post({}, { "x-request-id": insane }));
    const id = response.headers.get("x-request-id") ?? "";
    assertMatch(id, /^[0-9a-f-]{36}$/);
    assertNotEquals(id, insane);
    replaced.add(id);
  }
  assertEquals(replaced.size, 5);
});

Deno.test("every answer has the CORS headers, preflights without credentials and 304 too", async () => {
  const generate = batchGenerate(created);
  const status = batchStatus(() => ({ json: { etag: "0".repeat(32), body: null } }));
  const responses = [
    await generate.request("/batch-generate", { method: "OPTIONS" }),
    await generate.request("/batch-generate/no/such", { method: "OPTIONS" }),
    await generate.request("/batch-generate", post({ product_ids: TWO_PRODUCTS })),
    await generate.request("/batch-generate", post({})),
    await generate.request("/batch-generate"),
    await generate.request("/nowhere", get()),
    await status.request(`/batch-status/${BATCH_ID}`, get({ "if-none-match": "*" })),
  ];
  assertEquals(responses.map(({ status }) => status), [204, 204, 202, 422, 401, 404, 304]);
  for (const { headers } of responses) {
    assertEquals(headers.get("access-control-allow-origin"), "*");
    const allowed = (headers.get("access-control-allow-headers") ?? "").split(", ");
    const documented = ["authorization", "x-client-info", "apikey", "content-type", "x-retry-count"];
    for (const name of [...documented, "idempotency-key", "x-profile-id", "if-none-match", "x-request-id"]) {
      assert(allowed.includes(name), name);
    }
    assertEquals(headers.get("access-control-expose-headers"), "etag, location, retry-after, x-request-id");
    for (const method of ["GET", "POST", "DELETE"]) {
      assert((headers.get("access-control-allow-methods") ?? "").split(", ").includes(method), method);
    }
    assert(headers.get("x-request-id"));
  }
});

Deno.test("checks come in the documented order: media type, size, JSON, fields, profile", async () => {
  const { request, calls } = batchGenerate(created);
  const big = JSON.stringify({ product_ids: TWO_PRODUCTS, pad: "x".repeat(70_000) });
  const bad = { "x-profile-id": "nobody", "idempotency-key": "é" };
  const steps: [string, Record<string, string>, number, string][] = [
    [big, { ...bad, "content-type": "text/plain" }, 415, "unsupported_media_type"],
    [big, bad, 413, "payload_too_large"],
    ["{", bad, 400, "invalid_json"],
    ["{}", bad, 422, "invalid_request"],
    [JSON.stringify({ product_ids: TWO_PRODUCTS }), { "x-profile-id": "nobody" }, 404, "profile_not_found"],
    [JSON.stringify({ product_ids: TWO_PRODUCTS }), { "x-profile-id": "" }, 404, "profile_not_found"],
  ];
  for (const [body, headers, status, code] of steps) {
    const response = await request("/batch-generate", post(body, headers));
    assertEquals([response.status, (await response.json()).code], [status, code]);
  }
  assertEquals(calls, []);
});

Deno.test("only application/json is taken, in any case and with any parameter", async () => {
  const { request } = batchGenerate(created);
  const body = JSON.stringify({ product_ids: TWO_PRODUCTS });
  const tried: [Record<string, string>, number][] = [
    [{ "content-type": "application/json" }, 202],
    [{ "content-type": "Application/JSON; charset=UTF-8" }, 202],
    [{ "content-type": "application/json5" }, 415],
    [{ "content-type": "application/merge-patch+json" }, 415],
    [{ "content-type": "text/plain" }, 415],
    [{ "content-type": "" }, 415],
    [{ "content-type": "application/json", "content-encoding": "gzip" }, 415],
  ];
  for (const [headers, status] of tried) {
    assertEquals([headers, (await request("/batch-generate", post(body, headers))).status], [
      headers,
      status,
    ]);
  }
  assertEquals((await request("/batch-generate", post())).status, 415);
});

Deno.test("a body of 64 KiB is read, one byte more is refused, with and without a stated length", async () => {
  const { request } = batchGenerate(created);
  const json = JSON.stringify({ product_ids: TWO_PRODUCTS });
  const fits = json + " ".repeat(64 * 1024 - json.length);
  assertEquals((await request("/batch-generate", post(fits))).status, 202);
  assertEquals((await request("/batch-generate", post(fits + " "))).status, 413);
  const stated = await request("/batch-generate", post("{}", { "content-length": "70000" }));
  assertEquals(stated.status, 413);
});

Deno.test("an endless body is read up to the bound only", async () => {
  const { request } = batchGenerate(created);
  let sent = 0;
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1024;
      controller.enqueue(new Uint8Array(1024).fill(0x20));
    },
    cancel() {
      cancelled = true;
    },
  });
  const response = await request("/batch-generate", { ...post("{}"), body: endless });
  assertEquals([response.status, cancelled], [413, true]);
  assert(sent <= 80 * 1024, String(sent));
});

Deno.test("what is no JSON is invalid_json: syntax, nothing at all, broken UTF-8", async () => {
  const { request } = batchGenerate(created);
  const bodies: BodyInit[] = ["{", "", "   ", "nul", "{'a':1}", "[1,]", new Uint8Array([0x22, 0xff, 0x22])];
  for (const body of bodies) {
    const response = await request("/batch-generate", { ...post("{}"), body });
    assertEquals([body, response.status, (await response.json()).code], [body, 400, "invalid_json"]);
  }
});

Deno.test("the database's troubles become unavailable or internal, and nothing of them is told", async () => {
  const tried: [number, Record<string, string>, number, string][] = [
    [503, { code: "PGRST001", message: "no connection to 10.0.0.7" }, 503, "unavailable"],
    [503, { code: "08006", message: "secret host" }, 503, "unavailable"],
    [500, { code: "57014", message: "statement timeout" }, 503, "unavailable"],
    [500, { code: "40P01", message: "deadlock" }, 503, "unavailable"],
    [504, {}, 503, "unavailable"],
    [500, { code: "XX000", message: "secret internals" }, 500, "internal"],
    [403, { code: "42501", message: "permission denied for table jobs" }, 500, "internal"],
    [404, { code: "PGRST202", message: "no function secret" }, 500, "internal"],
    [400, { code: "P0001", message: "secret", details: "batch_not_found" }, 500, "internal"],
  ];
  for (const [status, error, expected, code] of tried) {
    const { request, lines } = batchGenerate(() => ({ status, error }));
    const response = await request("/batch-generate", post({ product_ids: TWO_PRODUCTS }));
    const text = await response.text();
    assertEquals([error, response.status, JSON.parse(text).code], [error, expected, code]);
    assertEquals(response.headers.get("retry-after"), expected === 503 ? "5" : null);
    assert(!/secret|10\.0|42501|permission|timeout|deadlock/.test(text), text);
    assert(JSON.stringify(lines).includes(error.code ?? "504"), "the cause is in the log");
  }
});

Deno.test("a database that is not reached is unavailable with Retry-After", async () => {
  const { request } = batchGenerate(() =>
    Promise.reject(new TypeError("error sending request to http://10.0.0.7"))
  );
  const response = await request("/batch-generate", post({ product_ids: TWO_PRODUCTS }));
  const text = await response.text();
  assertEquals([response.status, response.headers.get("retry-after")], [503, "5"]);
  assert(!text.includes("10.0.0.7"));
});

Deno.test("the token is in no log line and no answer", async () => {
  const { request, lines } = batchStatus(() => ({
    status: 500,
    error: { message: `failed for Bearer ${token} at /x?token=${token}&apikey=sb_secret_default` },
  }));
  const text = await (await request(`/batch-status/${BATCH_ID}`, get())).text();
  const logged = JSON.stringify(lines);
  assert(logged.includes("failed for"), logged);
  assert(!logged.includes(token) && !logged.includes("sb_secret_default") && !text.includes(token), logged);
});

Deno.test("over a real connection a body of 1 MiB is answered 413, and the server goes on", async () => {
  const { request } = batchGenerate(created);
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (incoming) => {
    const { pathname } = new URL(incoming.url);
    const { method, headers, body } = incoming;
    return await request(pathname, { method, headers, body });
  });
  const url = `http://127.0.0.1:${server.addr.port}/batch-generate`;
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  for (const stated of [true, false]) {
    let left = 16;
    const body = stated ? new Uint8Array(1024 * 1024).fill(0x20) : new ReadableStream<Uint8Array>({
      pull: (controller) => left-- > 0 ? controller.enqueue(chunk) : controller.close(),
    });
    const response = await fetch(url, { ...post("{}"), body });
    assertEquals([stated, response.status, (await response.json()).code], [stated, 413, "payload_too_large"]);
  }
  const next = await fetch(url, post({ product_ids: TWO_PRODUCTS }));
  assertEquals(next.status, 202);
  await next.body?.cancel();
  await server.shutdown();
});
