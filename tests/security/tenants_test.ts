// A second user, and nobody at all, by every path there is: nothing of the first user's is there for them.

import { assert, assertEquals } from "../assert.ts";
import { stopSharedStack } from "../support/stack.ts";
import { type Answer, assertRefusal, attack, type Attacker, JSON_TYPE } from "./attacker.ts";

Deno.test.afterAll(stopSharedStack);

interface Target {
  profileId: string;
  productId: string;
  externalId: string;
  title: string;
  batchId: string;
  jobId: string;
  /** Of an object that is there. */
  videoPath: string;
  ownProfileId: string;
  ownProductId: string;
}

/** The first user gets a batch with a finished video, the second a profile with one product. */
async function prepare({ stack, demo, other, send }: Attacker): Promise<Target> {
  const { sql, admin } = stack;
  await sql`delete from public.profiles where user_id = ${other.userId}`;
  const [product] = await sql`select p.id, p.profile_id, p.external_id, p.title from public.products p
    join public.profiles s on s.id = p.profile_id where s.user_id = ${demo.userId} limit 1`;
  await sql`delete from public.batches where profile_id = ${product!.profile_id}`;
  await sql`delete from private.requests where user_id = ${demo.userId}`;
  const ids = [product!.id, crypto.randomUUID()];
  const [made] = await sql`select public.create_batch(${demo.userId}, ${product!.profile_id}, null, ${ids},
    '{"concurrency": 1}', null) as answer`;
  const batchId = made!.answer.batch_id;
  const [job] = await sql`select id from public.jobs where batch_id = ${batchId} and position = 0`;
  const videoPath = `${product!.profile_id}/${job!.id}/${job!.id}-1-0123456789abcdef.mp4`;
  const stored = await admin.storage.from("videos").upload(videoPath, new TextEncoder().encode("a video"), {
    contentType: "video/mp4",
  });
  assertEquals(stored.error, null);
  await sql`update public.jobs set status = 'completed', progress = 100, attempt = 1, stage = 'store',
    started_at = now(), finished_at = now(),
    result = ${
    sql.json({ video_path: videoPath, video_token: "a-token", thumbnail_path: "t", thumbnail_token: "t" })
  }
    where id = ${job!.id}`;
  await sql`update public.jobs set status = 'cancelled', finished_at = now() where batch_id = ${batchId} and position = 1`;
  const [own] = (await send("POST", "/rest/v1/profiles", {
    headers: { ...other.headers, ...JSON_TYPE, prefer: "return=representation" },
    body: "{}",
  })).body;
  const [ownProduct] = (await send("POST", "/rest/v1/products", {
    headers: { ...other.headers, ...JSON_TYPE, prefer: "return=representation" },
    body: JSON.stringify({ profile_id: own.id, title: "Own" }),
  })).body;
  return {
    profileId: product!.profile_id,
    productId: product!.id,
    externalId: product!.external_id,
    title: product!.title,
    batchId,
    jobId: job!.id,
    videoPath,
    ownProfileId: own.id,
    ownProductId: ownProduct.id,
  };
}

/** All that is the first user's, to be compared before and after. */
async function possessions({ stack, demo }: Attacker): Promise<unknown> {
  const [all] = await stack.sql`
    with mine as (select * from public.profiles where user_id = ${demo.userId})
    select (select json_agg(m order by m.id) from mine m) as profiles,
      (select md5(string_agg(p::text, ' ' order by p.id)) from public.products p join mine m on m.id = p.profile_id)
        as products,
      (select json_agg(b order by b.id) from public.batches b join mine m on m.id = b.profile_id) as batches,
      (select json_agg(j order by j.id) from public.jobs j join mine m on m.id = j.profile_id) as jobs,
      (select json_agg(o.name order by o.name) from storage.objects o) as objects`;
  return all;
}

/** What no answer to anybody else may hold. */
function assertSilent(answer: Answer, target: Target, what: string): void {
  for (const word of ["a-token", target.title, target.externalId]) {
    assert(!answer.text.includes(word), `${what} tells ${word}: ${answer.text.slice(0, 300)}`);
  }
}

let prepared: Promise<{ attacker: Attacker; target: Target }> | null = null;
function connect() {
  prepared ??= attack().then(async (attacker) => ({ attacker, target: await prepare(attacker) }));
  return prepared;
}

