// One running stack for a test process: its own on free ports and a temporary folder, or the one that the
// environment points at (`SUPABASE_URL`, `SUPABASE_PUBLISHABLE_KEY`, … as the file `env` has them).

import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { removePostgresData } from "../../local/postgres/server.ts";
import { type StackOptions, startStack } from "../../local/stack.ts";

/** A stack with what tests need at hand. */
export interface TestStack {
  /** The file `env`. */
  env: Record<string, string>;
  /** Signed in as the first user, who owns the sample shop. */
  demo: SupabaseClient;
  /** Signed in as the second user, who owns nothing. */
  other: SupabaseClient;
  /** With the secret key. */
  admin: SupabaseClient;
  /** Straight into the database, as `postgres`. */
  sql: postgres.Sql;
  /** Null where the stack is not this process's own. */
  dataDir: string | null;
  stop(): Promise<void>;
}

const NAMES = [
  "SUPABASE_URL",
  "SUPABASE_PUBLISHABLE_KEY",
  "SUPABASE_SECRET_KEY",
  "DATABASE_URL",
  "RENDERER_URL",
  "RENDERER_SECRET",
  "DEMO_EMAIL",
  "DEMO_PASSWORD",
  "OTHER_EMAIL",
  "OTHER_PASSWORD",
  "JWT_SIGNING_KEYS_PATH",
];

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}

/** A gateway port with three free ones behind it, below those that the system hands out by itself. */
export function freePortBase(): number {
  for (let attempt = 0; attempt < 200; attempt++) {
    const base = 20_000 + 4 * Math.floor(Math.random() * 3_000);
    if ([0, 1, 2, 3].every((offset) => isFree(base + offset))) return base;
  }
  throw new Error("found no four free ports in a row");
}

/** A client that keeps no timers and no storage; without `password` it is signed in as nobody. */
export function newClient(env: Record<string, string>, options: { key?: string } = {}): SupabaseClient {
  return createClient(env.SUPABASE_URL!, options.key ?? env.SUPABASE_PUBLISHABLE_KEY!, {
    auth: { autoRefreshToken: false, persistSession: false, detectSessionInUrl: false },
  });
}

async function signIn(env: Record<string, string>, who: "DEMO" | "OTHER"): Promise<SupabaseClient> {
  const client = newClient(env);
  const { error } = await client.auth.signInWithPassword({
    email: env[`${who}_EMAIL`]!,
    password: env[`${who}_PASSWORD`]!,
  });
  if (error) throw error;
  return client;
}

async function open(
  env: Record<string, string>,
  options: { dataDir: string | null; end(): Promise<void> },
): Promise<TestStack> {
  const sql = postgres(env.DATABASE_URL!, { max: 4, onnotice: () => {} });
  const [demo, other] = await Promise.all([signIn(env, "DEMO"), signIn(env, "OTHER")]);
  return {
    env,
    demo,
    other,
    admin: newClient(env, { key: env.SUPABASE_SECRET_KEY! }),
    sql,
    dataDir: options.dataDir,
    async stop() {
      await sql.end({ timeout: 1 });
      await options.end();
    },
  };
}

/** A stack of its own, whatever the environment says: for tests that kill its parts or set its environment. */
export async function ownStack(options: Partial<StackOptions> = {}): Promise<TestStack> {
  const dataDir = options.dataDir ?? await Deno.makeTempDir({ prefix: "reelbatch-stack-" });
  const stack = await startStack({ portBase: freePortBase(), durable: false, ...options, dataDir });
  return await open(stack.env, {
    dataDir,
    async end() {
      await stack.stop();
      if (options.dataDir) return;
      await removePostgresData(`${dataDir}/postgres`);
      await Deno.remove(dataDir, { recursive: true });
    },
  });
}

let shared: Promise<TestStack> | null = null;

/**
 * The stack of this test process, started at the first call. `own`: never the one that the environment points at, for
 * tests of the local stack itself.
 */
export function sharedStack(options: { own?: boolean } = {}): Promise<TestStack> {
  shared ??= options.own ? ownStack() : start();
  return shared;
}

async function start(): Promise<TestStack> {
  const given = Object.fromEntries(NAMES.flatMap((name) => {
    const value = Deno.env.get(name);
    return value ? [[name, value]] : [];
  }));
  if (!given.SUPABASE_URL) return await ownStack();
  const missing = [
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_SECRET_KEY",
    "DATABASE_URL",
    "DEMO_EMAIL",
    "DEMO_PASSWORD",
  ]
    .concat("OTHER_EMAIL", "OTHER_PASSWORD").filter((name) => !given[name]);
  if (missing.length > 0) throw new Error(`SUPABASE_URL is set, but not ${missing.join(", ")}`);
  return await open(given, { dataDir: null, end: () => Promise.resolve() });
}

/** To be called by `Deno.test.afterAll` of a file that used the shared stack. */
export async function stopSharedStack(): Promise<void> {
  const running = shared;
  shared = null;
  await (await running)?.stop();
}
