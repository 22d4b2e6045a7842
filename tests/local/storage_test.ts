// The local stack's Storage as supabase-js uses it: uploads, signed addresses, limits, policies.

import { assert, assertEquals, assertExists } from "../assert.ts";
import { newClient, sharedStack, stopSharedStack, type TestStack } from "../support/stack.ts";

Deno.test.afterAll(stopSharedStack);

const options = { sanitizeOps: false, sanitizeResources: false };
const BYTES = crypto.getRandomValues(new Uint8Array(50_000));

function newPath(ending = "mp4"): string {
  return `${crypto.randomUUID()}/${crypto.randomUUID()}/video.${ending}`;
}

async function upload({ admin }: TestStack, path = newPath()): Promise<string> {
  const { error } = await admin.storage.from("videos").upload(path, BYTES, { contentType: "video/mp4" });
  assertEquals(error, null);
  return path;
}

async function sameBytes(blob: Blob | Response, expected: Uint8Array): Promise<void> {
  assertEquals(new Uint8Array(await blob.arrayBuffer()), expected);
}

Deno.test("what was uploaded is downloaded, as bytes and as a blob", options, async () => {
  const stack = await sharedStack({ own: true });
  const { admin } = stack;
  const path = await upload(stack);
  await sameBytes((await admin.storage.from("videos").download(path)).data!, BYTES);
  const asBlob = newPath();
  const file = new Blob([BYTES], { type: "video/mp4" });
  assertEquals((await admin.storage.from("videos").upload(asBlob, file)).error, null);
  await sameBytes((await admin.storage.from("videos").download(asBlob)).data!, BYTES);
});

Deno.test("an object that exists is a Duplicate, at the upload and at its signing", options, async () => {
  const stack = await sharedStack({ own: true });
  const path = await upload(stack);
  const bucket = stack.admin.storage.from("videos");
  const signing = await bucket.createSignedUploadUrl(path);
  const again = await bucket.upload(path, BYTES, { contentType: "video/mp4" });
  for (const { error } of [signing, again]) {
    const { status, statusCode, message } = error as unknown as Record<string, unknown>;
    assertEquals([status, statusCode, message], [400, "409", "The resource already exists"]);
  }
  const raw = await fetch(`${stack.env.SUPABASE_URL}/storage/v1/object/upload/sign/videos/${path}`, {
    method: "POST",
    headers: { apikey: stack.env.SUPABASE_SECRET_KEY! },
  });
  assertEquals([raw.status, (await raw.json()).error], [400, "Duplicate"]);
});

Deno.test("a signed upload is taken once, by whoever holds the address", options, async () => {
  const { admin, env } = await sharedStack({ own: true });
  const path = newPath();
  const { data } = await admin.storage.from("videos").createSignedUploadUrl(path);
  const anyone = newClient(env).storage.from("videos");
  const elsewhere = await anyone.uploadToSignedUrl(newPath(), data!.token, BYTES, {
    contentType: "video/mp4",
  });
  assertExists(elsewhere.error);
  const first = await anyone.uploadToSignedUrl(path, data!.token, BYTES, { contentType: "video/mp4" });
  assertEquals([first.error, first.data?.fullPath], [null, `videos/${path}`]);
  const put = await fetch(data!.signedUrl, {
    method: "PUT",
    body: BYTES,
    headers: { "content-type": "video/mp4" },
  });
  assertEquals([put.status, (await put.json()).statusCode], [400, "409"]);
});

Deno.test("two uploads of one path at once leave one object and no other file", options, async () => {
  const { admin, dataDir } = await sharedStack({ own: true });
  const path = newPath();
  const bucket = admin.storage.from("videos");
  const { data } = await bucket.createSignedUploadUrl(path);
  const count = async () => (await Array.fromAsync(Deno.readDir(`${dataDir}/storage`))).length;
  const before = await count();
  const answers = await Promise.all(
    [1, 2, 3].map(() => bucket.uploadToSignedUrl(path, data!.token, BYTES, { contentType: "video/mp4" })),
  );
  assertEquals(answers.filter(({ error }) => error === null).length, 1);
  assertEquals(await count(), before + 1);
});

Deno.test("a signed address plays in a browser: type, length, ranges", options, async () => {
  const stack = await sharedStack({ own: true });
  const path = await upload(stack);
  const { data } = await stack.admin.storage.from("videos").createSignedUrl(path, 60);
  const whole = await fetch(data!.signedUrl);
  assertEquals([whole.status, whole.headers.get("content-type")], [200, "video/mp4"]);
  assertEquals(whole.headers.get("content-length"), String(BYTES.length));
  await sameBytes(whole, BYTES);
  const ranges: [string, number, number][] = [["bytes=100-199", 100, 200], ["bytes=49990-", 49_990, 50_000], [
    "bytes=-10",
    49_990,
    50_000,
  ]];
  for (const [range, start, end] of ranges) {
    const part = await fetch(data!.signedUrl, { headers: { range } });
    assertEquals([part.status, part.headers.get("content-range")], [206, `bytes ${start}-${end - 1}/50000`]);
    await sameBytes(part, BYTES.subarray(start, end));
  }
  const beyond = await fetch(data!.signedUrl, { headers: { range: "bytes=50000-" } });
  assertEquals([beyond.status, beyond.headers.get("content-range")], [416, "bytes */50000"]);
  const head = await fetch(data!.signedUrl, { method: "HEAD" });
  assertEquals([head.status, head.headers.get("content-length")], [200, "50000"]);
});

