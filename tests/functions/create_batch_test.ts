// POST /batch-generate: fields and their offences, defaults, idempotency, providers, what the database refuses.

import { assert, assertEquals, eventually } from "../assert.ts";
import {
  BATCH_ID,
  batchGenerate,
  created,
  post,
  PROFILE_ID,
  signToken,
  TWO_PRODUCTS,
  USER_ID,
  userClaims,
} from "./support.ts";

const KEYS = { ELEVENLABS_API_KEY: "e", GEMINI_API_KEY: "g", ANTHROPIC_API_KEY: "a" };

/** Paths of the offences that a body (and headers) has; empty where it was accepted. */
async function offences(body: unknown, headers: Record<string, string> = {}): Promise<string[]> {
  const { request, calls } = batchGenerate(created, { env: KEYS });
  const response = await request("/batch-generate", post(body, headers));
  const answer = await response.json();
  if (response.status === 202) return [];
  assertEquals([response.status, answer.code, calls], [422, "invalid_request", []]);
  assert(
    answer.details.every(({ message }: { message: unknown }) =>
      typeof message === "string" && message !== ""
    ),
  );
  return answer.details.map(({ path }: { path: string }) => path);
}

const withProducts = (fields: Record<string, unknown>) => ({ product_ids: TWO_PRODUCTS, ...fields });
const ids = (count: number) =>
  Array.from({ length: count }, (_, index) => `00000000-0000-0000-0000-${String(index).padStart(12, "0")}`);

Deno.test("a batch is accepted with 202, its id, its size and its Location, and kicked once", async () => {
  const { request, calls, kicks } = batchGenerate(created, { env: { PUBLIC_URL: "https://shop.test/" } });
  const authorization = `Bearer ${await signToken({ ...userClaims(), iss: "https://shop.test/auth/v1" })}`;
  const response = await request("/batch-generate", post({ product_ids: TWO_PRODUCTS }, { authorization }));
  assertEquals(response.status, 202);
  assertEquals(await response.json(), { batch_id: BATCH_ID, total: 2 });
  assertEquals(response.headers.get("location"), `https://shop.test/functions/v1/batch-status/${BATCH_ID}`);
  assertEquals(kicks, [BATCH_ID]);
  assertEquals(calls.length, 1);
});

Deno.test("the database gets the validated request with every default filled in", async () => {
  const { request, calls } = batchGenerate(created);
  await request("/batch-generate", post({ product_ids: TWO_PRODUCTS.map((id) => id.toUpperCase()) }));
  assertEquals(calls[0]?.name, "create_batch");
  assertEquals(calls[0]?.headers.get("apikey"), "sb_secret_default");
  assertEquals(calls[0]?.args, {
    p_user_id: USER_ID,
    p_profile_id: null,
    p_idempotency_key: null,
    p_product_ids: TWO_PRODUCTS,
    p_options: {
      voiceover_mode: "quick",
      tts_provider: "edge",
      voice_id: null,
      ai_provider: "gemini",
      duration_s: 30,
      encoding_preset: "tiktok",
      voiceover_template: "{title} by {brand}. Now {price}.",
      cta_text: null,
      enable_denoise: false,
      enable_sharpen: false,
      enable_color_correction: false,
      concurrency: 1,
    },
    p_missing_provider: null,
  });
});

Deno.test("profile and idempotency key are passed on; an empty key counts as absent", async () => {
  const { request, calls } = batchGenerate(created);
  const body = { product_ids: TWO_PRODUCTS };
  const key = ` ${"k".repeat(250)} ~!`.trim();
  await request(
    "/batch-generate",
    post(body, { "x-profile-id": PROFILE_ID.toUpperCase(), "idempotency-key": key }),
  );
  await request("/batch-generate", post(body, { "idempotency-key": "" }));
  assertEquals(calls.map(({ args }) => [args.p_profile_id, args.p_idempotency_key]), [
    [PROFILE_ID, key],
    [null, null],
  ]);
});

Deno.test("an idempotency key of 256 characters or beyond ASCII is an offence of its header", async () => {
  assertEquals(await offences(withProducts({}), { "idempotency-key": "k".repeat(255) }), []);
  for (const key of ["k".repeat(256), "clé", "a\tb"]) {
    assertEquals(await offences(withProducts({}), { "idempotency-key": key }), ["headers.idempotency-key"]);
  }
});