Deno.test("no route of a function tells or changes another user's", async () => {
  const { attacker, target } = await connect();
  const { send, other } = attacker;
  const before = await possessions(attacker);
  const { batchId, profileId, productId } = target;
  const generate = "/functions/v1/batch-generate";
  const body = JSON.stringify({ product_ids: [productId, crypto.randomUUID()] });
  const tried: [string, string, Record<string, string>, string | undefined, string][] = [
    ["GET", `/functions/v1/batch-status/${batchId}`, {}, undefined, "batch_not_found"],
    [
      "GET",
      `/functions/v1/batch-status/${batchId.toUpperCase()}`,
      { "if-none-match": "*" },
      undefined,
      "batch_not_found",
    ],
    ["GET", "/functions/v1/batch-status", { "x-profile-id": profileId }, undefined, "profile_not_found"],
    [
      "GET",
      "/functions/v1/batch-status",
      { "x-profile-id": profileId.toUpperCase() },
      undefined,
      "profile_not_found",
    ],
    ["POST", generate, { "x-profile-id": profileId, ...JSON_TYPE }, body, "profile_not_found"],
    ["POST", `${generate}/${batchId}/cancel`, {}, undefined, "batch_not_found"],
    ["POST", `${generate}/${batchId}/retry`, {}, undefined, "batch_not_found"],
    [
      "POST",
      `${generate}/${batchId}/retry`,
      JSON_TYPE,
      `{"product_ids":["${productId}"]}`,
      "batch_not_found",
    ],
    ["DELETE", `${generate}/${batchId}`, {}, undefined, "batch_not_found"],
  ];
  for (const [method, path, headers, sent, code] of tried) {
    const answer = await send(method, path, { headers: { ...other.headers, ...headers }, body: sent });
    assertRefusal(answer, { status: 404, code, what: `${method} ${path}` });
    assertSilent(answer, target, `${method} ${path}`);
  }
  const cursor = `9999999999999999_${batchId}`;
  const list = await send("GET", `/functions/v1/batch-status?before=${cursor}`, { headers: other.headers });
  assertEquals(list.body, { batches: [], next: null });
  assertEquals(await possessions(attacker), before);
});

Deno.test("no relation of REST gives another user or nobody a row, however it is asked for", async () => {
  const { attacker, target } = await connect();
  const { send, other, stack } = attacker;
  const nobody = { apikey: stack.env.SUPABASE_PUBLISHABLE_KEY! };
  const relations = (await stack.sql`select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p')`).map(({ relname }) =>
    relname
  );
  assertEquals([...relations].sort(), ["batch_status", "batches", "jobs", "products", "profiles", "videos"]);
  const column = (relation: string) => relation === "profiles" ? "id" : "profile_id";
  for (const relation of relations) {
    const mine = await send("GET", `/rest/v1/${relation}?${column(relation)}=eq.${target.profileId}`, {
      headers: attacker.demo.headers,
    });
    assert(mine.body.length > 0, `${relation} holds nothing to steal`);
    for (
      const filter of [
        "",
        `${column(relation)}=eq.${target.profileId}`,
        `${column(relation)}=in.(${target.profileId})`,
      ]
    ) {
      const path = `/rest/v1/${relation}?select=*&${filter}`;
      const answer = await send("GET", path, { headers: other.headers });
      const own = [target.ownProfileId, target.ownProductId];
      const foreign = answer.body.filter((row: { id: string }) => !own.includes(row.id));
      assertEquals([path, answer.status, foreign], [path, 200, []]);
      assertSilent(answer, target, path);
      const anonymous = await send("GET", path, { headers: nobody });
      assertEquals([path, anonymous.status, anonymous.body.code], [path, 401, "42501"]);
    }
    for (const schema of ["private", "auth", "storage", "pg_catalog", "information_schema", "vault"]) {
      const answer = await send("GET", `/rest/v1/${relation}`, {
        headers: { ...other.headers, "accept-profile": schema },
      });
      assertEquals([schema, answer.status], [schema, 406]);
    }
  }
  const elsewhere = [
    "settings",
    "leases",
    "checkpoints",
    "requests",
    "private.leases",
    "users",
    "auth.users",
    "objects",
    "secrets",
  ]
    .concat([
      "products?select=*,profiles(*)",
      "profiles?select=*,batches(*)",
      "jobs?select=*,batches!inner(*)",
    ]);
  for (const path of elsewhere) {
    const answer = await send("GET", `/rest/v1/${path}`, { headers: other.headers });
    assert(answer.status >= 400 && answer.status !== 500, `${path}: ${answer.status} ${answer.text}`);
    assertSilent(answer, target, path);
  }
});

