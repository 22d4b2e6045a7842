// Storage as a second user, nobody, and the owner: videos are read by their owner alone and written by nobody.

import { assert, assertEquals } from "../assert.ts";
import { stopSharedStack } from "../support/stack.ts";
import { type Answer, attack, type Attacker, JSON_TYPE } from "./attacker.ts";

Deno.test.afterAll(stopSharedStack);

const OBJECT = "/storage/v1/object";
const SECRET_WORDS = "only the owner sees this";

interface Target {
  folder: string;
  path: string;
  otherFolder: string;
}

/** A video of the first user, and the second user's own folder with one in it. */
async function prepare({ stack, demo, other }: Attacker): Promise<Target> {
  const { sql, admin } = stack;
  const [mine] = await sql`select id from public.profiles where user_id = ${demo.userId} limit 1`;
  const [theirs] = await sql`insert into public.profiles (user_id) values (${other.userId}) returning id`;
  const file = `${crypto.randomUUID()}/video.mp4`;
  for (const folder of [mine!.id, theirs!.id]) {
    const bytes = new TextEncoder().encode(folder === mine!.id ? SECRET_WORDS : "theirs");
    const { error } = await admin.storage.from("videos").upload(`${folder}/${file}`, bytes, {
      contentType: "video/mp4",
    });
    assertEquals(error, null);
  }
  return { folder: mine!.id, path: `${mine!.id}/${file}`, otherFolder: theirs!.id };
}

const objectsOf = async (
  { stack }: Attacker,
) => [...await stack.sql`select name, version, metadata from storage.objects order by name`];

/** Storage says 400 for its refusals and names the status in the body. */
function assertNothing(answer: Answer, what: string): void {
  const nothing = answer.status === 200 && (answer.text === "[]" || answer.body?.[0]?.signedURL === null);
  assert(
    nothing || answer.status >= 400 && answer.status < 500 || answer.status === 501,
    `${what}: ${answer.status} ${answer.text}`,
  );
  assert(!answer.text.includes(SECRET_WORDS) && !/token=/.test(answer.text), `${what}: ${answer.text}`);
}

function reads({ folder, path, otherFolder }: Target): [string, string, unknown?][] {
  const disguised = [
    path,
    path.toUpperCase(),
    `${otherFolder}/../${path}`,
    `${otherFolder}%2f..%2f${path}`,
    `./${path}`,
    `/${path}`,
    `${folder}//${path.slice(folder.length + 1)}`,
  ];
  return [
    ...disguised.flatMap((name): [string, string, unknown?][] => [
      ["GET", `${OBJECT}/authenticated/videos/${name}`],
      ["GET", `${OBJECT}/videos/${name}`],
      ["GET", `${OBJECT}/public/videos/${name}`],
      ["GET", `${OBJECT}/sign/videos/${name}`],
      ["GET", `${OBJECT}/sign/videos/${name}?token=x`],
      ["POST", `${OBJECT}/sign/videos/${name}`, { expiresIn: 60 }],
      ["GET", `${OBJECT}/info/authenticated/videos/${name}`],
      ["GET", `/storage/v1/render/image/authenticated/videos/${name}`],
    ]),
    ["POST", `${OBJECT}/sign/videos`, { expiresIn: 60, paths: [path] }],
    ["POST", `${OBJECT}/list/videos`, { prefix: folder }],
    ["POST", `${OBJECT}/list/videos`, { prefix: path.split("/").slice(0, 2).join("/") }],
    ["POST", `${OBJECT}/list/videos`, { prefix: `${otherFolder}/../${folder}` }],
    ["POST", `${OBJECT}/list/videos`, { prefix: "", search: folder }],
    ["POST", `${OBJECT}/copy`, {
      bucketId: "videos",
      sourceKey: path,
      destinationKey: `${otherFolder}/x.mp4`,
    }],
    ["POST", `${OBJECT}/move`, {
      bucketId: "videos",
      sourceKey: path,
      destinationKey: `${otherFolder}/x.mp4`,
    }],
    ["GET", "/storage/v1/bucket"],
  ];
}

