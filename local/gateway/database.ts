// Connections to Postgres, transactions under a caller's role, and whether a failure means that it is away.

import postgres from "postgres";
import type { Identity } from "./identity.ts";

export type Pool = postgres.Sql;
export type Transaction = postgres.TransactionSql;

/** A pool as `user`; it gives up within seconds while the database is away, and is back at once when it is. */
export function openPool(databaseUrl: string, options: { user: string; max: number }): Pool {
  const url = new URL(databaseUrl);
  url.username = options.user;
  return postgres(url.href, {
    max: options.max,
    connect_timeout: 3,
    backoff: () => 0.05,
    idle_timeout: 60,
    onnotice: () => {},
    fetch_types: false,
    connection: { application_name: "gateway" },
  });
}

const AWAY = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
]);

/** Whether the database does not answer: gone, starting, or shutting down. */
export function isAway(error: unknown): boolean {
  const code = String((error as { code?: unknown })?.code ?? "");
  return AWAY.has(code) || /^57P0/.test(code) || /^08/.test(code);
}

/** Longer than any statement may take (8 s): a database that is frozen rather than gone. */
const ANSWER_LIMIT_MS = 10_000;

/** Gives up on a database that takes requests and does not answer them; the error is one that `isAway` knows. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    const error = Object.assign(new Error("the database did not answer in time"), { code: "ETIMEDOUT" });
    timer = setTimeout(() => reject(error), ANSWER_LIMIT_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** The caller's settings, local to the transaction, as PostgREST makes them. */
export interface CallerSettings {
  identity: Identity;
  request: Request;
  searchPath: string;
}

/** Sends the statement that sets role, claims and request, before it returns: what the caller sends next runs under it. */
export function assume(tx: Transaction, { identity, request, searchPath }: CallerSettings): Promise<unknown> {
  const { role, claims } = identity;
  const headers = JSON.stringify(Object.fromEntries(request.headers));
  const setting = tx`select set_config('search_path', ${searchPath}, true), set_config('role', ${role}, true),
    set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
    set_config('request.headers', ${headers}, true), set_config('request.method', ${request.method}, true),
    set_config('request.path', ${new URL(request.url).pathname}, true)`;
  // Queries are lazy: without this the next one would be sent first, under our own role.
  return setting.execute() as unknown as Promise<unknown>;
}
