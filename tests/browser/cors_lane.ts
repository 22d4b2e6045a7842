// The API as a frontend on another origin meets it: in a real browser, which keeps from a page what CORS does not give.

import { assert, assertEquals, assertMatch } from "../assert.ts";
import { sharedStack, stopSharedStack, type TestStack } from "../support/stack.ts";
import { findChromium, openChromium, type Page } from "./chromium.ts";

let opened: Promise<Frontend> | null = null;
const frontendOf = () => opened ??= openFrontend();

Deno.test.afterAll(async () => {
  await (await opened)?.close();
  await stopSharedStack();
});

const options = { sanitizeOps: false, sanitizeResources: false };

interface Seen {
  status: number;
  headers: Record<string, string>;
  text: string;
}

interface Frontend {
  stack: TestStack;
  page: Page;
  headers: Record<string, string>;
  /** A `fetch` of the page. */
  call(
    method: string,
    path: string,
    sent?: { headers?: Record<string, string>; body?: string },
  ): Promise<Seen>;
  close(): Promise<void>;
}

const FETCH = `
  const [url, method, headers, body] = args;
  const response = await fetch(url, { method, headers, body, cache: "no-store" });
  return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };`;

/** A page on an origin of its own, and the first user's token. */
async function openFrontend(): Promise<Frontend> {
  const stack = await sharedStack();
  const path = await findChromium();
  if (path === null) throw new Error("no Chromium here; as root: apt-get install -y chromium");
  const page = await openChromium(path);
  const site = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("<!doctype html><title>shop</title>", { headers: { "content-type": "text/html" } }),
  );
  await page.open(`http://127.0.0.1:${site.addr.port}/`);
  const { data } = await stack.demo.auth.getSession();
  const base = {
    apikey: stack.env.SUPABASE_PUBLISHABLE_KEY!,
    authorization: `Bearer ${data.session!.access_token}`,
    "x-client-info": "shop/1.0",
  };
  return {
    stack,
    page,
    headers: base,
    call: (method, path, { headers = {}, body } = {}) =>
      page.run<Seen>(
        FETCH,
        stack.env.SUPABASE_URL! + path,
        method,
        { ...base, ...headers },
        body ?? undefined,
      ),
    async close() {
      await page[Symbol.asyncDispose]();
      await site.shutdown();
    },
  };
}

/** Every header that the contract lets a client send, beside the three of `headers`. */
const DOCUMENTED = { "x-retry-count": "1", "content-type": "application/json" };
const GENERATE = "/functions/v1/batch-generate";
const STATUS = "/functions/v1/batch-status";

async function exchangeAll({ call, stack, headers }: Frontend): Promise<void> {
  const [profile] = await stack.sql`select p.id from public.profiles p join auth.users u on u.id = p.user_id
    where u.email = ${stack.env.DEMO_EMAIL!} and p.is_default`;
  const sent = {
    ...DOCUMENTED,
    "x-profile-id": profile!.id,
    "idempotency-key": "from a page",
    "x-request-id": "page-1",
  };
  const body = JSON.stringify({ product_ids: [crypto.randomUUID(), crypto.randomUUID()] });
  const created = await call("POST", GENERATE, { headers: sent, body });
  assertEquals([created.status, created.headers["x-request-id"]], [202, "page-1"], created.text);
  const { batch_id } = JSON.parse(created.text);
  assertEquals(created.headers.location, `${stack.env.SUPABASE_URL}${STATUS}/${batch_id}`);
  assertEquals((await call("POST", GENERATE, { headers: sent, body })).status, 200);
  const foreign = await call("POST", GENERATE, {
    headers: { ...sent, "x-profile-id": crypto.randomUUID() },
    body,
  });
  assertEquals([foreign.status, JSON.parse(foreign.text).code], [404, "profile_not_found"]);
  const conflict = await call("POST", GENERATE, {
    headers: sent,
    body: body.replace("}", ',"duration_s":15}'),
  });
  assertEquals([conflict.status, conflict.headers["x-request-id"]], [409, "page-1"]);
  await stack
    .sql`update public.jobs set status = 'cancelled', finished_at = now() where batch_id = ${batch_id}
    and status in ('queued', 'processing')`;

  for (const path of [STATUS, `${STATUS}/${batch_id}`]) {
    const read = await call("GET", path, { headers: DOCUMENTED });
    const etag = read.headers.etag ?? "";
    assertMatch(etag, /^"[0-9a-f]{32}"$/);
    const again = await call("GET", path, { headers: { "if-none-match": etag, "x-request-id": "page-2" } });
    assertEquals([again.status, again.text, again.headers.etag, again.headers["x-request-id"]], [
      304,
      "",
      etag,
      "page-2",
    ]);
    const head = await call("HEAD", path);
    assertEquals([head.status, head.text, head.headers.etag], [200, "", etag]);
  }
  const bad = await call("GET", `${STATUS}?limit=x`, { headers: { "x-request-id": "page-3" } });
  assertEquals([bad.status, bad.headers["x-request-id"]], [422, "page-3"]);

  await stack.sql`update private.settings set value = 0 where name = 'max_requests_per_minute'`;
  const limited = await call("POST", GENERATE, { headers: DOCUMENTED, body });
  await stack.sql`update private.settings set value = 60 where name = 'max_requests_per_minute'`;
  assertEquals(limited.status, 429, limited.text);
  assertMatch(limited.headers["retry-after"] ?? "", /^[1-9]\d*$/);

  const finished = await call("POST", `${GENERATE}/${batch_id}/cancel`, { headers: DOCUMENTED });
  assert([202, 409].includes(finished.status), finished.text);
  assertEquals(
    (await call("POST", `${GENERATE}/${batch_id}/retry`, { headers: DOCUMENTED, body: "[]" })).status,
    422,
  );
  assertEquals((await call("DELETE", `${GENERATE}/${batch_id}`)).status, 204);
  const next = { headers: { ...DOCUMENTED, "x-request-id": "page-4" }, body: JSON.stringify({ batch_id }) };
  const refused = await call("POST", "/functions/v1/process-next", next);
  assertEquals([refused.status, refused.headers["x-request-id"]], [401, "page-4"]);
  const secret = { ...next, headers: { ...next.headers, apikey: stack.env.SUPABASE_SECRET_KEY! } };
  assertEquals((await call("POST", "/functions/v1/process-next", secret)).status, 202);
  const nobody = await call("GET", STATUS, { headers: { authorization: `${headers.authorization}x` } });
  assertEquals(nobody.status, 401);
}

