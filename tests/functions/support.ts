// Apps of the functions with real tokens, over a PostgREST whose wire format is played by a function.

import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { createApp as createBatchGenerate } from "../../supabase/functions/batch-generate/app.ts";
import { createApp as createBatchStatus } from "../../supabase/functions/batch-status/app.ts";
import { requireSecret, requireUser } from "../../supabase/functions/_shared/auth.ts";
import { createDatabase, createSupabaseClient } from "../../supabase/functions/_shared/database.ts";
import { type Environment, readEnvironment } from "../../supabase/functions/_shared/environment.ts";
import { createLogger } from "../../supabase/functions/_shared/log.ts";

export const USER_ID = "11111111-1111-4111-8111-111111111111";
export const BATCH_ID = "22222222-2222-4222-8222-222222222222";
export const PROFILE_ID = "33333333-3333-4333-8333-333333333333";
export const SECRET_KEY = "sb_secret_default";
export const OTHER_SECRET_KEY = "sb_secret_automation";
const SUPABASE_URL = "http://database.test";

const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
export const publicJwk = { ...await exportJWK(publicKey), kid: "k1", alg: "ES256", use: "sig" };

/** What a user's token holds on Supabase. */
export function userClaims(): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return {
    sub: USER_ID,
    role: "authenticated",
    aud: "authenticated",
    iss: `${SUPABASE_URL}/auth/v1`,
    iat: now,
    exp: now + 3600,
  };
}

/** A token signed with the project's key. */
export function signToken(claims: JWTPayload, key: CryptoKey = privateKey): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "k1", typ: "JWT" }).sign(key);
}

export const token = await signToken(userClaims());
export const otherKey = (await generateKeyPair("ES256")).privateKey;

/** The environment that a stack gives, with changes. */
export function testEnvironment(changes: Record<string, string> = {}): Environment {
  const values: Record<string, string> = {
    SUPABASE_URL,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: "sb_publishable_default" }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: SECRET_KEY, automation: OTHER_SECRET_KEY }),
    SUPABASE_JWKS: JSON.stringify({ keys: [publicJwk] }),
    ...changes,
  };
  return readEnvironment((name) => values[name]);
}

/** A call that PostgREST received. */
export interface RpcCall {
  name: string;
  args: Record<string, unknown>;
  headers: Headers;
}

/** What PostgREST answers: a value, or a status with its error body. */
export type RpcAnswer = { json: unknown } | {
  status: number;
  error: { code?: string; message?: string; details?: string | null; hint?: string | null };
};

/** PostgREST's `rpc` over its wire format; `calls` are those it got. */
export function fakePostgrest(answer: (call: RpcCall) => RpcAnswer | Promise<RpcAnswer>) {
  const calls: RpcCall[] = [];
  async function fakeFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const name = new URL(request.url).pathname.replace("/rest/v1/rpc/", "");
    const call = { name, args: await request.json(), headers: request.headers };
    calls.push(call);
    const answered = await answer(call);
    if ("json" in answered) return Response.json(answered.json);
    const error = { code: "", message: "", details: null, hint: null, ...answered.error };
    return Response.json(error, { status: answered.status });
  }
  return { calls, fetch: fakeFetch as typeof fetch };
}

/** Collects log lines. */
export function memoryLog() {
  const lines: Record<string, unknown>[] = [];
  return { lines, log: createLogger({}, (line) => lines.push(JSON.parse(line))) };
}

interface Built {
  request(path: string, init?: RequestInit): Promise<Response>;
  calls: RpcCall[];
  lines: Record<string, unknown>[];
}

type Answer = Parameters<typeof fakePostgrest>[0];

/** `batch-generate`; `kicks`, `stopped` and `removed` fill as work goes on behind the answers. */
export function batchGenerate(
  answer: Answer,
  options: { env?: Record<string, string>; kick?: () => Promise<void> } = {},
) {
  const environment = testEnvironment(options.env);
  const postgrest = fakePostgrest(answer);
  const { lines, log } = memoryLog();
  const kicks: string[] = [];
  const stopped: string[] = [];
  const removed: string[] = [];
  const app = createBatchGenerate({
    ...environment,
    log,
    authenticate: (request) => requireUser(request, environment),
    database: createDatabase(
      createSupabaseClient(environment.supabaseUrl, { key: environment.secretKey, fetch: postgrest.fetch }),
    ),
    kick: (batchId) => {
      kicks.push(batchId);
      return options.kick?.() ?? Promise.resolve();
    },
    cleanUp: {
      stopRenders: (renders) => {
        stopped.push(...renders.map(({ render_id }) => render_id));
        return Promise.resolve();
      },
      removeObjects: (paths) => {
        removed.push(...paths);
        return Promise.resolve();
      },
    },
    background: () => {},
  });
  const built: Built = {
    request: async (path, init) => await app.request(path, init),
    calls: postgrest.calls,
    lines,
  };
  return { ...built, kicks, stopped, removed };
}

/** `batch-status` over the same kind of database. */
export function batchStatus(answer: Answer, env: Record<string, string> = {}): Built {
  const environment = testEnvironment(env);
  const postgrest = fakePostgrest(answer);
  const { lines, log } = memoryLog();
  const app = createBatchStatus({
    log,
    authenticate: (request) => requireUser(request, environment),
    database: createDatabase(
      createSupabaseClient(environment.supabaseUrl, {
        key: environment.publishableKey,
        fetch: postgrest.fetch,
      }),
    ),
    publicUrl: environment.publicUrl,
  });
  return { request: async (path, init) => await app.request(path, init), calls: postgrest.calls, lines };
}

/** For `process-next`: what its callers must bear. */
export function secretGate(environment = testEnvironment()): (request: Request) => Promise<void> {
  return (request) => requireSecret(request, environment);
}

/** A JSON POST of the signed-in user; a `body` that is a string is sent as it is. */
export function post(body?: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
  };
}

/** A GET of the signed-in user. */
export function get(headers: Record<string, string> = {}): RequestInit {
  return { headers: { authorization: `Bearer ${token}`, ...headers } };
}

/** Two products that exist. */
export const TWO_PRODUCTS = [
  "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa1",
  "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa2",
];

/** `create_batch` as it answers for a batch that is new. */
export function created(call: RpcCall): RpcAnswer {
  const ids = call.args.p_product_ids as string[];
  return { json: { batch_id: BATCH_ID, total: ids.length, created: true } };
}
