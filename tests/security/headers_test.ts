// What a stranger may send in headers, paths and queries: each is answered as documented, and nothing of it sticks.

import { assert, assertEquals, assertMatch } from "../assert.ts";
import { stopSharedStack } from "../support/stack.ts";
import { assertAnswer, assertRefusal, attack, JSON_TYPE, withoutLimits } from "./attacker.ts";

Deno.test.afterAll(stopSharedStack);

const GENERATE = "/functions/v1/batch-generate";
const STATUS = "/functions/v1/batch-status";
const IDS = ["aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa1", "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa2"];
const ABSENT = "22222222-2222-4222-8222-222222222222";

Deno.test("malformed ids look like absent ones, and a path means what it says", async () => {
  const { send, demo } = await attack();
  const ids = [
    "x",
    "%00",
    "%ff",
    "%E0%A4%A",
    "..%2f..%2fetc",
    `${ABSENT}'--`,
    `{${ABSENT}}`,
    ABSENT.replaceAll("-", ""),
    `${ABSENT}%0a`,
    `urn:uuid:${ABSENT}`,
    ABSENT,
    ABSENT.toUpperCase(),
    "null",
    "*",
    "eq.1",
  ];
  for (const id of ids) {
    const routes = [["GET", `${STATUS}/${id}`], ["HEAD", `${STATUS}/${id}`], [
      "POST",
      `${GENERATE}/${id}/cancel`,
    ]]
      .concat([["POST", `${GENERATE}/${id}/retry`], ["DELETE", `${GENERATE}/${id}`]]) as [string, string][];
    for (const [method, path] of routes) {
      const answer = await send(method, path, { headers: demo.headers });
      const what = `${method} ${path}`;
      assertRefusal(answer, { status: 404, code: "batch_not_found", what, method });
    }
    const create = await send("POST", GENERATE, {
      headers: { ...demo.headers, ...JSON_TYPE, "x-profile-id": id },
      body: JSON.stringify({ product_ids: IDS }),
    });
    assertRefusal(create, { status: 404, code: "profile_not_found", what: `create as ${id}` });
    const list = await send("GET", STATUS, { headers: { ...demo.headers, "x-profile-id": id } });
    assertRefusal(list, { status: 404, code: "profile_not_found", what: `list as ${id}` });
  }
});

Deno.test("query parameters are bounded, and repeated ones refused by name", async () => {
  const { send, demo } = await attack();
  const uuid = crypto.randomUUID();
  const refused: [string, string][] = [
    ...["", "0", "101", "-1", "1.5", "1e1", "0x10", "٣", " 5", "5 ", "+5", "050", "99999999999999999999"].map(
      (
        limit,
      ) => [`limit=${encodeURIComponent(limit)}`, "query.limit"] as [string, string],
    ),
    ["limit=1&limit=1", "query.limit"],
    ["limit=1&%6cimit=2", "query.limit"],
    ...["", "x", "1_x", `'_${uuid}`, `1e9_${uuid}`, `${"9".repeat(17)}_${uuid}`, `-1_${uuid}`].map((before) =>
      [`before=${encodeURIComponent(before)}`, "query.before"] as [string, string]
    ),
    [`before=1_${uuid}&before=2_${uuid}`, "query.before"],
  ];
  for (const [query, path] of refused) {
    const answer = await send("GET", `${STATUS}?${query}`, { headers: demo.headers });
    assertRefusal(answer, { status: 422, code: "invalid_request", what: query });
    assertEquals([query, answer.body.details[0].path], [query, path]);
  }
  const both = await send("GET", `${STATUS}?limit=x&before=y`, { headers: demo.headers });
  assertEquals(both.body.details.length, 2);
  for (
    const taken of ["", "x=1&x=2", "LIMIT=x", "limit=100", `before=${"9".repeat(16)}_${uuid}`, "limit=1&"]
  ) {
    const answer = await send("GET", `${STATUS}?${taken}`, { headers: demo.headers });
    assertEquals([taken, answer.status], [taken, 200], answer.text);
  }
});

Deno.test("a request id is taken over when it is sane, and never splits a header or a log line", async () => {
  const { send, demo } = await attack();
  const ids: [string, boolean][] = [
    ["a", true],
    ["x".repeat(128), true],
    ["0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", true],
    ["x".repeat(129), false],
    ["a b", false],
    ["a, b", false],
    ["<script>", false],
    ['"};{"', false],
    ["ÿ", false],
    ["a\tb", false],
    ["%0d%0aset-cookie:a=b", false],
  ];
  for (const [id, sane] of ids) {
    for (const path of [STATUS, `${STATUS}/x`, "/functions/v1/process-next", `${STATUS}/a/b/c`]) {
      const { headers } = await send("GET", path, { headers: { ...demo.headers, "x-request-id": id } });
      const given = headers.get("x-request-id") ?? "";
      if (sane) assertEquals(given, id);
      else assertMatch(given, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, id);
    }
  }
});