const PLAY = `
  const video = document.createElement("video");
  Object.assign(video, { muted: true, crossOrigin: "anonymous", src: args[0] });
  document.body.append(video);
  const failed = new Promise((_, reject) => video.onerror = () => reject(new Error("video: " + video.error?.message)));
  const played = new Promise((resolve) => video.ontimeupdate = () => video.currentTime > 0.5 && resolve());
  await video.play();
  await Promise.race([played, failed]);
  const canvas = Object.assign(document.createElement("canvas"), { width: 9, height: 16 });
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 9, 16);
  // A canvas that a foreign picture has tainted would throw here.
  const colours = new Set(new Uint32Array(context.getImageData(0, 0, 9, 16).data.buffer)).size;
  video.currentTime = video.duration - 1;
  await new Promise((resolve) => video.onseeked = resolve);
  return { width: video.videoWidth, height: video.videoHeight, duration: video.duration, colours };`;

Deno.test(
  "a page on another origin sends every documented header and reads every exposed one",
  options,
  async () => {
    const frontend = await frontendOf();
    await exchangeAll(frontend);
  },
);

Deno.test("a page on another origin reads and writes products through REST", options, async () => {
  const frontend = await frontendOf();
  const { call, stack } = frontend;
  const [profile] = await stack.sql`select p.id from public.profiles p join auth.users u on u.id = p.user_id
    where u.email = ${stack.env.DEMO_EMAIL!} limit 1`;
  const written = await call("POST", "/rest/v1/products?select=id,title", {
    headers: {
      ...DOCUMENTED,
      prefer: "return=representation",
      "content-profile": "public",
      accept: "application/vnd.pgrst.object+json",
    },
    body: JSON.stringify({ profile_id: profile!.id, title: "From a page" }),
  });
  assertEquals([written.status, JSON.parse(written.text).title], [201, "From a page"]);
  const read = await call("GET", "/rest/v1/products?select=id&title=eq.From%20a%20page", {
    headers: { "accept-profile": "public" },
  });
  assertEquals([read.status, JSON.parse(read.text).length], [200, 1]);
  const removed = await call("DELETE", "/rest/v1/products?title=eq.From%20a%20page");
  assertEquals(removed.status, 204);
});

Deno.test("a page makes a video and plays it from its signed address", options, async () => {
  const frontend = await frontendOf();
  const { call, page, stack } = frontend;
  const { data } = await stack.demo.from("products").select("id").limit(2);
  const created = await call("POST", GENERATE, {
    headers: DOCUMENTED,
    body: JSON.stringify({
      product_ids: data!.map(({ id }) => id),
      tts_provider: "local",
      duration_s: 15,
      concurrency: 2,
    }),
  });
  assertEquals(created.status, 202, created.text);
  const video = await page.run<{ url: string; thumbnail: string }>(
    `
    const [url, headers] = args;
    for (let etag = "";;) {
      const response = await fetch(url, { headers: { ...headers, "if-none-match": etag }, cache: "no-store" });
      if (response.status === 200) {
        etag = response.headers.get("etag");
        const { status, product_jobs } = await response.json();
        const done = product_jobs.find((job) => job.status === "completed");
        if (done) return { url: done.result.video_url, thumbnail: done.result.thumbnail_url };
        if (status !== "processing") throw new Error(JSON.stringify(product_jobs));
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }`,
    created.headers.location,
    frontend.headers,
  );
  const played = await page.run<Record<string, number>>(PLAY, video.url);
  assertEquals([played.width, played.height, Math.round(played.duration!)], [1080, 1920, 15]);
  assert(played.colours! > 8, JSON.stringify(played));
  const picture = await page.run<number[]>(
    `
    const bitmap = await createImageBitmap(await (await fetch(args[0])).blob());
    return [bitmap.width, bitmap.height];`,
    video.thumbnail,
  );
  assertEquals(picture[1]! / picture[0]!, 16 / 9);
});
