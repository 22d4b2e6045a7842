// Uploads through signed URLs: what counts as stored, what is tried again, what is given up, and how.

import { assert, assertEquals, assertRejects } from "../assert.ts";
import { RenderFailure } from "../../renderer/render_failure.ts";
import { upload } from "../../renderer/upload.ts";
import { scratchFolder, startFakeHost } from "./support.ts";

type Answer = () => Response;

/** Uploads 3 MB to a storage that answers as told, the last answer again and again. */
async function uploading(
  answers: Answer[],
  options: { url?: (origin: string, attempt: number) => string | null; allowed?: boolean } = {},
): Promise<{ failure: RenderFailure | null; requests: { path: string; size: number }[] }> {
  await using host = startFakeHost();
  await using folder = await scratchFolder();
  const path = `${folder.path}/video.mp4`;
  await Deno.writeFile(path, new Uint8Array(3_000_000).fill(7));
  let asked = 0;
  const answer = () => (answers[Math.min(asked++, answers.length - 1)] ?? (() => new Response()))();
  for (const name of ["/put", "/fresh"]) host.routes.set(name, answer);
  const work = upload({
    path,
    contentType: "video/mp4",
    url: () => options.url ? options.url(host.origin, asked) : `${host.origin}/put?token=t`,
    rules: { allowOrigins: options.allowed === false ? [] : [host.origin] },
    signal: new AbortController().signal,
    waitsMs: [5, 5, 5],
  });
  const failure = await work.then(() => null, (error) => error);
  assert(failure === null || failure instanceof RenderFailure, String(failure));
  return { failure, requests: host.requests };
}

const status = (code: number, body: unknown = {}): Answer => () => Response.json(body, { status: code });

Deno.test("an object that exists already counts as stored, however the storage says so", async () => {
  for (
    const answer of [
      status(200),
      status(409),
      status(400, { statusCode: "409", error: "Duplicate", message: "The resource already exists" }),
    ]
  ) {
    const { failure, requests } = await uploading([answer]);
    assertEquals([failure, requests.length, requests[0]?.size], [null, 1, 3_000_000]);
  }
});

Deno.test("an upload is tried again after 5xx and 429 with the whole file", async () => {
  const { failure, requests } = await uploading([status(503), status(429), status(200)]);
  assertEquals(failure, null);
  assertEquals(requests.map((request) => request.size), [3_000_000, 3_000_000, 3_000_000]);
});

Deno.test("an upload that is forbidden fails at once, to be tried again with a fresh URL", async () => {
  for (
    const answer of [status(403), status(400, { statusCode: "403", error: "InvalidJWT", message: "exp" })]
  ) {
    const { failure, requests } = await uploading([answer]);
    assertEquals([failure?.code, failure?.retryable, requests.length], ["storage_unavailable", true, 1]);
    assert(!failure?.message.includes("token"), failure?.message);
  }
});

Deno.test("a URL that expired is replaced by a fresh one that came meanwhile", async () => {
  const { failure, requests } = await uploading([status(403), status(200)], {
    url: (origin, attempt) => attempt === 0 ? `${origin}/put?token=old` : `${origin}/fresh?token=new`,
  });
  assertEquals(failure, null);
  assertEquals(requests.map((request) => request.path), ["/put", "/fresh"]);
});

Deno.test("a storage that stays away is a retryable failure; a file that is too large for it is not", async () => {
  const away = await uploading([status(500)]);
  assertEquals([away.failure?.retryable, away.requests.length], [true, 4]);
  const tooLarge = await uploading([status(413)]);
  assertEquals([tooLarge.failure?.retryable, tooLarge.requests.length], [false, 1]);
});

Deno.test("nothing is sent to a private address that was not allowed, nor where the object is stored already", async () => {
  const refused = await uploading([status(200)], { allowed: false });
  assertEquals([refused.failure?.code, refused.requests.length], ["storage_unavailable", 0]);
  const stored = await uploading([status(200)], { url: () => null });
  assertEquals([stored.failure, stored.requests.length], [null, 0]);
});

Deno.test("a file that is gone is our own failure, not the storage's", async () => {
  await using host = startFakeHost();
  const error = await assertRejects(() =>
    upload({
      path: "/nowhere/video.mp4",
      contentType: "video/mp4",
      url: () => `${host.origin}/put`,
      rules: { allowOrigins: [host.origin] },
      signal: new AbortController().signal,
    })
  );
  assert(!(error instanceof RenderFailure));
  assertEquals(host.requests.length, 0);
});