Deno.test("nobody but the owner lists, signs or reads a video, by any spelling of its path", async () => {
  const attacker = await attack();
  const target = await prepare(attacker);
  const { send, other, stack, demo } = attacker;
  for (const [method, path, body] of reads(target)) {
    for (const headers of [other.headers, { apikey: stack.env.SUPABASE_PUBLISHABLE_KEY! }, {}]) {
      const answer = await send(method, path, {
        headers: { ...headers, ...JSON_TYPE },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      assertNothing(answer, `${method} ${path}`);
    }
  }
  const own = await send("GET", `${OBJECT}/authenticated/videos/${target.path}`, { headers: demo.headers });
  assertEquals([own.status, own.text], [200, SECRET_WORDS]);
});

Deno.test("a signed address opens its own object alone, and for reading alone", async () => {
  const attacker = await attack();
  const target = await prepare(attacker);
  const { send, demo, stack } = attacker;
  const signed = await stack.demo.storage.from("videos").createSignedUrl(target.path, 60);
  const url = new URL(signed.data!.signedUrl);
  const token = url.searchParams.get("token")!;
  const opened = await send("GET", url.pathname + url.search);
  assertEquals([opened.status, opened.text], [200, SECRET_WORDS]);
  const elsewhere = target.path.replace("video.mp4", "other.mp4");
  const [head, payload, signature] = token.split(".");
  const tried: [string, string][] = [
    ["GET", `${OBJECT}/sign/videos/${elsewhere}?token=${token}`],
    ["GET", `${OBJECT}/sign/avatars/${target.path}?token=${token}`],
    ["GET", `${OBJECT}/sign/videos/${target.path}?token=${demo.token}`],
    ["GET", `${OBJECT}/sign/videos/${target.path}?token=${head}.${payload}.`],
    ["GET", `${OBJECT}/sign/videos/${target.path}?token=${btoa('{"alg":"none"}')}.${payload}.${signature}`],
    ["PUT", `${OBJECT}/upload/sign/videos/${target.path}?token=${token}`],
    ["PUT", `${OBJECT}/upload/sign/videos/${elsewhere}?token=${token}`],
    ["DELETE", `${OBJECT}/videos/${target.path}?token=${token}`],
  ];
  const before = await objectsOf(attacker);
  for (const [method, path] of tried) {
    const body = method === "PUT" ? "replaced" : undefined;
    assertNothing(
      await send(method, path, { headers: { "content-type": "video/mp4" }, body }),
      `${method} ${path}`,
    );
  }
  assertEquals(await objectsOf(attacker), before);
});

Deno.test("no user writes to the bucket: not to another's folder, not to the own", async () => {
  const attacker = await attack();
  const { path, otherFolder, folder } = await prepare(attacker);
  const { send, other, demo, stack } = attacker;
  const before = await objectsOf(attacker);
  const callers: Record<string, Record<string, string>> = {
    nobody: { apikey: stack.env.SUPABASE_PUBLISHABLE_KEY! },
    other: other.headers,
    demo: demo.headers,
  };
  for (const [who, headers] of Object.entries(callers)) {
    for (const name of [path, `${folder}/new.mp4`, `${otherFolder}/new.mp4`, "new.mp4", "../new.mp4"]) {
      const upserts: Record<string, string>[] = [{}, { "x-upsert": "true" }];
      for (const upsert of upserts) {
        const sent = { headers: { ...headers, ...upsert, "content-type": "video/mp4" }, body: "planted" };
        for (const method of ["POST", "PUT"]) {
          assertNothing(await send(method, `${OBJECT}/videos/${name}`, sent), `${who}: ${method} ${name}`);
        }
        const signing = { headers: { ...headers, ...upsert, ...JSON_TYPE }, body: "{}" };
        assertNothing(
          await send("POST", `${OBJECT}/upload/sign/videos/${name}`, signing),
          `${who}: sign ${name}`,
        );
      }
      assertNothing(await send("DELETE", `${OBJECT}/videos/${name}`, { headers }), `${who}: DELETE ${name}`);
      const listed = { headers: { ...headers, ...JSON_TYPE }, body: JSON.stringify({ prefixes: [name] }) };
      assertNothing(await send("DELETE", `${OBJECT}/videos`, listed), `${who}: remove ${name}`);
    }
  }
  assertEquals(await objectsOf(attacker), before);
});