Deno.test(
  "a token opens neither another object nor an upload, nor anything after its end",
  options,
  async () => {
    const stack = await sharedStack({ own: true });
    const [path, another] = [await upload(stack), await upload(stack)];
    const bucket = stack.admin.storage.from("videos");
    const signedUrl = (await bucket.createSignedUrl(path, 60)).data!.signedUrl;
    const short = (await bucket.createSignedUrl(path, 0.001)).data!.signedUrl;
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const refused = await Promise.all([
      fetch(signedUrl.replace(path, another)),
      fetch(signedUrl.replace("/object/sign/", "/object/upload/sign/"), { method: "PUT", body: BYTES }),
      fetch(short),
      fetch(`${signedUrl}x`),
      fetch(signedUrl.split("?")[0]!),
    ]);
    for (const response of refused) {
      assertEquals([response.status, (await response.json()).error], [
        400,
        "InvalidJWT",
      ]);
    }
  },
);

Deno.test("the bucket's limits hold for type and size", options, async () => {
  const { admin, sql } = await sharedStack({ own: true });
  const bucket = admin.storage.from("videos");
  const wrongType = await bucket.upload(newPath("html"), BYTES, { contentType: "text/html" });
  assertEquals((wrongType.error as unknown as { statusCode: string }).statusCode, "415");
  const [row] = await sql`select file_size_limit::int as limit from storage.buckets where id = 'videos'`;
  const path = newPath();
  const { data } = await bucket.createSignedUploadUrl(path);
  // Streamed, so that no content-length tells before.
  const chunk = new Uint8Array(1024 * 1024);
  let left = row!.limit + 1;
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(chunk.subarray(0, Math.min(left, chunk.length)));
      left -= chunk.length;
      if (left <= 0) controller.close();
    },
  });
  const tooLarge = await fetch(data!.signedUrl, {
    method: "PUT",
    headers: { "content-type": "video/mp4" },
    body,
  });
  assertEquals([tooLarge.status, (await tooLarge.json()).statusCode], [400, "413"]);
  assertExists((await bucket.download(path)).error);
});

Deno.test(
  "users list, sign and download only what the policies show, and upload nothing",
  options,
  async () => {
    const stack = await sharedStack({ own: true });
    const path = await upload(stack);
    const mine = stack.other.storage.from("videos");
    assertEquals((await mine.list(path.split("/").slice(0, 2).join("/"))).data, []);
    assertExists((await mine.createSignedUrl(path, 60)).error);
    assertExists((await mine.download(path)).error);
    const refused = await mine.upload(newPath(), BYTES, { contentType: "video/mp4" });
    assertEquals((refused.error as unknown as { statusCode: string }).statusCode, "403");
    const removed = await mine.remove([path]);
    assertEquals(removed.data ?? [], []);
    assertEquals((await stack.admin.storage.from("videos").download(path)).error, null);
    const nobody = await fetch(`${stack.env.SUPABASE_URL}/storage/v1/object/videos/${path}`);
    assertEquals(nobody.status, 400);
    await nobody.body?.cancel();
  },
);

Deno.test("list shows one level, remove takes row and bytes away", options, async () => {
  const stack = await sharedStack({ own: true });
  const path = await upload(stack);
  const bucket = stack.admin.storage.from("videos");
  const [top, middle, name] = path.split("/");
  const folders = await bucket.list(top);
  assertEquals(folders.data?.map(({ name, id }) => [name, id]), [[middle, null]]);
  const files = await bucket.list(`${top}/${middle}`);
  assertEquals(files.data?.map((file) => [file.name, file.metadata?.size]), [[name, BYTES.length]]);
  const [row] = await stack.sql`select version from storage.objects where name = ${path}`;
  assertEquals((await bucket.remove([path])).data?.length, 1);
  assertExists((await bucket.download(path)).error);
  const isThere = await Deno.stat(`${stack.dataDir}/storage/${row!.version}`).then(() => true, () => false);
  assert(!isThere);
  const other = await upload(stack);
  const single = () =>
    fetch(`${stack.env.SUPABASE_URL}/storage/v1/object/videos/${other}`, {
      method: "DELETE",
      headers: { apikey: stack.env.SUPABASE_SECRET_KEY! },
    });
  assertEquals((await single()).status, 200);
  assertEquals((await single()).status, 400);
});

Deno.test("signing many addresses reports each path", options, async () => {
  const stack = await sharedStack({ own: true });
  const path = await upload(stack);
  const { data } = await stack.admin.storage.from("videos").createSignedUrls([path, "nothing/here"], 60);
  assertEquals(data?.map(({ error, signedUrl }) => [error === null, signedUrl !== null]), [[true, true], [
    false,
    false,
  ]]);
});