Deno.test("If-None-Match compares weakly, in lists, and nothing else is a match", async () => {
  const { send, demo } = await attack();
  const get = (tag: string) => send("GET", STATUS, { headers: { ...demo.headers, "if-none-match": tag } });
  const etag = (await send("GET", STATUS, { headers: demo.headers })).headers.get("etag")!;
  const bare = etag.slice(1, -1);
  const matches = [
    "*",
    " * ",
    etag,
    `W/${etag}`,
    `"a", ${etag}`,
    `${etag},"b"`,
    `,, ${etag} ,`,
    `"a,b",W/${etag}`,
  ];
  const misses = [
    "",
    bare,
    `w/${etag}`,
    `"${bare}`,
    `"${bare.toUpperCase()}"`,
    `"a" ${etag}`,
    '"*"',
    `*, "a"`,
  ]
    .concat([`"x${etag}`, "W/", `"${"x".repeat(8000)}"`]);
  for (const tag of matches) {
    const answer = await get(tag);
    assertEquals([tag, answer.status, answer.text, answer.headers.get("etag")], [tag, 304, "", etag]);
    assertAnswer(answer, tag);
    assertEquals(answer.headers.get("cache-control"), "private, no-cache");
  }
  for (const tag of misses) assertEquals([tag, (await get(tag)).status], [tag, 200]);
  const crowd = Array.from({ length: 400 }, (_, n) => `"${n}"`).join(", ");
  assertEquals((await get(`${crowd}, ${etag}`)).status, 304);
});

Deno.test("an idempotency key is 1 to 255 printable ASCII characters, of its profile alone", async () => {
  const attacker = await attack();
  const { send, demo, other } = attacker;
  const create = (key: string, changes: { body?: object; headers?: Record<string, string> } = {}) =>
    send("POST", GENERATE, {
      headers: { ...demo.headers, ...JSON_TYPE, "idempotency-key": key, ...changes.headers },
      body: JSON.stringify({ product_ids: IDS, ...changes.body }),
    });
  await withoutLimits(attacker, async () => {
    for (const bad of ["x".repeat(256), "é", "a\tb", "\u00a0"]) {
      const answer = await create(bad);
      assertRefusal(answer, { status: 422, code: "invalid_request", what: JSON.stringify(bad) });
      assertEquals(answer.body.details.map(({ path }: { path: string }) => path), [
        "headers.idempotency-key",
      ]);
    }
    for (const key of ["a", "x".repeat(255), "' or 1=1 --", "~ ~", "a, b"]) {
      const first = await create(key);
      const again = await create(key, {
        body: { product_ids: IDS.map((id) => id.toUpperCase()), duration_s: 30, cta_text: null },
      });
      assertEquals([key, first.status, again.status, again.text], [key, 202, 200, first.text]);
      assertEquals(again.headers.get("location"), first.headers.get("location"));
      const reversed = await create(key, { body: { product_ids: [...IDS].reverse() } });
      assertRefusal(reversed, { status: 409, code: "idempotency_conflict", what: `${key}, reversed` });
      const foreign = await create(key, { headers: other.headers });
      assertEquals([key, foreign.status], [key, 202]);
      assert(foreign.body.batch_id !== first.body.batch_id);
    }
    const unkeyed = await Promise.all(["", "  "].map((key) => create(key)));
    assertEquals(unkeyed.map(({ status }) => status), [202, 202]);
    const kept = await create("gone");
    await send("DELETE", `${GENERATE}/${kept.body.batch_id}`, { headers: demo.headers });
    const anew = await create("gone", { body: { duration_s: 15 } });
    assertEquals(anew.status, 202);
  });
});

Deno.test("HEAD is GET without a body", async () => {
  const { send, demo } = await attack();
  for (const path of [STATUS, `${STATUS}/${ABSENT}`, `${STATUS}?limit=x`, GENERATE]) {
    const [get, head] = await Promise.all(
      ["GET", "HEAD"].map((method) => send(method, path, { headers: demo.headers })),
    );
    assertEquals([path, head!.status, head!.text], [path, get!.status, ""]);
    for (const name of ["etag", "cache-control", "content-type", "allow"]) {
      assertEquals([name, head!.headers.get(name)], [name, get!.headers.get(name)]);
    }
    const length = head!.headers.get("content-length");
    assert(
      length === null || Number(length) === new TextEncoder().encode(get!.text).length,
      `${path}: ${length}`,
    );
  }
});
