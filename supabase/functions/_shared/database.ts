// The database as the functions reach it: SQL functions over PostgREST, its refusals as errors of ours.

import { createClient, type PostgrestError, type SupabaseClient } from "@supabase/supabase-js";
import { HttpError, isErrorCode } from "./errors.ts";

/** Calls one SQL function of `public`. Throws `HttpError`: a refusal, `unavailable`, or `internal`. */
export interface Database {
  call<T>(
    name: string,
    args: Record<string, unknown>,
    options?: {
      /** The caller's own token: row level security decides. */
      token?: string;
      timeoutMs?: number;
    },
  ): Promise<T>;
}

/** How long a call may take before the database counts as away. */
const CALL_TIMEOUT_MS = 10_000;
/** What a client is told to wait when it is. */
const RETRY_AFTER_S = 5;

/** SQLSTATE classes and codes that say "not now": connection, resources, shutdown, time-out, lock, deadlock. */
const NOT_NOW = /^(?:08|53|57|40|55P03$|PGRST00[0-3]$)/;

/** A Supabase client of a function: no session, no retries behind our back. */
export function createSupabaseClient(
  url: string,
  options: { key: string; fetch?: typeof fetch },
): SupabaseClient {
  return createClient(url, options.key, {
    db: { retry: false },
    // With its own token source the client starts no session machinery; the key alone speaks for it.
    accessToken: () => Promise.resolve(null),
    global: options.fetch ? { fetch: options.fetch } : {},
  });
}

/** The database behind a client, which decides by its key who is asking unless a call brings a token. */
export function createDatabase(client: SupabaseClient): Database {
  return {
    async call<T>(
      name: string,
      args: Record<string, unknown>,
      options: { token?: string; timeoutMs?: number } = {},
    ): Promise<T> {
      let request = client.rpc(name, args)
        .abortSignal(AbortSignal.timeout(options.timeoutMs ?? CALL_TIMEOUT_MS));
      if (options.token) request = request.setHeader("Authorization", `Bearer ${options.token}`);
      const { data, error, status } = await request;
      if (error) throw toError(error, { status, name, asUser: options.token !== undefined });
      return data as T;
    },
  };
}

function toError(
  error: PostgrestError,
  { status, name, asUser }: { status: number; name: string; asUser: boolean },
): HttpError {
  const cause = new Error(
    `${name}: ${status} ${error.code ?? ""} ${error.message ?? ""} ${error.hint ?? ""}`.slice(0, 2000),
  );
  if (/^PT\d{3}$/.test(error.code ?? "") && isErrorCode(error.details)) {
    const seconds = Number(error.hint);
    return new HttpError(error.details, {
      retryAfterS: status === 429 ? Math.max(1, Math.ceil(seconds) || 1) : undefined,
      details: error.details === "invalid_request" ? readIndexes(error.hint) : undefined,
      cause,
    });
  }
  if (status === 0 || (status >= 502 && status <= 530) || NOT_NOW.test(error.code ?? "")) {
    return new HttpError("unavailable", { retryAfterS: RETRY_AFTER_S, cause });
  }
  // A token that ran out between our check and PostgREST's.
  if (asUser && status === 401) return new HttpError("unauthenticated", { cause });
  return new HttpError("internal", { cause });
}

/** `retry_batch` names the ids that are not in the batch by their places in the request. */
function readIndexes(hint: string | null): { path: string; message: string }[] {
  try {
    const indexes: unknown = JSON.parse(hint ?? "");
    if (Array.isArray(indexes)) {
      return indexes.map((index) => ({ path: `product_ids.${index}`, message: "is not in this batch" }));
    }
  } catch {
    // An offence without its place is still one.
  }
  return [{ path: "", message: "is not what the database takes" }];
}
