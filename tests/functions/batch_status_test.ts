// GET /batch-status: the user's own token, entity tags, the list's query, HEAD.

import { createKeptBodies } from "../../supabase/functions/batch-status/kept_bodies.ts";
import { assertEquals } from "../assert.ts";
import { BATCH_ID, batchStatus, get, PROFILE_ID, type RpcCall, token } from "./support.ts";

const TAG = "0123456789abcdef0123456789abcdef";
const OTHER_TAG = "f".repeat(32);
const BODY = { batch_id: BATCH_ID, status: "processing", product_jobs: [{ status: "queued", result: null }] };

/** As the database does it: no body for who names the tag. */
function tagged({ args }: RpcCall) {
  const known = args.p_etags as string[];
  return { json: { etag: TAG, body: known.includes(TAG) || known.includes("*") ? null : BODY } };
}

Deno.test("a status is read with the user's own token and answered with its tag", async () => {
  const { request, calls } = batchStatus(tagged, { PUBLIC_URL: "http://database.test" });
  const response = await request(`/batch-status/${BATCH_ID}?limit=x&limit=y`, get());
  assertEquals([response.status, await response.json()], [200, BODY]);
  assertEquals(response.headers.get("etag"), `"${TAG}"`);
  assertEquals(response.headers.get("cache-control"), "private, no-cache");
  assertEquals(response.headers.get("content-type"), "application/json");
  assertEquals(calls[0]?.headers.get("authorization"), `Bearer ${token}`);
  assertEquals(calls[0]?.headers.get("apikey"), "sb_publishable_default");
  assertEquals(calls[0]?.args, { p_batch_id: BATCH_ID, p_origin: "http://database.test", p_etags: [] });
  assertEquals(calls.length, 1);
});

Deno.test("a result is shown with addresses under PUBLIC_URL in place of its tokens", async () => {
  const kept = {
    video_path: "p/j/v.mp4",
    video_token: "a.video",
    thumbnail_path: "p/j/v.jpg",
    thumbnail_token: "a.thumbnail",
    subtitles_path: "p/j/v.srt",
    subtitles_token: "a.subtitles",
    duration_s: 15,
    warnings: [{ code: "dark" }],
  };
  const rows = [
    { product_id: "one", status: "completed", result: kept },
    { product_id: "two", status: "failed", result: null },
    { product_id: "three", status: "completed", result: { width: 1080, subtitles_path: "p/j/w.srt" } },
  ];
  const body = { batch_id: BATCH_ID, total: 3, product_jobs: rows };
  const { request } = batchStatus(() => ({ json: { etag: TAG, body } }), {
    PUBLIC_URL: "https://shop.test",
    JWT_ISSUER: "http://database.test/auth/v1",
  });
  const shown = await (await request(`/batch-status/${BATCH_ID}`, get())).json();
  const base = "https://shop.test/storage/v1/object/sign/videos/p/j";
  assertEquals(shown, {
    ...body,
    product_jobs: [
      {
        ...rows[0],
        result: {
          video_path: "p/j/v.mp4",
          thumbnail_path: "p/j/v.jpg",
          subtitles_path: "p/j/v.srt",
          duration_s: 15,
          warnings: [{ code: "dark" }],
          video_url: `${base}/v.mp4?token=a.video`,
          thumbnail_url: `${base}/v.jpg?token=a.thumbnail`,
          subtitles_url: `${base}/v.srt?token=a.subtitles`,
        },
      },
      rows[1],
      {
        ...rows[2],
        result: {
          width: 1080,
          subtitles_path: "p/j/w.srt",
          video_url: null,
          thumbnail_url: null,
          subtitles_url: null,
        },
      },
    ],
  });
});

