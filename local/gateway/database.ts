// Connections to Postgres, transactions under a caller's role, and whether a failure means that it is away.

import postgres from "postgres";
import type { Identity } from "./identity.ts";

export type Connections = postgres.Sql;
export type Transaction = postgres.TransactionSql;

/** Connections as one user. */
export interface Pool {
  /** Runs queries; gives up within seconds while the database is away, and works at once when it is back. */
  use<T>(work: (sql: Connections) => PromiseLike<T>): Promise<T>;
}

function connect(databaseUrl: string, options: { user: string; max: number }): Connections {
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

/** A pool as `user`. */
export function openPool(databaseUrl: string, options: { user: string; max: number }): Pool {
  let current = connect(databaseUrl, options);
  return {
    async use(work) {
      const used = current;
      try {
        return await inTime(work(used));
      } catch (error) {
        // A connection of this driver that was cut while it had something to write never writes again, reconnected or not
        // (seen with 3.4.9): after a cut all of them are left to what they were doing, and new ones taken.
        if (isAway(error) && used === current) {
          current = connect(databaseUrl, options);
          used.end({ timeout: ANSWER_LIMIT_MS / 1000 }).catch(() => {});
        }
        throw error;
      }
    },
  };
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
async function inTime<T>(work: PromiseLike<T>): Promise<T> {
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