interface Write {
  method: string;
  path: string;
  body?: unknown;
  prefer?: string;
}

/** Writes over the first user's rows; each is refused, or finds nothing. */
function foreignWrites(target: Target): Write[] {
  const { profileId, productId, externalId, batchId, jobId, ownProfileId, ownProductId } = target;
  const { demoId, otherId } = { demoId: "{demo}", otherId: "{other}" };
  const merge = "resolution=merge-duplicates,return=representation";
  const product = { profile_id: profileId, external_id: externalId, title: "Stolen" };
  return [
    { method: "PATCH", path: `products?id=eq.${productId}`, body: { title: "Stolen" } },
    { method: "PATCH", path: `products?id=eq.${productId}`, body: { profile_id: ownProfileId } },
    { method: "PATCH", path: `products?id=eq.${ownProductId}`, body: { profile_id: profileId } },
    { method: "PATCH", path: `products?id=eq.${ownProductId}`, body: { id: productId } },
    { method: "DELETE", path: `products?id=eq.${productId}` },
    { method: "DELETE", path: `products?profile_id=in.(${profileId})` },
    { method: "POST", path: "products", body: { profile_id: profileId, title: "Planted" } },
    { method: "POST", path: "products", body: { id: productId, profile_id: ownProfileId, title: "Stolen" } },
    {
      method: "POST",
      path: "products",
      prefer: merge,
      body: { id: productId, profile_id: ownProfileId, title: "x" },
    },
    { method: "POST", path: "products", prefer: merge, body: { ...product, id: productId } },
    { method: "POST", path: "products?on_conflict=profile_id,external_id", prefer: merge, body: product },
    {
      method: "POST",
      path: "products?on_conflict=profile_id,external_id",
      prefer: "resolution=ignore-duplicates,return=representation",
      body: [{ profile_id: ownProfileId, external_id: "a", title: "Own" }, product],
    },
    { method: "PATCH", path: `profiles?id=eq.${profileId}`, body: { name: "Stolen" } },
    { method: "PATCH", path: `profiles?id=eq.${profileId}`, body: { user_id: otherId } },
    { method: "PATCH", path: `profiles?id=eq.${ownProfileId}`, body: { user_id: demoId } },
    { method: "PATCH", path: `profiles?id=eq.${ownProfileId}`, body: { id: profileId } },
    { method: "DELETE", path: `profiles?id=eq.${profileId}` },
    { method: "POST", path: "profiles", body: { user_id: demoId, name: "Planted" } },
    { method: "POST", path: "profiles", prefer: merge, body: { id: profileId, user_id: otherId } },
    {
      method: "POST",
      path: "profiles",
      prefer: merge,
      body: { id: profileId, user_id: demoId, name: "Stolen" },
    },
    ...["batches", "jobs", "batch_status", "videos"].flatMap((relation) => {
      const id = relation === "batches"
        ? `id=eq.${batchId}`
        : relation === "jobs"
        ? `id=eq.${jobId}`
        : `batch_id=eq.${batchId}`;
      return [
        { method: "PATCH", path: `${relation}?${id}`, body: { profile_id: ownProfileId } },
        { method: "DELETE", path: `${relation}?${id}` },
        { method: "POST", path: relation, body: { profile_id: ownProfileId } },
      ];
    }),
  ];
}

