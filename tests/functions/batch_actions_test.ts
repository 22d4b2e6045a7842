// Cancel, retry and delete: bodies, answers, refusals, and what is stopped and removed behind the answer.

import { assertEquals } from "../assert.ts";
import { BATCH_ID, batchGenerate, get, post, TWO_PRODUCTS, USER_ID } from "./support.ts";

const CANCEL = `/batch-generate/${BATCH_ID}/cancel`;
const RETRY = `/batch-generate/${BATCH_ID}/retry`;

Deno.test("cancel answers 202 with the number of rows and stops their renders, whatever body is sent", async () => {
  const render = { renderer_url: "http://renderer.test", render_id: "r1" };
  const bodies: RequestInit[] = [
    post(),
    post("{", { "content-type": "text/plain" }),
    post("x".repeat(100_000)),
  ];
  for (const init of bodies) {
    const { request, calls, stopped, kicks } = batchGenerate(() => ({
      json: { cancelled: 3, renders: [render] },
    }));
    const response = await request(CANCEL, init);
    assertEquals([response.status, await response.json()], [202, { batch_id: BATCH_ID, cancelled: 3 }]);
    assertEquals(calls.map(({ name, args }) => [name, args]), [
      ["cancel_batch", { p_user_id: USER_ID, p_batch_id: BATCH_ID }],
    ]);
    assertEquals([stopped, kicks], [["r1"], []]);
  }
});

Deno.test("retry takes no body, {} or product ids, and kicks only where rows were queued", async () => {
  const tried: [RequestInit, unknown][] = [
    [post(), null],
    [post("", { "content-type": "application/json" }), null],
    [post("", { "content-type": "text/plain" }), null],
    [post({}), null],
    [post({ product_ids: [TWO_PRODUCTS[0]?.toUpperCase()] }), [TWO_PRODUCTS[0]]],
  ];
  for (const [init, productIds] of tried) {
    for (const requeued of [0, 2]) {
      const { request, calls, kicks } = batchGenerate(() => ({ json: { requeued } }));
      const response = await request(RETRY, init);
      assertEquals([response.status, await response.json()], [202, { batch_id: BATCH_ID, requeued }]);
      assertEquals(calls[0]?.args, { p_user_id: USER_ID, p_batch_id: BATCH_ID, p_product_ids: productIds });
      assertEquals(kicks.length, requeued > 0 ? 1 : 0);
    }
  }
});

Deno.test("retry refuses any other body by its offence", async () => {
  const many = Array.from({ length: 51 }, (_, n) => `00000000-0000-0000-0000-${String(n).padStart(12, "0")}`);
  const tried: [RequestInit, number, string[] | undefined][] = [
    [post("x", { "content-type": "text/plain" }), 415, undefined],
    [post("{"), 400, undefined],
    [post(" ".repeat(70_000)), 413, undefined],
    [post("null"), 422, [""]],
    [post([]), 422, [""]],
    [post({ product_ids: null }), 422, ["product_ids"]],
    [post({ product_ids: [] }), 422, ["product_ids"]],
    [post({ product_ids: many }), 422, ["product_ids"]],
    [post({ product_ids: [TWO_PRODUCTS[0], TWO_PRODUCTS[0]] }), 422, ["product_ids.1"]],
    [post({ options: {} }), 422, ["options"]],
  ];
  for (const [init, status, paths] of tried) {
    const { request, calls } = batchGenerate(() => ({ json: { requeued: 1 } }));
    const response = await request(RETRY, init);
    const { details } = await response.json();
    assertEquals([response.status, details?.map(({ path }: { path: string }) => path)], [status, paths]);
    assertEquals(calls, []);
  }
});

Deno.test("ids that are not in the batch are named by their places", async () => {
  const { request } = batchGenerate(() => ({
    status: 422,
    error: { code: "PT422", message: "x", details: "invalid_request", hint: "[0,3]" },
  }));
  const answer = await (await request(RETRY, post({ product_ids: TWO_PRODUCTS }))).json();
  assertEquals(answer.code, "invalid_request");
  assertEquals(answer.details.map(({ path }: { path: string }) => path), ["product_ids.0", "product_ids.3"]);
});

Deno.test("delete answers 204 without a body, and removes objects and stops renders behind it", async () => {
  const { request, calls, removed, stopped } = batchGenerate(() => ({
    json: { objects: ["p/j/v.mp4"], renders: [{ renderer_url: "http://renderer.test", render_id: "r2" }] },
  }));
  const response = await request(`/batch-generate/${BATCH_ID}`, { ...get(), method: "DELETE" });
  assertEquals([response.status, await response.text()], [204, ""]);
  assertEquals(calls.map(({ name }) => name), ["delete_batch"]);
  assertEquals([removed, stopped], [["p/j/v.mp4"], ["r2"]]);
});

Deno.test("refusals by state and by absence carry their codes", async () => {
  const notFound = { status: 404, error: { code: "PT404", details: "batch_not_found" } };
  const tried: [string, string, Parameters<typeof batchGenerate>[0], number, string][] = [
    ["POST", CANCEL, () => notFound, 404, "batch_not_found"],
    ["POST", CANCEL, () => ({ json: { refusal: { code: "batch_finished" } } }), 409, "batch_finished"],
    ["POST", RETRY, () => notFound, 404, "batch_not_found"],
    [
      "POST",
      RETRY,
      () => ({ json: { refusal: { code: "batch_not_retryable" } } }),
      409,
      "batch_not_retryable",
    ],
    ["DELETE", `/batch-generate/${BATCH_ID}`, () => notFound, 404, "batch_not_found"],
  ];
  for (const [method, path, answer, status, code] of tried) {
    const { request, stopped, removed, kicks } = batchGenerate(answer);
    const response = await request(path, { ...get(), method });
    assertEquals([response.status, (await response.json()).code], [status, code]);
    assertEquals(response.headers.get("retry-after"), null);
    assertEquals([...stopped, ...removed, ...kicks], []);
  }
});
