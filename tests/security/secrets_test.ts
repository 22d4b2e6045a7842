// After batches that succeed and fail in every stage: no secret is in a log, an error, a row or what a user can read.

import { join } from "node:path";
import { assert, assertEquals, eventually } from "../assert.ts";
import { ownStack, type TestStack } from "../support/stack.ts";

const options = { sanitizeOps: false, sanitizeResources: false };

const KEYS = {
  ELEVENLABS_API_KEY: "sesame-elevenlabs-1b9d",
  GEMINI_API_KEY: "sesame-gemini-77aa",
  ANTHROPIC_API_KEY: "sesame-claude-c0de",
};

/** A provider that tells everything it was sent in its error. */
function indiscreetProvider() {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const told = {
      url: request.url,
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
    };
    const message = `Denied: ${JSON.stringify(told)}`;
    return Response.json({
      error: { type: "x", status: "x", message },
      detail: { status: "x", message },
      message,
    }, {
      status: 401,
    });
  });
  return { origin: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
}

interface Session {
  access_token: string;
  refresh_token: string;
}

async function sessionOf(stack: TestStack): Promise<Session> {
  const { data } = await stack.demo.auth.getSession();
  return data.session!;
}

async function makeBatch(stack: TestStack, body: Record<string, unknown>): Promise<string> {
  const { access_token } = await sessionOf(stack);
  const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/batch-generate`, {
    method: "POST",
    headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
    body: JSON.stringify({ duration_s: 15, ...body }),
  });
  const answer = await response.json();
  assertEquals(response.status, 202, JSON.stringify(answer));
  return answer.batch_id;
}

/** Products of the first user: one as it is in the shop, and two whose pictures cannot be had. */
async function products(stack: TestStack): Promise<{ good: string; bad: string[] }> {
  const [good] = await stack.sql`select id, profile_id from public.products limit 1`;
  const pictures = [
    "http://127.0.0.1:1/?token=sesame-in-a-query",
    "http://shop:sesame-password@127.0.0.1/a.jpg",
  ];
  const bad = await stack.sql`
    insert into public.products (profile_id, title, image_urls)
    select ${
    good!.profile_id
  }, 'No picture', array[address] from unnest(${pictures}::text[]) as address returning id`;
  return { good: good!.id, bad: bad.map(({ id }) => id) };
}

async function runBatches(stack: TestStack): Promise<Record<string, string>[]> {
  const { good, bad } = await products(stack);
  const absent = crypto.randomUUID();
  const ids = [
    await makeBatch(stack, { product_ids: [good, ...bad, absent], tts_provider: "local", concurrency: 5 }),
    await makeBatch(stack, { product_ids: [good, absent], tts_provider: "elevenlabs" }),
    await makeBatch(stack, {
      product_ids: [good, absent],
      tts_provider: "local",
      voiceover_mode: "elaborate",
    }),
    await makeBatch(stack, {
      product_ids: [good, absent],
      tts_provider: "local",
      voiceover_mode: "elaborate",
      ai_provider: "claude",
    }),
  ];
  return await eventually(async () => {
    const rows = await stack.sql<Record<string, string>[]>`
      select status, error_code, result ->> 'video_token' as token from public.jobs
      where batch_id = any (${ids}) order by array_position(${ids}::uuid[], batch_id), position`;
    return rows.every(({ status }) => status === "completed" || status === "failed") ? [...rows] : null;
  }, { timeoutMs: 120_000, everyMs: 250, what: "all batches end" });
}

/** Requests that carry secrets to where they are refused. */
async function misplaceSecrets(stack: TestStack, session: Session): Promise<void> {
  const { SUPABASE_URL: url, SUPABASE_SECRET_KEY: secret, RENDERER_URL, RENDERER_SECRET } = stack.env;
  const refused: [string, Record<string, string>][] = [
    [`${url}/functions/v1/batch-status?token=${session.access_token}&apikey=${secret}`, {}],
    [`${url}/functions/v1/batch-status/${secret}`, { authorization: `Bearer ${secret}` }],
    [`${url}/functions/v1/process-next`, {
      authorization: `Bearer ${session.access_token}x`,
      "x-profile-id": secret!,
    }],
    [`${url}/rest/v1/nowhere?apikey=${secret}`, {}],
    [`${url}/storage/v1/object/videos/x?token=${session.access_token}`, {}],
    [`${RENDERER_URL}/v1/renders/${RENDERER_SECRET}`, { authorization: `Bearer ${RENDERER_SECRET}x` }],
    [`${RENDERER_URL}/v1/renders/x?secret=${RENDERER_SECRET}`, {
      authorization: `Bearer ${RENDERER_SECRET}`,
    }],
  ];
  for (const [address, headers] of refused) {
    const response = await fetch(address, { headers });
    const text = await response.text();
    assert(response.status >= 400, `${response.status} ${address}`);
    for (const value of [secret!, RENDERER_SECRET!, session.access_token]) {
      assert(!text.includes(value), text);
    }
  }
}

async function logsOf(dataDir: string): Promise<string> {
  const texts: string[] = [];
  for await (const { name } of Deno.readDir(join(dataDir, "logs"))) {
    texts.push(await Deno.readTextFile(join(dataDir, "logs", name)));
  }
  return texts.join("\n");
}

/** All that the owner can read through REST and the functions, and all that operators read in the private schema. */
async function readableRows(stack: TestStack): Promise<{ user: string; operators: string }> {
  const { access_token } = await sessionOf(stack);
  const headers = { apikey: stack.env.SUPABASE_PUBLISHABLE_KEY!, authorization: `Bearer ${access_token}` };
  const read = async (path: string) =>
    await (await fetch(stack.env.SUPABASE_URL! + path, { headers })).text();
  const paths = ["profiles", "batches", "jobs", "batch_status", "videos"].map((name) =>
    `/rest/v1/${name}?select=*`
  );
  const list = await read("/functions/v1/batch-status");
  const bodies = JSON.parse(list).batches.map(({ batch_id }: { batch_id: string }) =>
    read(`/functions/v1/batch-status/${batch_id}`)
  );
  const user = [list, ...await Promise.all([...paths.map(read), ...bodies])].join("\n");
  const tables = await stack.sql`select c.oid::regclass::text as name from pg_class c
    where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'v')`;
  const rows = await Promise.all(
    tables.map(({ name }) => stack.sql.unsafe(`select row_to_json(t)::text as row from ${name} t`)),
  );
  return { user, operators: rows.flat().map(({ row }) => row).join("\n") };
}

function assertAbsent(text: string, secrets: Record<string, string>, where: string): void {
  for (const [name, value] of Object.entries(secrets)) {
    assert(value.length > 6, `${name} is no secret: ${value}`);
    const at = text.indexOf(value);
    assert(at < 0, `${where} holds ${name}: ${text.slice(Math.max(0, at - 200), at + 60)}`);
  }
}

Deno.test(
  "no secret is in a log, an error, a row or an answer, however a product ended",
  options,
  async () => {
    const provider = indiscreetProvider();
    const stack = await ownStack({
      env: {
        ...KEYS,
        ELEVENLABS_URL: provider.origin,
        GEMINI_URL: provider.origin,
        ANTHROPIC_URL: provider.origin,
      },
    });
    try {
      const session = await sessionOf(stack);
      await misplaceSecrets(stack, session);
      const rows = await runBatches(stack);
      assertEquals(rows.map(({ status, error_code }) => error_code ?? status), [
        "completed",
        "image_unavailable",
        "image_unavailable",
        "product_not_found",
        "voiceover_failed",
        "product_not_found",
        "script_failed",
        "product_not_found",
        "script_failed",
        "product_not_found",
      ]);
      const { tokenSecret } = JSON.parse(await Deno.readTextFile(join(stack.dataDir!, "secrets.json")));
      const [{ d }] = JSON.parse(await Deno.readTextFile(stack.env.JWT_SIGNING_KEYS_PATH!));
      const secrets = {
        ...KEYS,
        "the secret key": stack.env.SUPABASE_SECRET_KEY!,
        "the renderer's secret": stack.env.RENDERER_SECRET!,
        "a password": stack.env.DEMO_PASSWORD!,
        "the database's password": "postgres:postgres@",
        "the storage's secret": tokenSecret,
        "the signing key": d,
        "a user's token": session.access_token,
        "a refresh token": session.refresh_token,
      };
      const read = await readableRows(stack);
      const { id } = (await stack.sql`select id from public.jobs where status = 'completed'`)[0]!;
      assert(read.user.includes(id) && read.operators.includes(id));
      assertAbsent(read.user, {
        ...secrets,
        "a picture's password": "sesame-password",
        "a picture's query": "sesame-in-a-query",
      }, "what the owner reads");
      assertAbsent(read.operators, secrets, "the private schema");
      const logs = await logsOf(stack.dataDir!);
      assert(logs.includes(id), "the log says nothing of the job");
      const { token } = rows[0]!;
      assertAbsent(
        logs,
        {
          ...secrets,
          "a picture's password": "sesame-password",
          "a picture's query": "sesame-in-a-query",
          "a video's token": token!,
        },
        "a log",
      );
    } finally {
      await stack.stop();
      await provider.close();
    }
  },
);