Deno.test("no write through REST reaches another user's rows, nor gives one's own away", async () => {
  const { attacker, target } = await connect();
  const { send, demo, other, stack } = attacker;
  const before = await possessions(attacker);
  const own = () => stack.sql`select * from public.profiles where user_id = ${other.userId}`;
  const ownBefore = await own();
  for (const { method, path, body, prefer = "return=representation" } of foreignWrites(target)) {
    const sent = body === undefined
      ? undefined
      : JSON.stringify(body).replaceAll("{demo}", demo.userId).replaceAll("{other}", other.userId);
    for (const headers of [other.headers, { apikey: stack.env.SUPABASE_PUBLISHABLE_KEY! }]) {
      const isNobody = headers !== other.headers;
      const what = `${isNobody ? "nobody" : "other"}: ${method} ${path} ${sent ?? ""}`;
      const answer = await send(method, `/rest/v1/${path}`, {
        headers: { ...headers, ...JSON_TYPE, prefer },
        body: sent,
      });
      const foundNothing = answer.status === 200 && answer.body.length === 0 && !isNobody;
      const refused = [401, 403, 409].includes(answer.status);
      assert(foundNothing || refused, `${what}: ${answer.status} ${answer.text}`);
      assertSilent(answer, target, what);
    }
  }
  assertEquals(await possessions(attacker), before);
  assertEquals([...await own()], [...ownBefore]);
});

Deno.test("owners themselves may only read batches, jobs and views", async () => {
  const { attacker, target } = await connect();
  const { send, demo } = attacker;
  const before = await possessions(attacker);
  const writes: [string, string | undefined][] = [["PATCH", '{"profile_id":null}'], ["DELETE", undefined], [
    "POST",
    "{}",
  ]];
  for (const relation of ["batches", "jobs", "batch_status", "videos"]) {
    const filter = relation === "batches" ? "id" : "batch_id";
    const path = `/rest/v1/${relation}?${filter}=eq.${target.batchId}`;
    for (const [method, body] of writes) {
      const answer = await send(method, method === "POST" ? `/rest/v1/${relation}` : path, {
        headers: { ...demo.headers, ...JSON_TYPE },
        body,
      });
      assert(
        answer.status === 403 && answer.body?.code === "42501",
        `${method} ${path}: ${answer.status} ${answer.text}`,
      );
    }
  }
  assertEquals(await possessions(attacker), before);
});

Deno.test("no SQL function but the two that read answers a user, and none answers nobody", async () => {
  const { attacker, target } = await connect();
  const { send, demo, stack } = attacker;
  const before = await possessions(attacker);
  const functions = await stack.sql`
    select p.proname as name, coalesce(json_object_agg(a.name, format_type(a.type, null)) filter (where a.name <> ''), '{}')
      as arguments
    from pg_proc p left join lateral unnest(p.proargnames, p.proargtypes::oid[]) as a(name, type) on true
    where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' group by p.oid, p.proname`;
  assert(functions.length >= 14);
  const values: Record<string, unknown> = {
    p_user_id: demo.userId,
    p_profile_id: target.profileId,
    p_batch_id: target.batchId,
    p_job_id: target.jobId,
    p_lease_token: crypto.randomUUID(),
  };
  const byType: Record<string, unknown> = {
    uuid: crypto.randomUUID(),
    "uuid[]": [target.productId],
    "text[]": [],
    integer: 1,
    numeric: 1,
    boolean: false,
    jsonb: {},
    text: "render",
  };
  const readers = ["get_batch_status", "list_batch_statuses"];
  for (const { name, arguments: types } of functions) {
    const body = JSON.stringify(Object.fromEntries(
      Object.entries(types as Record<string, string>).map((
        [argument, type],
      ) => [argument, values[argument] ?? byType[type]]),
    ));
    for (const who of ["nobody", "other", "demo"] as const) {
      const headers = who === "nobody"
        ? { apikey: stack.env.SUPABASE_PUBLISHABLE_KEY! }
        : attacker[who].headers;
      const answer = await send("POST", `/rest/v1/rpc/${name}`, {
        headers: { ...headers, ...JSON_TYPE },
        body,
      });
      const what = `${who}: ${name} ${answer.status} ${answer.text}`;
      if (who !== "nobody" && readers.includes(name)) {
        if (who === "other") assertEquals([answer.status, answer.body?.body ?? null].slice(1), [null], what);
        continue;
      }
      assertEquals([answer.status, answer.body?.code], [who === "nobody" ? 401 : 403, "42501"], what);
      assertSilent(answer, target, what);
    }
  }
  assertEquals(await possessions(attacker), before);
});
