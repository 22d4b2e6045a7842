// Whatever is sent: an answer of the documented shape, never an internal error, never a hang.

import fc from "fast-check";
import { assert, assertEquals } from "../assert.ts";
import { tryMany } from "../fuzz/try_many.ts";
import { batchGenerate, batchStatus, created, post, token, TWO_PRODUCTS } from "./support.ts";

const TRIES = { runs: 1_500, longRuns: 100_000 };

const DOCUMENTED = new Set([200, 202, 204, 304, 400, 401, 404, 405, 409, 413, 415, 422]);

/** What the stand-ins collect would be the memory that grows. */
function forget(app: { calls: unknown[]; lines: unknown[]; kicks?: string[] }): void {
  for (const list of [app.calls, app.lines, app.kicks ?? []]) list.length = 0;
}

async function assertDocumented(response: Response): Promise<void> {
  const text = await response.text();
  assert(DOCUMENTED.has(response.status), `${response.status} ${text}`);
  assert(response.headers.get("x-request-id"));
  if (response.status < 400) return;
  const body = JSON.parse(text);
  assertEquals(typeof body.code, "string");
  if (response.status !== 422) return;
  assert(body.details.length > 0);
  for (const { path, message } of body.details) {
    assertEquals([typeof path, typeof message], ["string", "string"]);
  }
}

const FIELDS = [
  "product_ids",
  "voiceover_mode",
  "tts_provider",
  "voice_id",
  "ai_provider",
  "duration_s",
  "encoding_preset",
  "voiceover_template",
  "cta_text",
  "enable_denoise",
  "concurrency",
  "__proto__",
  "toString",
];

/** Any UTF-16, unpaired surrogates too. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units));
const anyValue = fc.oneof(anyText, fc.jsonValue(), fc.constant(null), fc.array(anyText));
const nearlyRight = fc.dictionary(fc.oneof(fc.constantFrom(...FIELDS), anyText), anyValue)
  .map((fields) => ({ product_ids: TWO_PRODUCTS, ...fields }));
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  nearlyRight.map((value) => JSON.stringify(value)),
);
const headerText = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
});
const anyHeaders = fc.record({
  "content-type": fc.oneof(fc.constant("application/json"), headerText),
  "idempotency-key": headerText,
  "x-profile-id": headerText,
  "x-request-id": headerText,
  "if-none-match": headerText,
}, { requiredKeys: [] });

Deno.test("POST /batch-generate answers any body and headers as documented", async () => {
  const app = batchGenerate(created);
  const sent = fc.tuple(anyBody, anyHeaders);
  await tryMany({ what: "bodies and headers", ...TRIES }, sent, async ([body, headers]) => {
    await assertDocumented(
      await app.request("/batch-generate", { ...post("", headers), body: body as BodyInit }),
    );
    forget(app);
  });
});

Deno.test("what is accepted holds only text that Postgres can store", async () => {
  const app = batchGenerate(created);
  await tryMany({ what: "bodies that are nearly right", ...TRIES }, nearlyRight, async (body) => {
    forget(app);
    await (await app.request("/batch-generate", post(body))).body?.cancel();
    for (const { args } of app.calls) {
      const options = args.p_options as Record<string, unknown>;
      for (const text of [options.voice_id, options.voiceover_template, options.cta_text]) {
        if (typeof text !== "string") continue;
        assert(text.isWellFormed() && !text.includes("\0") && text.trim() === text && text !== "");
      }
    }
  });
});

Deno.test("any path, query, method and token is answered as documented", async () => {
  const apps = [
    batchGenerate(() => ({ json: { cancelled: 0, requeued: 0, renders: [], objects: [] } })),
    batchStatus(() => ({ json: { etag: "0".repeat(32), body: { product_jobs: [] } } })),
  ] as const;
  const segment = fc.oneof(fc.webSegment(), fc.constantFrom(...TWO_PRODUCTS, "cancel", "retry", ".."));
  const anyPath = fc.tuple(
    fc.constantFrom("/batch-generate", "/batch-status", ""),
    fc.array(segment, { maxLength: 3 }),
    fc.oneof(fc.webQueryParameters(), fc.constant("limit=1&limit=2"), fc.constant("")),
  ).map(([root, segments, query]) => `${[root, ...segments].join("/") || "/"}?${query}`);
  const sent = fc.tuple(
    fc.constantFrom(...apps),
    anyPath,
    fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
    anyHeaders,
    fc.oneof(fc.constant(`Bearer ${token}`), headerText),
  );
  const tries = { what: "paths, queries, methods and tokens", ...TRIES };
  await tryMany(tries, sent, async ([app, path, method, headers, authorization]) => {
    const response = await app.request(path, { method, headers: { ...headers, authorization } });
    if (method === "HEAD") assertEquals(await response.text(), "");
    else await assertDocumented(response);
    forget(app);
  });
});
