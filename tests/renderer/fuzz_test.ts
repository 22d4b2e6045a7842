// Random bodies, paths, headers and picture bytes: refused or taken, never a 500, never a hang.

import fc from "fast-check";
import sharp from "sharp";
import { assert } from "../assert.ts";
import { createApp } from "../../renderer/app.ts";
import { createLogger } from "../../renderer/log.ts";
import { DECODE_LIMITS, decodePicture, PictureInvalid } from "../../renderer/pictures/decode.ts";
import { createRenderQueue } from "../../renderer/render_queue.ts";
import { tryMany } from "../fuzz/try_many.ts";
import { renderId, scratchFolder, SECRET, smallSpec } from "./support.ts";

const ANSWERS = new Set([200, 202, 204, 400, 404, 405, 413, 415, 422, 503]);

Deno.test("no request makes the service fail", async () => {
  await using folder = await scratchFolder();
  const log = createLogger({ secrets: [], write: () => {} });
  const queue = createRenderQueue({
    capacity: 1,
    queue: 2,
    dataDir: folder.path,
    ffmpegPath: "ffmpeg",
    allowOrigins: [],
    log,
    start: () => ({
      pid: 0,
      outcome: Promise.resolve({ type: "failed" as const, error: FAILURE, cause: "" }),
      setUploads() {},
      kill: () => Promise.resolve(),
    }),
  });
  const app = createApp({
    queue,
    speak: () =>
      Promise.resolve({ format: "wav", audio_base64: "AA==", duration_s: 1, words: [], voice: "x" }),
    secrets: [SECRET],
    log,
    capacity: 1,
  });
  const spec = smallSpec({ origin: "http://pictures.test" } as Parameters<typeof smallSpec>[0]);
  const change = fc.record({ field: fc.constantFrom(...Object.keys(spec)), value: fc.jsonValue() });
  const body = fc.oneof(
    fc.string({ unit: "binary", maxLength: 2000 }),
    fc.json(),
    change.map(({ field, value }) => JSON.stringify({ ...spec, [field]: value })),
    fc.constant(JSON.stringify(spec)),
    fc.nat(50_000).map((depth) => "[".repeat(depth)),
  );
  const request = fc.record({
    method: fc.constantFrom("PUT", "GET", "DELETE", "POST", "PATCH", "HEAD"),
    path: fc.oneof(
      fc.constant(`/v1/renders/${renderId()}`),
      fc.constant("/v1/speech"),
      fc.webPath().map((path) => `/v1/renders${path}`),
      fc.string({ maxLength: 50 }).map((text) => `/v1/renders/${encodeURIComponent(text.toWellFormed())}`),
      fc.constantFrom("/v1/renders/%E0%A4%A", "/v1/renders/..%2f..%2fetc", "//", "/v1/renders/%00"),
    ),
    query: fc.oneof(fc.constant(""), fc.webQueryParameters().map((query) => `?wait_s=0&${query}`)),
    type: fc.constantFrom("application/json", "text/plain", ""),
    id: fc.string({ maxLength: 200 }).map((text) => encodeURIComponent(text.toWellFormed())),
    body,
  });
  const tries = { what: "renderer requests", runs: 400, longRuns: 40_000 };
  await tryMany(tries, request, async ({ method, path, query, type, id, body }) => {
    const headers = { authorization: `Bearer ${SECRET}`, "content-type": type, "x-request-id": id };
    const bodied = method !== "GET" && method !== "HEAD";
    const response = await app.request(path + query, { method, headers, ...(bodied ? { body } : {}) });
    await response.body?.cancel();
    assert(ANSWERS.has(response.status), `${method} ${path}${query}: ${response.status}`);
    assert(response.headers.get("x-request-id"));
  });
  await queue.stop();
});

const FAILURE = { code: "render_failed", message: "scripted", retryable: false } as const;

Deno.test("no damage to a picture does more than refuse it", async () => {
  const base = sharp({ create: { width: 40, height: 30, channels: 3, background: "#336699" } });
  const whole = await Promise.all(
    (["jpeg", "png", "webp", "gif", "avif"] as const).map((format) =>
      base.clone().toFormat(format).toBuffer()
    ),
  );
  const damage = fc.record({
    kind: fc.nat(whole.length - 1),
    cut: fc.oneof(fc.constant(1), fc.double({ min: 0.05, max: 1, noNaN: true })),
    bytes: fc.array(fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), value: fc.nat(255) }), {
      maxLength: 20,
    }),
  });
  await using folder = await scratchFolder();
  // Each is a process of its own, as in the service.
  const tries = { what: "damaged pictures", runs: 20, longRuns: 1_000, slowMs: 10_000 };
  let refused = 0;
  await tryMany(tries, damage, async ({ kind, cut, bytes }) => {
    const picture = Uint8Array.from(whole[kind] ?? []);
    for (const { at, value } of bytes) picture[Math.floor(at * picture.length)] = value;
    const source = `${folder.path}/in`;
    await Deno.writeFile(source, picture.subarray(0, Math.ceil(picture.length * cut)));
    try {
      const raw = await decodePicture(source, {
        target: `${folder.path}/out`,
        limits: { ...DECODE_LIMITS, timeoutMs: 5_000 },
        signal: new AbortController().signal,
      });
      assert((await Deno.stat(raw.path)).size === raw.width * raw.height * 3);
    } catch (error) {
      assert(error instanceof PictureInvalid, String(error));
      refused++;
    }
  });
  console.log(`damaged pictures refused: ${refused}`);
});