Deno.test("a replay answers 200 with the same body and Location, and kicks nothing", async () => {
  const { request, kicks } = batchGenerate(() => ({
    json: { batch_id: BATCH_ID, total: 2, created: false },
  }));
  const response = await request(
    "/batch-generate",
    post({ product_ids: TWO_PRODUCTS }, { "idempotency-key": "k" }),
  );
  assertEquals(response.status, 200);
  assertEquals(await response.json(), { batch_id: BATCH_ID, total: 2 });
  assertEquals(
    response.headers.get("location"),
    `http://database.test/functions/v1/batch-status/${BATCH_ID}`,
  );
  assertEquals(kicks, []);
});

Deno.test("a kick that hangs does not delay the answer", async () => {
  const { request, kicks } = batchGenerate(created, { kick: () => new Promise(() => {}) });
  const startedAt = performance.now();
  assertEquals((await request("/batch-generate", post({ product_ids: TWO_PRODUCTS }))).status, 202);
  assert(performance.now() - startedAt < 1000);
  await eventually(() => kicks.length === 1);
});

Deno.test("product ids: 2 to 50, distinct whatever their case, any hex in 8-4-4-4-12", async () => {
  const [first] = ids(1);
  const tried: [unknown, string[]][] = [
    [ids(2), []],
    [ids(50), []],
    [ids(1), ["product_ids"]],
    [[], ["product_ids"]],
    [ids(51), ["product_ids"]],
    [undefined, ["product_ids"]],
    [null, ["product_ids"]],
    ["x", ["product_ids"]],
    [{}, ["product_ids"]],
    [["ABCDEFAB-0000-0000-0000-000000000000", "abcdefab-0000-0000-0000-000000000000"], ["product_ids.1"]],
    [[first, null, 7, "x", `${first} `, [first], first], [
      "product_ids.1",
      "product_ids.2",
      "product_ids.3",
      "product_ids.4",
      "product_ids.5",
      "product_ids.6",
    ]],
    [["x"], ["product_ids", "product_ids.0"]],
    [["00000000-0000-0000-0000-00000000000g", first], ["product_ids.0"]],
  ];
  for (const [product_ids, expected] of tried) {
    assertEquals([product_ids, await offences({ product_ids })], [product_ids, expected]);
  }
});

Deno.test("every option takes its documented values and no other", async () => {
  const tried: Record<string, { good: unknown[]; bad: unknown[] }> = {
    voiceover_mode: { good: ["quick", "elaborate"], bad: ["Quick", "", null, 1] },
    tts_provider: { good: ["edge", "elevenlabs", "local"], bad: ["azure", null] },
    voice_id: {
      good: [null, "v", "v".repeat(128), "😀".repeat(128), `  ${"v".repeat(128)}\n`],
      bad: ["", "  ", "v".repeat(129), "a\0b", "\ud800", 5, {}],
    },
    ai_provider: { good: ["gemini", "claude"], bad: ["gpt", null] },
    duration_s: { good: [15, 30, 45, 60], bad: [0, 16, 15.5, "15", null, -30] },
    encoding_preset: { good: ["tiktok", "reels", "youtube_shorts"], bad: ["shorts", null] },
    voiceover_template: {
      good: ["x", "{title}{brand}{price}{description}{cta}", "x".repeat(500), "😀".repeat(500)],
      bad: [
        "",
        " ",
        "x".repeat(501),
        "{name}",
        "{",
        "}",
        "{{title}}",
        "{title",
        "{Title}",
        "{ti{title}tle}",
        "\udc00",
        null,
      ],
    },
    cta_text: { good: [null, "Buy", "é".repeat(60)], bad: ["", "é".repeat(61), "a\0", "\ud83d", false] },
    enable_denoise: { good: [true, false], bad: ["true", 1, null] },
    enable_sharpen: { good: [true, false], bad: [0] },
    enable_color_correction: { good: [true, false], bad: [[]] },
    concurrency: { good: [1, 5, 3.0], bad: [0, 6, 1.5, "1", null, 1e21] },
  };
  for (const [field, { good, bad }] of Object.entries(tried)) {
    for (const value of good) {
      assertEquals([field, value, await offences(withProducts({ [field]: value }))], [field, value, []]);
    }
    for (const value of bad) {
      assertEquals([field, value, await offences(withProducts({ [field]: value }))], [field, value, [field]]);
    }
  }
});

