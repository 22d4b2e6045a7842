// What every function's HTTP side has in common: request ids, CORS, errors, bounded bodies, conditional answers.

import { corsHeaders } from "@supabase/supabase-js/cors";
import { type Context, Hono } from "hono";
import { type Offence, readRequest, readUuid } from "./contracts/requests.ts";
import { HttpError, toHttpError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { z } from "zod";

/** What handlers find with each request. */
export interface RequestScope<Caller = unknown> {
  Variables: { requestId: string; log: Log; caller: Caller };
}

export const MAX_BODY_BYTES = 64 * 1024;

const REQUEST_ID = /^[\w.:+=@~-]{1,128}$/;

const ALLOWED_HEADERS = [
  corsHeaders["Access-Control-Allow-Headers"],
  "idempotency-key, x-profile-id, if-none-match, x-request-id",
].join(", ");

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": ALLOWED_HEADERS,
  "access-control-allow-methods": "GET, HEAD, POST, DELETE, OPTIONS",
  "access-control-expose-headers": "etag, location, retry-after, x-request-id",
};

/**
 * An app that answers preflights, authenticates before it looks at anything else, and gives every answer
 * its request id and CORS headers. Routes are added to what it returns; what none takes is `not_found`.
 */
export function createHttpApp<Caller>(
  options: { log: Log; authenticate(request: Request): Promise<Caller> },
): Hono<RequestScope<Caller>> {
  const app = new Hono<RequestScope<Caller>>();
  app.use(async (c, next) => {
    const startedAt = performance.now();
    const sent = c.req.header("x-request-id");
    const requestId = sent !== undefined && REQUEST_ID.test(sent) ? sent : crypto.randomUUID();
    const log = options.log.with({ request_id: requestId });
    c.set("requestId", requestId);
    c.set("log", log);
    if (c.req.method === "OPTIONS") {
      c.res = c.body(null, 204, { "access-control-max-age": "86400" });
    } else {
      await next();
    }
    for (const [name, value] of Object.entries(CORS)) c.res.headers.set(name, value);
    c.res.headers.set("x-request-id", requestId);
    if (c.req.method === "HEAD" && c.res.body !== null) {
      // The body is dropped behind this, and a server would say that it has no bytes.
      c.res.headers.set("content-length", String((await c.res.clone().arrayBuffer()).byteLength));
    }
    log.info("request", {
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      duration_ms: Math.round(performance.now() - startedAt),
    });
  });
  app.use(async (c, next) => {
    c.set("caller", await options.authenticate(c.req.raw));
    await next();
  });
  app.onError((error, c) => renderError(c, error));
  app.notFound((c) => renderError(c, new HttpError("not_found")));
  return app;
}

function renderError<Caller>(c: Context<RequestScope<Caller>>, thrown: unknown): Response {
  const error = toHttpError(thrown);
  const fields = { code: error.code, status: error.status, cause: error.cause };
  if (error.status >= 500) c.var.log.error("request_failed", fields);
  else if (error.status !== 401) c.var.log.info("request_refused", fields);
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (error.retryAfterS !== null) headers["retry-after"] = String(error.retryAfterS);
  if (error.allow !== null) headers["allow"] = error.allow;
  const body = {
    code: error.code,
    message: error.message,
    ...(error.details === null ? {} : { details: error.details }),
    request_id: c.var.requestId,
  };
  return new Response(JSON.stringify(body), { status: error.status, headers });
}

/** A handler for the methods that a route does not take; `allow` lists those that it does. */
export function refuseMethod(allow: string): () => never {
  return () => {
    throw new HttpError("method_not_allowed", { allow: `${allow}, OPTIONS` });
  };
}

/** The batch named in the path; a malformed id looks like an absent batch. */
export function readBatchId(text: string | undefined): string {
  const id = readUuid(text ?? "");
  if (id === null) throw new HttpError("batch_not_found");
  return id;
}

/** The profile that `X-Profile-Id` names, null without the header; a malformed id looks like an absent one. */
export function readProfileId(request: Request): string | null {
  const text = request.headers.get("x-profile-id");
  if (text === null) return null;
  const id = readUuid(text);
  if (id === null) throw new HttpError("profile_not_found");
  return id;
}

/** The value, or `invalid_request` with the schema's offences and those found elsewhere in the request. */
export function parseOrRefuse<T>(schema: z.ZodType<T>, value: unknown, others: Offence[] = []): T {
  const read = readRequest(schema, value);
  const details = [...read.offences, ...others];
  if (read.value === null || details.length > 0) throw new HttpError("invalid_request", { details });
  return read.value;
}

/** The request's JSON. Throws by media type, then size, then syntax. */
export async function readJson(request: Request): Promise<unknown> {
  requireJsonType(request);
  return parseJson(await readBytes(request));
}

/** The same where a body may be missing: undefined then, whatever media type was named. */
export async function readOptionalJson(request: Request): Promise<unknown> {
  if (isJsonType(request)) {
    const bytes = await readBytes(request);
    return bytes.length === 0 ? undefined : parseJson(bytes);
  }
  if (await hasBody(request)) requireJsonType(request);
  return undefined;
}

function isJsonType(request: Request): boolean {
  const type = (request.headers.get("content-type") ?? "").split(";")[0] ?? "";
  const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  return type.trim().toLowerCase() === "application/json" && encoding === "identity";
}

function requireJsonType(request: Request): void {
  if (!isJsonType(request)) throw new HttpError("unsupported_media_type");
}

async function hasBody(request: Request): Promise<boolean> {
  if (request.body === null) return false;
  const reader = request.body.getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return false;
      if (value.length > 0) return true;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Stops reading at the bound, so that no sender decides how much memory is taken. */
async function readBytes(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) {
    throw new HttpError("payload_too_large");
  }
  if (request.body === null) return new Uint8Array();
  const bytes = new Uint8Array(MAX_BODY_BYTES);
  let length = 0;
  const reader = request.body.getReader();
  while (true) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, length);
    if (length + value.length > MAX_BODY_BYTES) {
      await reader.cancel().catch(() => {});
      throw new HttpError("payload_too_large");
    }
    bytes.set(value, length);
    length += value.length;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new HttpError("invalid_json", { cause });
  }
}

/** The one value of a query parameter; a repeated one is an offence. */
export function readQuery(
  request: Request,
  names: string[],
): { values: Record<string, string>; offences: Offence[] } {
  const query = new URL(request.url).searchParams;
  const values: Record<string, string> = {};
  const offences: Offence[] = [];
  for (const name of names) {
    const [value, ...more] = query.getAll(name);
    if (more.length > 0) offences.push({ path: `query.${name}`, message: "must be given once" });
    else if (value !== undefined) values[name] = value;
  }
  return { values, offences };
}
