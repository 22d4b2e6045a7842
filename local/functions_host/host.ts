// Which process answers a request: the function's newest one that is not retired, else a new one.

import { type Configuration, publicKeys } from "../configuration.ts";
import { forward } from "../forward.ts";
import { type Isolate, startIsolate } from "./isolate.ts";

/** The edge gateway's limit for a response to begin. */
const RESPONSE_LIMIT_MS = 150_000;
/** Where the project's functions lie. */
export const FUNCTIONS_FOLDER = new URL("../../supabase/functions/", import.meta.url);

interface HostOptions {
  configuration: Configuration;
  /** Holds NAME/index.ts for each of `names`. */
  folder: URL;
  names: readonly string[];
  /** What every process needs to run at all (PATH, HOME, …). */
  baseEnvironment: Record<string, string>;
  /** Told at every start and end of a child: pids by function. */
  onChildren(children: Record<string, number[]>): void;
}

/** The variables that the platform injects, then those that the starter hands on. */
function functionEnvironment(configuration: Configuration): Record<string, string> {
  return {
    ...configuration.handedOn,
    SUPABASE_URL: configuration.supabaseUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: configuration.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: configuration.secretKey }),
    SUPABASE_JWKS: JSON.stringify({ keys: publicKeys(configuration.signingKeys) }),
    SUPABASE_DB_URL: configuration.databaseUrl,
    RENDERER_URL: configuration.rendererUrl,
    RENDERER_SECRET: configuration.rendererSecret,
    WALL_CLOCK_S: String(configuration.wallClockS),
    SB_EXECUTION_ID: crypto.randomUUID(),
    SB_REGION: "local",
  };
}

function refusal(request: Request, options: { status: number; code: string; message: string }): Response {
  const given = request.headers.get("x-request-id") ?? "";
  const requestId = /^[A-Za-z0-9._:-]{1,128}$/.test(given) ? given : crypto.randomUUID();
  const { status, code, message } = options;
  return Response.json({ code, message, request_id: requestId }, {
    status,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-expose-headers": "etag, location, retry-after, x-request-id",
      "x-request-id": requestId,
      ...(status === 503 ? { "retry-after": "1" } : {}),
    },
  });
}

async function toIsolate(request: Request, isolate: Isolate): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(RESPONSE_LIMIT_MS)]);
  return await forward(request, `http://127.0.0.1:${await isolate.port}${pathname}${search}`, signal);
}

/** The host as a request handler; children are started as requests come. */
export function createFunctionsHost(options: HostOptions): (request: Request) => Promise<Response> {
  const { configuration } = options;
  const alive = new Map<string, Isolate[]>(options.names.map((name) => [name, []]));

  function publish(): void {
    options.onChildren(
      Object.fromEntries([...alive].map(([name, list]) => [name, list.map(({ pid }) => pid)])),
    );
  }

  function isolateFor(name: string): Isolate {
    const list = alive.get(name)!;
    const current = list.at(-1);
    if (current && current.isAlive() && !current.isRetired()) return current;
    const isolate = startIsolate(new URL(`${name}/index.ts`, options.folder).href, {
      environment: { ...options.baseEnvironment, ...functionEnvironment(configuration) },
      wallClockS: configuration.wallClockS,
      mark: configuration.dataDir,
    });
    list.push(isolate);
    publish();
    isolate.ended.then(() => {
      list.splice(list.indexOf(isolate), 1);
      publish();
    });
    return isolate;
  }

  return async function handle(request) {
    const name = new URL(request.url).pathname.split("/")[1] ?? "";
    if (!alive.has(name)) {
      return refusal(request, { status: 404, code: "not_found", message: "No such function." });
    }
    let isolate: Isolate | null = null;
    try {
      isolate = isolateFor(name);
      return await toIsolate(request, isolate);
    } catch (error) {
      if (error instanceof DOMException && error.name === "TimeoutError") {
        return refusal(request, {
          status: 504,
          code: "unavailable",
          message: "The function did not answer.",
        });
      }
      console.error(
        JSON.stringify({ event: "function_did_not_answer", function: name, error: String(error) }),
      );
      return refusal(request, { status: 503, code: "unavailable", message: "The function's process ended." });
    }
  };
}
