// The renderer's routes: renders, speech, health. Everything it needs is passed in.

import { type Context, Hono, type MiddlewareHandler } from "hono";
import { createHash, timingSafeEqual } from "node:crypto";
import { RENDER_ID_PATTERN, RenderSpec } from "../supabase/functions/_shared/contracts/render_spec.ts";
import { readRequest } from "../supabase/functions/_shared/contracts/requests.ts";
import { type SpeechAnswer, SpeechRequest } from "../supabase/functions/_shared/contracts/speech.ts";
import { errorBody, invalidRequest, ServiceError } from "./errors.ts";
import { describeError, type Log } from "./log.ts";
import type { RenderQueue } from "./render_queue.ts";

export interface AppDeps {
  queue: RenderQueue;
  /** Speaks a text; throws ServiceError where it cannot. */
  speak(request: SpeechRequest): Promise<SpeechAnswer>;
  /** Any one of them opens every route. */
  secrets: readonly string[];
  log: Log;
  /** Said by the health check. */
  capacity: number;
}

type Env = { Variables: { requestId: string } };

/** Six captioned minutes of text would fit. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;
const MAX_WAIT_S = 20;

/** The service as a Hono app. */
export function createApp(deps: AppDeps): Hono<Env> {
  const app = new Hono<Env>();

  app.use(logRequests(deps.log));

  app.get("/healthz", (c) => c.json({ status: "ok", capacity: deps.capacity, ...deps.queue.counts() }));

  app.use(async (c, next) => {
    if (isBearer(c.req.header("authorization"), deps.secrets)) return await next();
    throw new ServiceError(401, "unauthenticated", { message: "A valid bearer secret is needed." });
  });

  app.put("/v1/renders/:id", async (c) => {
    const body = await readJson(c);
    const spec = readRequest(RenderSpec, body);
    const id = c.req.param("id");
    const offences = [...spec.offences];
    if (!RENDER_ID_PATTERN.test(id)) offences.unshift({ path: "render_id", message: "is no render id" });
    if (spec.value === null || offences.length > 0) throw invalidRequest(offences);
    return c.json(await deps.queue.submit(id, spec.value), 202);
  });

  app.get("/v1/renders/:id", async (c) => {
    const waitS = readWait(c);
    const id = c.req.param("id");
    const state = RENDER_ID_PATTERN.test(id) ? await deps.queue.state(id, { waitS }) : null;
    if (!state) {
      throw new ServiceError(404, "render_not_found", { message: "No such render here; submit it again." });
    }
    return c.json(state);
  });

  app.delete("/v1/renders/:id", async (c) => {
    // An id names a folder: nothing else gets that far.
    const id = c.req.param("id");
    if (RENDER_ID_PATTERN.test(id)) await deps.queue.remove(id);
    return c.body(null, 204);
  });

  app.post("/v1/speech", async (c) => {
    const request = readRequest(SpeechRequest, await readJson(c));
    if (request.value === null) throw invalidRequest(request.offences);
    return c.json(await deps.speak(request.value));
  });

  const wrongMethod = (): never => {
    throw new ServiceError(405, "method_not_allowed", { message: "This path has no such method." });
  };
  for (const path of ["/healthz", "/v1/renders/:id", "/v1/speech"]) app.all(path, wrongMethod);

  app.notFound(() => {
    throw new ServiceError(404, "not_found", { message: "There is no such path." });
  });

  app.onError((error, c) => {
    const known = error instanceof ServiceError ? error : internal(error, c, deps.log);
    if (known.retryAfterS !== undefined) c.header("retry-after", String(known.retryAfterS));
    if (known.status === 401) c.header("www-authenticate", "Bearer");
    return c.json(errorBody(known, c.var.requestId), known.status as 500);
  });

  return app;
}

/** Gives every response its request id, and every request but a health check its line. */
function logRequests(log: Log): MiddlewareHandler<Env> {
  return async (c, next) => {
    const started = performance.now();
    c.set("requestId", sanitizeRequestId(c.req.header("x-request-id")));
    await next();
    c.header("x-request-id", c.var.requestId);
    if (c.req.path === "/healthz") return;
    log.info("request", {
      request_id: c.var.requestId,
      method: c.req.method,
      path: c.req.path.slice(0, 200),
      status: c.res.status,
      duration_ms: Math.round(performance.now() - started),
    });
  };
}

function internal(error: unknown, c: Context<Env>, log: Log): ServiceError {
  log.error("request failed", { request_id: c.var.requestId, cause: describeError(error) });
  return new ServiceError(500, "internal", { message: "Something went wrong." });
}

/** Compared in constant time, with every secret; digests have one length whatever was sent. */
function isBearer(header: string | undefined, secrets: readonly string[]): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const given = digest(/^bearer +(.+)$/i.exec(header ?? "")?.[1] ?? "");
  // All are compared: which one it was shows in no time either.
  return secrets.map((secret) => timingSafeEqual(given, digest(secret))).includes(true);
}

function sanitizeRequestId(given: string | undefined): string {
  return given !== undefined && /^[\w.:-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}

/** Media type, then size, then JSON, each with its own refusal. */
async function readJson(c: Context): Promise<unknown> {
  const type = (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new ServiceError(415, "unsupported_media_type", { message: "The body must be application/json." });
  }
  const text = await readText(c.req.raw.body);
  try {
    return JSON.parse(text);
  } catch {
    throw new ServiceError(400, "invalid_json", { message: "The body is not JSON." });
  }
}

async function readText(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw new ServiceError(413, "payload_too_large", { message: "The body is larger than 2 MiB." });
    }
    chunks.push(chunk);
  }
  return await new Blob(chunks as BlobPart[]).text();
}

function readWait(c: Context): number {
  const [text, ...more] = c.req.queries("wait_s") ?? [];
  if (text === undefined) return 0;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (more.length === 0 && seconds >= 0 && seconds <= MAX_WAIT_S) return seconds;
  throw invalidRequest([{ path: "query.wait_s", message: "must be one number from 0 to 20" }]);
}
