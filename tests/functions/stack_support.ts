// The functions as a client meets them: real HTTP, real tokens, the real database.

import { eventually } from "../assert.ts";
import { sharedStack, type TestStack } from "../support/stack.ts";

/** A JSON answer with what the tests look at. */
export interface Answer {
  status: number;
  headers: Headers;
  // deno-lint-ignore no-explicit-any
  body: any;
}

export interface Caller {
  stack: TestStack;
  /** A call of a function; `path` begins after `/functions/v1`. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Ids of sample products of the first user. */
  products: string[];
}

interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
  /** Who asks; nobody for null. */
  as?: "demo" | "other" | null;
}

/** Connects to the shared stack, or to a given one. */
export async function connect(given?: TestStack): Promise<Caller> {
  const stack = given ?? await sharedStack();
  const tokens: Record<string, string> = {};
  for (const who of ["demo", "other"] as const) {
    const { data } = await stack[who].auth.getSession();
    tokens[who] = data.session?.access_token ?? "";
  }
  const { data, error } = await stack.demo.from("products").select("id").limit(12);
  if (error) throw error;
  return {
    stack,
    products: data.map(({ id }) => id as string),
    async call(method, path, { body, headers = {}, as = "demo" } = {}) {
      const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1${path}`, {
        method,
        headers: {
          apikey: stack.env.SUPABASE_PUBLISHABLE_KEY!,
          ...(as === null ? {} : { authorization: `Bearer ${tokens[as]}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === "" ? null : JSON.parse(text),
      };
    },
  };
}

/** Ids of products that no shop has: their rows fail at the claim, at once and without a render. */
export function absentProducts(count: number): string[] {
  return Array.from({ length: count }, () => crypto.randomUUID());
}

/** Posts a batch and gives its id. */
export async function createBatch(caller: Caller, body: Record<string, unknown>): Promise<string> {
  const { status, body: answer } = await caller.call("POST", "/batch-generate", { body });
  if (status !== 202) throw new Error(`POST /batch-generate: ${status} ${JSON.stringify(answer)}`);
  return answer.batch_id;
}

/** The batch's status, once it is no longer processing. */
export async function finished(caller: Caller, batchId: string): Promise<Answer["body"]> {
  return await eventually(async () => {
    const { body } = await caller.call("GET", `/batch-status/${batchId}`);
    return body.status === "processing" ? null : body;
  }, { timeoutMs: 30_000, everyMs: 200, what: "the batch ends" });
}

/** Holds a setting at a value while `run` runs. */
export async function withSetting(
  { stack }: Caller,
  { name, value }: { name: string; value: number },
  run: () => Promise<void>,
): Promise<void> {
  const [before] = await stack.sql`select value from private.settings where name = ${name}`;
  await stack.sql`update private.settings set value = ${value} where name = ${name}`;
  try {
    await run();
  } finally {
    await stack.sql`update private.settings set value = ${before?.value} where name = ${name}`;
  }
}

/** Forgets both test users' batches and the requests that were counted, so that limits start anew. */
export async function startAnew({ stack }: Caller): Promise<void> {
  for (const who of [stack.demo, stack.other]) {
    const { data } = await who.auth.getSession();
    const userId = data.session?.user.id ?? "";
    await stack.sql`delete from public.batches
      where profile_id in (select id from public.profiles where user_id = ${userId})`;
    await stack.sql`delete from private.requests where user_id = ${userId}`;
  }
}
