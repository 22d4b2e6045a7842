// A stack for a benchmark: durable Postgres, the local gateway and functions host as processes of their own, functions of
// the benchmark's choice behind them. No sweep runs: nothing but what is measured.

import { importJWK, SignJWT } from "jose";
import type { Configuration } from "../../local/configuration.ts";
import { readSecrets, readSigningKeys } from "../../local/data_folder.ts";
import { CHILDREN_MARK } from "../../local/names.ts";
import { type Running, startProgram } from "../../local/part.ts";
import { type BenchDatabase, withBenchDatabase } from "../database.ts";
import { COUNTS_PATH, type RequestCounts } from "./counts.ts";
import { type BenchRenderer, freePort, type Recorded, startBenchRenderer } from "./renderers.ts";

/** The functions of this folder: the real ones, `process-next` with a pipeline that does nothing, and `select-one`. */
export const NO_OP_FUNCTIONS = new URL("./functions/", import.meta.url);

export interface BenchStack extends BenchDatabase {
  origin: string;
  /** Holds `logs/` of every part. */
  dataDir: string;
  publishableKey: string;
  secretKey: string;
  rendererSecret: string;
  /** As many as were asked for. */
  renderers: BenchRenderer[];
  /** What the functions asked of them. */
  recorded: Recorded;
  /** A token as Auth would give this user. */
  signToken(userId: string): Promise<string>;
  /** Every request that the gateway has got, from clients and from functions. */
  readCounts(): Promise<RequestCounts>;
  /** Pids by part (`gateway`, `functions`) and by function, as they are now. */
  pids(): Record<string, number[]>;
}

/** Calls `POST` or `GET` on a function as this user; throws unless it is answered with `expected`. */
export async function callFunction(
  stack: BenchStack,
  path: string,
  options: { token: string; body?: unknown; expected?: number; headers?: Record<string, string> },
): Promise<Response> {
  const response = await fetch(`${stack.origin}/functions/v1/${path}`, {
    method: options.body === undefined ? "GET" : "POST",
    headers: {
      apikey: stack.publishableKey,
      authorization: `Bearer ${options.token}`,
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    },
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
  });
  const expected = options.expected ?? 200;
  if (response.status === expected) return response;
  throw new Error(`${path} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
}

async function configure(databaseUrl: string, dataDir: string): Promise<Configuration> {
  const secrets = await readSecrets(dataDir);
  const ports = { gateway: freePort(), postgres: 0, renderer: 0, functions: freePort() };
  return {
    dataDir,
    ports,
    supabaseUrl: `http://127.0.0.1:${ports.gateway}`,
    databaseUrl,
    rendererUrl: "",
    rendererSecret: secrets.rendererSecret,
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKey,
    tokenSecret: secrets.tokenSecret,
    signingKeys: await readSigningKeys(dataDir),
    // The paid plan's: an isolate is replaced in the middle of a benchmark as it would be in production.
    wallClockS: 400,
    handedOn: {},
  };
}

/** Signs as Auth does, for an hour. */
function createSigner({ signingKeys: [key], supabaseUrl }: Configuration): BenchStack["signToken"] {
  return async (userId) =>
    await new SignJWT({ role: "authenticated", aal: "aal1", is_anonymous: false })
      .setProtectedHeader({ alg: "ES256", kid: key!.kid!, typ: "JWT" })
      .setIssuer(`${supabaseUrl}/auth/v1`).setAudience("authenticated").setSubject(userId)
      .setIssuedAt().setExpirationTime("1h").sign(await importJWK(key!, "ES256"));
}

export interface BenchStackOptions {
  /** Holds the functions, NAME/index.ts. */
  folder?: URL;
  /** Real renderers, one after another in RENDERER_URL; none by default. */
  renderers?: number;
  /** A stand-in of the renderer instead. */
  renderer?: { origin: string; secret: string };
}

/** Runs `use` with a stack, and ends every process of it. */
export async function withBenchStack(
  use: (stack: BenchStack) => Promise<void>,
  options: BenchStackOptions = {},
): Promise<void> {
  await withBenchDatabase(async (database) => {
    await database.sql`create function public.bench_select_one() returns int language sql as 'select 1'`;
    await database.sql`grant execute on function public.bench_select_one to authenticated`;
    const dataDir = await Deno.makeTempDir({ prefix: "reelbatch-bench-stack-" });
    const stops: (() => Promise<void>)[] = [];
    try {
      const configuration = await configure(database.url, dataDir);
      const parts = await startParts(configuration, { ...options, stops });
      const { supabaseUrl: origin, publishableKey, secretKey, rendererSecret } = configuration;
      await use({
        ...database,
        ...parts,
        origin,
        dataDir,
        publishableKey,
        secretKey,
        rendererSecret,
        signToken: createSigner(configuration),
        readCounts: async () => await (await fetch(`${origin}${COUNTS_PATH}`)).json(),
      });
    } finally {
      for (const stop of stops.reverse()) await stop();
      await Deno.remove(dataDir, { recursive: true });
    }
  });
}

async function startParts(
  configuration: Configuration,
  options: BenchStackOptions & { stops: (() => Promise<void>)[] },
): Promise<Pick<BenchStack, "renderers" | "recorded" | "pids">> {
  const { stops, folder = NO_OP_FUNCTIONS } = options;
  const recorded: Recorded = { speeches: [], specs: [], underWay: [] };
  const renderers: BenchRenderer[] = [];
  for (let n = 1; n <= (options.renderers ?? 0); n++) {
    const renderer = await startBenchRenderer(configuration, { name: `renderer-${n}`, recorded });
    stops.push(renderer.stop);
    renderers.push(renderer);
  }
  const children: Record<string, number[]> = {};
  const start = async (name: "gateway" | "functions"): Promise<number> => {
    const running: Running = await startProgram({
      name,
      program: name === "gateway" ? "benches/stack/gateway.ts" : "benches/stack/functions_host.ts",
      configuration: Object.assign({}, configuration, {
        rendererUrl: options.renderer?.origin ?? renderers.map(({ door }) => door).join(","),
        rendererSecret: options.renderer?.secret ?? configuration.rendererSecret,
        functionsFolder: folder.href,
      }),
      flags: ["--unstable-no-legacy-abort"],
      isReady: (line) => line === "listening",
      mark: { prefix: CHILDREN_MARK, onLine: (rest) => Object.assign(children, JSON.parse(rest)) },
    });
    stops.push(running.stop);
    return running.pid;
  };
  const gateway = await start("gateway");
  const functions = await start("functions");
  return { renderers, recorded, pids: () => ({ gateway: [gateway], functions: [functions], ...children }) };
}