Deno.test("a body that was answered once is neither sent nor made again while the database names its tag", async () => {
  let etag = TAG;
  const { request, calls } = batchStatus(({ args }) => {
    const body = (args.p_etags as string[]).includes(etag) ? null : { tag: etag, product_jobs: [] };
    return { json: { etag, body } };
  });
  const seen = [];
  for (const now of [TAG, TAG, OTHER_TAG, OTHER_TAG, TAG]) {
    etag = now;
    const response = await request(`/batch-status/${BATCH_ID}`, get());
    assertEquals([response.status, response.headers.get("etag")], [200, `"${now}"`]);
    assertEquals(response.headers.get("content-type"), "application/json");
    assertEquals(response.headers.get("cache-control"), "private, no-cache");
    seen.push((await response.json()).tag);
  }
  assertEquals(seen, [TAG, TAG, OTHER_TAG, OTHER_TAG, TAG]);
  const known = await request(`/batch-status/${BATCH_ID}`, get({ "if-none-match": `"${OTHER_TAG}"` }));
  assertEquals(await known.json(), { tag: TAG, product_jobs: [] });
  const same = await request(`/batch-status/${BATCH_ID}`, get({ "if-none-match": `"${TAG}"` }));
  assertEquals([same.status, await same.text()], [304, ""]);
  assertEquals(calls.map(({ args }) => args.p_etags), [
    [],
    [TAG],
    [TAG],
    [OTHER_TAG],
    [OTHER_TAG],
    [OTHER_TAG, TAG],
    [TAG, TAG],
  ]);
});

Deno.test("a body that is at hand is given to nobody whom the database refuses", async () => {
  let mayRead = true;
  const { request } = batchStatus((call) => mayRead ? tagged(call) : { json: null });
  assertEquals((await request(`/batch-status/${BATCH_ID}`, get())).status, 200);
  mayRead = false;
  for (const ifNoneMatch of ["", `"${TAG}"`, "*"]) {
    const response = await request(`/batch-status/${BATCH_ID}`, get({ "if-none-match": ifNoneMatch }));
    assertEquals([response.status, (await response.json()).code], [404, "batch_not_found"]);
  }
});

Deno.test("of the bodies at hand those go first that were not asked for", () => {
  const bodies = createKeptBodies(10);
  const keep = (batchId: string, text: string) => bodies.keep(batchId, { etag: TAG, text });
  const held = () => ["a", "b", "c"].filter((batchId) => bodies.find(batchId));
  keep("a", "1234");
  keep("b", "1234");
  bodies.find("a");
  keep("c", "1234");
  assertEquals(held(), ["a", "c"]);
  keep("a", "123456");
  assertEquals(held(), ["a", "c"]);
  keep("a", "1234567");
  assertEquals(held(), ["a"]);
  keep("b", "12345678901");
  assertEquals(held(), []);
  keep("c", "1234567890");
  assertEquals([held(), bodies.find("c")], [["c"], { etag: TAG, text: "1234567890" }]);
});

Deno.test("If-None-Match gives 304 for the tag, weak or in a list, and for *; otherwise the body", async () => {
  const tried: [string, number][] = [
    [`"${TAG}"`, 304],
    [`W/"${TAG}"`, 304],
    [`"${OTHER_TAG}", "${TAG}"`, 304],
    [`"a,b" , W/"x" ,, W/"${TAG}"`, 304],
    [`,"${TAG}"`, 304],
    ["*", 304],
    [" * ", 304],
    [`"${OTHER_TAG}"`, 200],
    [`"*"`, 200],
    [TAG, 200],
    [`w/"${TAG}"`, 200],
    [`"${TAG.toUpperCase()}"`, 200],
    [`"x ${TAG}"`, 200],
    ["", 200],
    ['"', 200],
  ];
  for (const path of [`/batch-status/${BATCH_ID}`, "/batch-status"]) {
    const { request } = batchStatus(tagged);
    for (const [ifNoneMatch, status] of tried) {
      const response = await request(path, get({ "if-none-match": ifNoneMatch }));
      assertEquals([ifNoneMatch, response.status], [ifNoneMatch, status]);
      assertEquals(response.headers.get("etag"), `"${TAG}"`);
      assertEquals(response.headers.get("cache-control"), "private, no-cache");
      assertEquals(await response.text(), status === 304 ? "" : JSON.stringify(BODY));
    }
  }
});

