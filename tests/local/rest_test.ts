// The local stack's REST as supabase-js uses it, with its refusals.

import { importJWK, SignJWT } from "jose";
import { assert, assertEquals, assertExists } from "../assert.ts";
import { newClient, sharedStack, stopSharedStack, type TestStack } from "../support/stack.ts";

Deno.test.afterAll(stopSharedStack);

const options = { sanitizeOps: false, sanitizeResources: false };

async function demoProfile({ demo }: TestStack): Promise<string> {
  const { data, error } = await demo.from("profiles").select("id").eq("is_default", true).single();
  assertEquals(error, null);
  return data!.id;
}

function get(stack: TestStack, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${stack.env.SUPABASE_URL}/rest/v1/${path}`, { headers });
}

async function signed(stack: TestStack, claims: Record<string, unknown>): Promise<string> {
  const [key] = JSON.parse(await Deno.readTextFile(stack.env.JWT_SIGNING_KEYS_PATH!));
  return await new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: key.kid })
    .sign(await importJWK(key, "ES256"));
}

Deno.test("a fresh stack holds the sample shop, and its pictures are served", options, async () => {
  const stack = await sharedStack({ own: true });
  const { data } = await stack.demo.from("products").select("external_id, image_urls").order("external_id");
  assertExists(data);
  assert(data.length >= 10);
  const picture = await fetch(data[0]!.image_urls[0]);
  assertEquals([picture.status, picture.headers.get("content-type")], [200, "image/jpeg"]);
  await picture.body?.cancel();
});

Deno.test("select filters, orders and limits as asked", options, async () => {
  const { demo } = await sharedStack({ own: true });
  const all = await demo.from("products").select("*").order("price", { ascending: false, nullsFirst: false });
  const prices = all.data!.map(({ price }) => price).filter((price) => price !== null);
  assertEquals(prices, [...prices].sort((a, b) => b - a));
  const ids = all.data!.slice(0, 2).map(({ id }) => id);
  const some = await demo.from("products").select("id,title").in("id", ids).gt("price", 0).lt("price", 1e9)
    .order("price", { ascending: false }).limit(1);
  assertEquals(some.data, [{ id: ids[0], title: all.data![0].title }]);
  const unpriced = await demo.from("products").select("id").is("price", null);
  assertEquals(unpriced.data!.length, all.data!.length - prices.length);
  const quoted = await demo.from("products").select("id").in("title", ['a, "b" \\ (c)', "x"]);
  assertEquals(quoted.data, []);
});

Deno.test("single and maybeSingle answer as PostgREST's", options, async () => {
  const { demo } = await sharedStack({ own: true });
  const nobody = "00000000-0000-0000-0000-000000000000";
  assertEquals((await demo.from("products").select("id").eq("id", nobody).maybeSingle()).data, null);
  const none = await demo.from("products").select("id").eq("id", nobody).single();
  assertEquals([none.status, none.error?.code], [406, "PGRST116"]);
  const many = await demo.from("products").select("id").single();
  assertEquals([many.status, many.error?.code], [406, "PGRST116"]);
});

Deno.test("an owner inserts, upserts, updates and deletes products", options, async () => {
  const stack = await sharedStack({ own: true });
  const { demo } = stack;
  const profile_id = await demoProfile(stack);
  const row = {
    profile_id,
    external_id: "rest-test",
    title: "Țepi „ascuțiți”",
    price: "12.50",
    image_urls: ["a", 'b"'],
  };
  const made = await demo.from("products").insert(row).select().single();
  assertEquals([made.status, made.data?.title, made.data?.price], [201, row.title, 12.5]);
  assertEquals(made.data?.image_urls, row.image_urls);
  const again = await demo.from("products").insert(row);
  assertEquals([again.status, again.error?.code], [409, "23505"]);
  const upserted = await demo.from("products").upsert([{ ...row, title: "New" }], {
    onConflict: "profile_id,external_id",
  }).select("id,title");
  assertEquals(upserted.data, [{ id: made.data!.id, title: "New" }]);
  const kept = await demo.from("products").upsert([{ ...row, title: "Newer" }], {
    onConflict: "profile_id,external_id",
    ignoreDuplicates: true,
  });
  assertEquals(kept.error, null);
  const updated = await demo.from("products").update({ price: null }).eq("id", made.data!.id).select(
    "title,price",
  );
  assertEquals(updated.data, [{ title: "New", price: null }]);
  const removed = await demo.from("products").delete().eq("id", made.data!.id);
  assertEquals([removed.status, removed.error], [204, null]);
  assertEquals((await demo.from("products").select("id").eq("external_id", "rest-test")).data, []);
});

Deno.test("bulk inserts take defaults for missing columns when asked to", options, async () => {
  const stack = await sharedStack({ own: true });
  const { demo } = stack;
  const profile_id = await demoProfile(stack);
  const rows = [{ profile_id, title: "A", external_id: "bulk-a" }, { profile_id, title: "B" }];
  const { data, error } = await demo.from("products").insert(rows, { defaultToNull: false }).select(
    "id,external_id",
  );
  assertEquals(error, null);
  assertEquals(data![0]!.external_id, "bulk-a");
  assertExists(data![1]!.external_id);
  await demo.from("products").delete().in("id", data!.map(({ id }) => id));
  const refused = await demo.from("products").insert(rows);
  assertEquals([refused.status, refused.error?.code], [400, "23502"]);
});

Deno.test("another user sees and changes nothing", options, async () => {
  const stack = await sharedStack({ own: true });
  const { other, demo } = stack;
  const profile_id = await demoProfile(stack);
  assertEquals((await other.from("products").select("id")).data, []);
  const inserted = await other.from("products").insert({ profile_id, title: "Mine now" });
  assertEquals([inserted.status, inserted.error?.code], [403, "42501"]);
  const updated = await other.from("products").update({ title: "Mine now" }).eq("profile_id", profile_id)
    .select();
  assertEquals(updated.data, []);
  const { data } = await demo.from("products").select("id").eq("title", "Mine now");
  assertEquals(data, []);
});

Deno.test("finished videos are read newest first, by their owner alone", options, async () => {
  const stack = await sharedStack({ own: true });
  const profileId = await demoProfile(stack);
  const [batch] = await stack.sql`insert into public.batches (profile_id, options)
    values (${profileId}, '{"concurrency": 1}') returning id`;
  const result = (title: string) => ({
    video_path: `${profileId}/${title}.mp4`,
    video_token: "signed",
    duration_s: 15,
    postable: { tiktok: { ok: true, reasons: [] } },
  });
  for (
    const [position, [title, minutes]] of ([["second", 2], ["first", 1], ["third", 3]] as const).entries()
  ) {
    await stack
      .sql`insert into public.jobs (batch_id, profile_id, product_id, position, title, status, stage, progress,
        attempt, started_at, finished_at, result)
      values (${batch!.id}, ${profileId}, gen_random_uuid(), ${position}, ${title}, 'completed', 'store', 100,
        1, now(), now() - ${minutes} * interval '1 min', ${stack.sql.json(result(title))})`;
  }
  const newest = await stack.demo.from("videos").select("title,video_link,duration_s,postable").eq(
    "batch_id",
    batch!.id,
  ).limit(2);
  assertEquals(newest.data?.map(({ title }) => title), ["first", "second"]);
  assertEquals(newest.data![0], {
    title: "first",
    video_link: `/storage/v1/object/sign/videos/${profileId}/first.mp4?token=signed`,
    duration_s: 15,
    postable: { tiktok: { ok: true, reasons: [] } },
  });
  assertEquals((await stack.other.from("videos").select("title")).data, []);
  await stack.sql`delete from public.batches where id = ${batch!.id}`;
});

Deno.test("anon is told to log in, queue functions are refused to users", options, async () => {
  const { env, demo } = await sharedStack({ own: true });
  const anon = await newClient(env).from("products").select("id");
  assertEquals([anon.status, anon.error?.code], [401, "42501"]);
  const call = await demo.rpc("sweep");
  assertEquals([call.status, call.error?.code], [403, "42501"]);
  assertEquals((await newClient(env).rpc("sweep")).status, 401);
});

Deno.test("rpc maps raised PTxyz to its status and gives jsonb as it is", options, async () => {
  const { admin } = await sharedStack({ own: true });
  const swept = await admin.rpc("sweep");
  assertEquals([swept.status, Array.isArray(swept.data?.kick)], [200, true]);
  const id = crypto.randomUUID();
  const refused = await admin.rpc("cancel_batch", { p_user_id: id, p_batch_id: id });
  assertEquals([refused.status, refused.error?.code, refused.error?.details], [
    404,
    "PT404",
    "batch_not_found",
  ]);
  const unknown = await admin.rpc("no_such_function", { a: 1 });
  assertEquals([unknown.status, unknown.error?.code], [404, "PGRST202"]);
  const kicked = await admin.rpc("record_kick", { p_batch_id: id, p_status: 202, p_message: "ok" });
  assertEquals([kicked.status, kicked.data], [204, null]);
});

Deno.test("errors of names, values and schemas have PostgREST's codes", options, async () => {
  const { demo, env } = await sharedStack({ own: true });
  const cases = [
    [await demo.from("nothing").select("id"), 404, "PGRST205"],
    [await demo.from("products").select("nothing"), 400, "42703"],
    [await demo.from("products").select("id").eq("id", "no uuid"), 400, "22P02"],
    [await demo.from("products").insert({ nothing: 1 }), 400, "PGRST204"],
    [await demo.from("products").delete(), 400, "21000"],
    [await demo.schema("private").from("settings").select("name"), 406, "PGRST106"],
  ] as const;
  for (const [answer, status, code] of cases) {
    assertEquals([answer.status, answer.error?.code], [status, code]);
  }
  const bad = await fetch(`${env.SUPABASE_URL}/rest/v1/rpc/sweep`, {
    method: "POST",
    headers: { apikey: env.SUPABASE_SECRET_KEY! },
    body: "{",
  });
  assertEquals([bad.status, (await bad.json()).code], [400, "PGRST102"]);
});

Deno.test("what is not in the list answers 501 and names itself", options, async () => {
  const { demo, env } = await sharedStack({ own: true });
  const asked = [
    await demo.from("products").select("id").neq("id", "x"),
    await demo.from("products").select("id").or("id.eq.1"),
    await demo.from("products").select("id, profiles(name)"),
    await demo.from("products").select("id", { count: "exact" }),
    await demo.from("products").select("id").range(0, 1),
    await demo.from("products").select("id").csv(),
    await demo.rpc("sweep", {}, { count: "exact" }),
  ];
  assertEquals(asked.map(({ status }) => status), asked.map(() => 501));
  assert(asked[0]!.error?.message.includes("id=neq"));
  for (const path of ["graphql/v1", "realtime/v1/x", "storage/v1/bucket", "auth/v1/signup", "rest/v1/"]) {
    const response = await fetch(`${env.SUPABASE_URL}/${path}`, {
      headers: { apikey: env.SUPABASE_SECRET_KEY! },
    });
    assertEquals([path, response.status], [path, 501]);
    assert((await response.json()).message.includes(path));
  }
});

Deno.test("requests without a key, with a wrong key or with a bad token are 401", options, async () => {
  const stack = await sharedStack({ own: true });
  const { env } = stack;
  const apikey = env.SUPABASE_PUBLISHABLE_KEY!;
  const now = Math.floor(Date.now() / 1000);
  const expired = await signed(stack, { role: "service_role", exp: now - 60 });
  const hs256 = await new SignJWT({ role: "service_role" }).setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(apikey));
  const none = `${btoa('{"alg":"none"}')}.${btoa('{"role":"service_role"}')}.`;
  const cases: [Record<string, string>, string | undefined][] = [
    [{}, undefined],
    [{ apikey: "sb_secret_wrong" }, undefined],
    [{ apikey, authorization: `Bearer ${expired}` }, "PGRST303"],
    [{ apikey, authorization: `Bearer ${hs256}` }, "PGRST301"],
    [{ apikey, authorization: `Bearer ${none}` }, "PGRST301"],
    [{ apikey, authorization: "Bearer garbage" }, "PGRST301"],
  ];
  for (const [headers, code] of cases) {
    const response = await get(stack, "products?select=id", headers);
    assertEquals([response.status, (await response.json()).code], [401, code]);
    assertEquals(response.headers.get("access-control-allow-origin"), "*");
  }
});

Deno.test(
  "a token's role is one that PostgREST may take, and the secret key counts as a bearer",
  options,
  async () => {
    const stack = await sharedStack({ own: true });
    const apikey = stack.env.SUPABASE_PUBLISHABLE_KEY!;
    const exp = Math.floor(Date.now() / 1000) + 60;
    const stranger = await signed(stack, { role: "postgres", exp });
    const refused = await get(stack, "products?select=id", { apikey, authorization: `Bearer ${stranger}` });
    assertEquals([refused.status, (await refused.json()).code], [403, "42501"]);
    const bearer = await get(stack, "products?select=id", {
      authorization: `Bearer ${stack.env.SUPABASE_SECRET_KEY}`,
    });
    assertEquals(bearer.status, 200);
    await bearer.body?.cancel();
  },
);

Deno.test(
  "preflights are answered for any header, with the headers that clients read exposed",
  options,
  async () => {
    const { env } = await sharedStack({ own: true });
    const response = await fetch(`${env.SUPABASE_URL}/rest/v1/products`, {
      method: "OPTIONS",
      headers: { origin: "http://shop.example", "access-control-request-headers": "prefer, apikey" },
    });
    assertEquals([response.status, response.headers.get("access-control-allow-headers")], [
      204,
      "prefer, apikey",
    ]);
  },
);
