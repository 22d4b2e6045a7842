// What an attacker has: two accounts, the published keys and, so that a token can be wrong in one thing only, the
// local stack's signing key.

import { importJWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { sharedStack, type TestStack } from "../support/stack.ts";

/** A response with its body read. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // deno-lint-ignore no-explicit-any
  body: any;
}

export interface Sent {
  headers?: Record<string, string>;
  body?: BodyInit;
}

export interface Attacker {
  stack: TestStack;
  /** Whose data is attacked, and who attacks. */
  demo: Account;
  other: Account;
  /** What a valid token of the first user holds. */
  claims: JWTPayload;
  /** Signs with the project's own key. */
  sign(claims: JWTPayload, header?: Partial<JWTHeaderParameters>): Promise<string>;
  /** `path` begins after the project's URL. */
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
}

export interface Account {
  userId: string;
  token: string;
  /** The two headers that a signed-in client sends. */
  headers: Record<string, string>;
}

export const JSON_TYPE = { "content-type": "application/json" };

async function accountOf(stack: TestStack, who: "demo" | "other"): Promise<Account> {
  const { data } = await stack[who].auth.getSession();
  const token = data.session?.access_token ?? "";
  return {
    userId: data.session?.user.id ?? "",
    token,
    headers: { apikey: stack.env.SUPABASE_PUBLISHABLE_KEY!, authorization: `Bearer ${token}` },
  };
}

/** Connects to the shared stack. */
export async function attack(): Promise<Attacker> {
  const stack = await sharedStack();
  const [demo, other] = [await accountOf(stack, "demo"), await accountOf(stack, "other")];
  const [jwk] = JSON.parse(await Deno.readTextFile(stack.env.JWT_SIGNING_KEYS_PATH!));
  const key = await importJWK(jwk, "ES256");
  const now = Math.floor(Date.now() / 1000);
  return {
    stack,
    demo,
    other,
    claims: {
      sub: demo.userId,
      role: "authenticated",
      aud: "authenticated",
      iss: `${stack.env.SUPABASE_URL}/auth/v1`,
      iat: now,
      exp: now + 3600,
    },
    sign: (claims, header = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: jwk.kid, typ: "JWT", ...header }).sign(key),
    async send(method, path, { headers = {}, body } = {}) {
      const response = await fetch(stack.env.SUPABASE_URL! + path, { method, headers, body });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, body: parse(text) };
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Holds what every answer of a function has, whatever it says: a request id and the CORS headers. */
export function assertAnswer(answer: Answer, what: string): void {
  const { headers } = answer;
  assertMatch(headers.get("x-request-id") ?? "", /^[\w.:+=@~-]{1,128}$/, what);
  assertEquals(headers.get("access-control-allow-origin"), "*", what);
  const exposed = (headers.get("access-control-expose-headers") ?? "").split(", ");
  for (const name of ["etag", "location", "retry-after", "x-request-id"]) {
    assert(exposed.includes(name), what);
  }
}

/** Holds the one shape of errors; `method` HEAD has no body. */
export function assertRefusal(
  answer: Answer,
  expected: { status: number; code: string; what: string; method?: string },
): void {
  const { what, status, code } = expected;
  assertAnswer(answer, what);
  if (expected.method === "HEAD") {
    assertEquals([what, answer.status, answer.text], [what, status, ""]);
    return;
  }
  assertEquals([what, answer.status, answer.body?.code], [what, status, code], answer.text.slice(0, 300));
  const keys = Object.keys(answer.body).filter((key) => key !== "details");
  assertEquals(keys.sort(), ["code", "message", "request_id"], what);
  assertEquals(answer.body.request_id, answer.headers.get("x-request-id"), what);
  assertEquals(status === 422, "details" in answer.body || code === "provider_not_configured", what);
}

/** Runs `work` over all items, a few at a time. */
export async function forAll<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  }));
}

/** Limits would hide what is looked at here. */
export async function withoutLimits(attacker: Attacker, run: () => Promise<void>): Promise<void> {
  const { sql } = attacker.stack;
  const before = await sql`select name, value from private.settings`;
  await sql`update private.settings set value = 100000 where name like 'max_%'`;
  try {
    await run();
  } finally {
    for (const { name, value } of before) {
      await sql`update private.settings set value = ${value} where name = ${name}`;
    }
    for (const { userId } of [attacker.demo, attacker.other]) {
      await sql`delete from public.batches
        where profile_id in (select id from public.profiles where user_id = ${userId})`;
    }
  }
}

/** A request as bytes, for what no client library would send; the answer up to its stated length. */
export async function sendRaw(origin: string, request: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(request));
  let answer = "";
  // A server that has answered early still waits for the body that never comes.
  for await (const chunk of connection.readable.pipeThrough(new TextDecoderStream("latin1"))) {
    answer += chunk;
    const [head = "", body] = answer.split("\r\n\r\n", 2);
    const length = Number(head.match(/\r\ncontent-length: (\d+)/i)?.[1] ?? NaN);
    if (body !== undefined && (body.length >= length || request.startsWith("HEAD"))) break;
  }
  return answer;
}