Deno.test("HEAD is GET without a body", async () => {
  const { request } = batchStatus(tagged);
  for (const path of [`/batch-status/${BATCH_ID}`, "/batch-status"]) {
    const response = await request(path, { ...get(), method: "HEAD" });
    assertEquals([response.status, await response.text()], [200, ""]);
    assertEquals(response.headers.get("etag"), `"${TAG}"`);
    const same = await request(path, { ...get({ "if-none-match": `"${TAG}"` }), method: "HEAD" });
    assertEquals(same.status, 304);
  }
});

Deno.test("a batch that row level security hides is not found, with * too", async () => {
  const { request } = batchStatus(() => ({ json: null }));
  const response = await request(`/batch-status/${BATCH_ID}`, get({ "if-none-match": "*" }));
  assertEquals([response.status, (await response.json()).code], [404, "batch_not_found"]);
});

Deno.test("a token that PostgREST no longer takes is unauthenticated", async () => {
  const { request } = batchStatus(() => ({
    status: 401,
    error: { code: "PGRST303", message: "JWT expired" },
  }));
  const response = await request(`/batch-status/${BATCH_ID}`, get());
  assertEquals([response.status, (await response.json()).code], [401, "unauthenticated"]);
});

Deno.test("the list passes limit, cursor and profile on, with defaults", async () => {
  const { request, calls } = batchStatus(tagged);
  const cursor = `1795000000000000_${BATCH_ID}`;
  await request("/batch-status?unknown=1&unknown=2", get());
  await request(
    `/batch-status?limit=100&before=${cursor}`,
    get({ "x-profile-id": PROFILE_ID.toUpperCase() }),
  );
  assertEquals(calls.map(({ name, args }) => [name, args.p_profile_id, args.p_limit, args.p_before]), [
    ["list_batch_statuses", null, 20, null],
    ["list_batch_statuses", PROFILE_ID, 100, cursor],
  ]);
});

Deno.test("a bad query is refused with every offence at its parameter, before the profile is looked at", async () => {
  const { request, calls } = batchStatus(tagged);
  const tried: [string, string[]][] = [
    ["limit=0", ["query.limit"]],
    ["limit=101", ["query.limit"]],
    ["limit=1.5", ["query.limit"]],
    ["limit=", ["query.limit"]],
    ["limit=%00", ["query.limit"]],
    ["limit=20&limit=20", ["query.limit"]],
    ["before=x", ["query.before"]],
    ["before=", ["query.before"]],
    [`before=1_${BATCH_ID}&before=1_${BATCH_ID}`, ["query.before"]],
    ["limit=x&before=y", ["query.limit", "query.before"]],
    ["limit=1&limit=2&before=y", ["query.limit", "query.before"]],
  ];
  for (const [query, paths] of tried) {
    const response = await request(`/batch-status?${query}`, get({ "x-profile-id": "nobody" }));
    const { code, details } = await response.json();
    assertEquals([query, response.status, code], [query, 422, "invalid_request"]);
    assertEquals([query, details.map(({ path }: { path: string }) => path)], [query, paths]);
  }
  assertEquals((await request("/batch-status", get({ "x-profile-id": "nobody" }))).status, 404);
  assertEquals(calls, []);
});

Deno.test("a profile that is not the user's is not found", async () => {
  const { request } = batchStatus(() => ({
    status: 404,
    error: { code: "PT404", details: "profile_not_found" },
  }));
  const response = await request("/batch-status", get({ "x-profile-id": PROFILE_ID }));
  assertEquals([response.status, (await response.json()).code], [404, "profile_not_found"]);
});