Deno.test("free texts are stored trimmed", async () => {
  const { request, calls } = batchGenerate(created);
  await request(
    "/batch-generate",
    post(withProducts({ voice_id: " v ", cta_text: "\u00a0Go\t", voiceover_template: " Hi {title} " })),
  );
  const options = calls[0]?.args.p_options as Record<string, unknown>;
  assertEquals([options.voice_id, options.cta_text, options.voiceover_template], ["v", "Go", "Hi {title}"]);
});

Deno.test("every offence is named at once: several of one field, unknown fields, headers", async () => {
  const body = '{"product_ids":["x"],"duration_s":7,"voiceover_template":"{x}' + "y".repeat(500) +
    '","concurrency":9,"colour":1,"a.b":2,"__proto__":3,"constructor":4}';
  const found = await offences(body, { "idempotency-key": "é" });
  assertEquals(found.toSorted(), [
    "__proto__",
    "a.b",
    "colour",
    "concurrency",
    "constructor",
    "duration_s",
    "headers.idempotency-key",
    "product_ids",
    "product_ids.0",
    "voiceover_template",
    "voiceover_template",
  ]);
});

Deno.test("a body that is no object is an offence of the body itself", async () => {
  for (const body of ["[]", "null", "7", '"x"', "true"]) {
    assertEquals([body, await offences(body)], [body, [""]]);
  }
  assertEquals(await offences("[]", { "idempotency-key": "é" }), ["", "headers.idempotency-key"]);
});

Deno.test("the provider without a key is named to the database, speech before script", async () => {
  const tried: [Record<string, unknown>, string[], string | null][] = [
    [{}, [], null],
    [{ tts_provider: "local" }, [], null],
    [{ tts_provider: "elevenlabs" }, [], "elevenlabs"],
    [{ tts_provider: "elevenlabs" }, ["ELEVENLABS_API_KEY"], null],
    [{ ai_provider: "claude" }, [], null],
    [{ voiceover_mode: "elaborate" }, [], "gemini"],
    [{ voiceover_mode: "elaborate" }, ["GEMINI_API_KEY"], null],
    [{ voiceover_mode: "elaborate", ai_provider: "claude" }, ["GEMINI_API_KEY"], "claude"],
    [{ voiceover_mode: "elaborate", ai_provider: "claude" }, ["ANTHROPIC_API_KEY"], null],
    [{ voiceover_mode: "elaborate", tts_provider: "elevenlabs" }, [], "elevenlabs"],
  ];
  for (const [fields, keys, missing] of tried) {
    const env = Object.fromEntries(keys.map((name) => [name, "key"]));
    const { request, calls } = batchGenerate(created, { env });
    await request("/batch-generate", post(withProducts(fields)));
    assertEquals([fields, keys, calls[0]?.args.p_missing_provider], [fields, keys, missing]);
  }
});

Deno.test("what the database raises and returns becomes the documented answers", async () => {
  const raised = (status: number, details: string, hint: string | null = null) => ({
    status,
    error: { code: `PT${status}`, message: "not for clients", details, hint },
  });
  const tried: [Parameters<typeof batchGenerate>[0], number, string, string | null][] = [
    [() => raised(404, "profile_not_found"), 404, "profile_not_found", null],
    [() => raised(409, "idempotency_conflict"), 409, "idempotency_conflict", null],
    [() => raised(422, "provider_not_configured"), 422, "provider_not_configured", null],
    [() => raised(429, "rate_limited", "17"), 429, "rate_limited", "17"],
    [() => raised(429, "rate_limited", "0.2"), 429, "rate_limited", "1"],
    [() => raised(429, "rate_limited"), 429, "rate_limited", "1"],
    [
      () => ({ json: { refusal: { code: "too_many_active_batches", retry_after_s: 12.1 } } }),
      429,
      "too_many_active_batches",
      "13",
    ],
    [() => ({ json: { refusal: { code: "surprise" } } }), 500, "internal", null],
    [() => raised(418, "surprise"), 500, "internal", null],
  ];
  for (const [answer, status, code, retryAfter] of tried) {
    const { request, kicks } = batchGenerate(answer);
    const response = await request("/batch-generate", post({ product_ids: TWO_PRODUCTS }));
    const text = await response.text();
    assertEquals([response.status, JSON.parse(text).code], [status, code]);
    assertEquals([code, response.headers.get("retry-after")], [code, retryAfter]);
    assert(!text.includes("not for clients"));
    assertEquals(kicks, []);
  }
});
