// PostgREST's error bodies, and its map from SQLSTATE to HTTP status.

import { isAway } from "../database.ts";

export interface RestErrorBody {
  code: string;
  message: string;
  details: string | null;
  hint: string | null;
}

/** A refusal that PostgREST itself makes, before or after the SQL. */
export class RestError extends Error {
  override name = "RestError";
  readonly status: number;
  readonly body: RestErrorBody;

  constructor(status: number, body: { code: string; message: string; details?: string; hint?: string }) {
    super(body.message);
    this.status = status;
    this.body = { details: null, hint: null, ...body };
  }
}

const BY_STATE: Record<string, number> = {
  "23503": 409,
  "23505": 409,
  "25006": 405,
  "42883": 404,
  "42P01": 404,
  "42P17": 500,
  "53400": 500,
  "P0001": 400,
};
const BY_CLASS: Record<string, number> = {
  "08": 503,
  "09": 500,
  "0L": 403,
  "0P": 403,
  "25": 500,
  "28": 403,
  "2D": 500,
  "38": 500,
  "39": 500,
  "3B": 500,
  "40": 500,
  "53": 503,
  "54": 500,
  "55": 500,
  "57": 500,
  "58": 500,
  "F0": 500,
  "HV": 500,
  "P0": 500,
  "XX": 500,
};

/** The status of a database error; `isAnonymous` turns a missing privilege into "log in first". */
export function statusOf(state: string, options: { isAnonymous: boolean; message?: string }): number {
  if (/^PT\d{3}$/.test(state)) return Number(state.slice(2));
  if (state === "42501") return options.isAnonymous ? 401 : 403;
  if (state === "21000") return options.message?.includes("WHERE") ? 400 : 500;
  if (state === "22023" && /role .* does not exist/.test(options.message ?? "")) return 401;
  return BY_STATE[state] ?? BY_CLASS[state.slice(0, 2)] ?? 400;
}

interface DatabaseError {
  code: string;
  message: string;
  detail?: string;
  hint?: string;
}

/** The answer to whatever was thrown; null where it is none of the kinds that PostgREST answers. */
export function errorResponse(error: unknown, options: { isAnonymous: boolean }): Response | null {
  if (error instanceof RestError) return Response.json(error.body, { status: error.status });
  if (isAway(error)) {
    const body: RestErrorBody = {
      code: "PGRST002",
      message: "Could not query the database for the schema cache. Retrying.",
      details: null,
      hint: null,
    };
    return Response.json(body, { status: 503, headers: { "retry-after": "1" } });
  }
  if (!(error instanceof Error) || error.name !== "PostgresError") return null;
  const { code, message, detail, hint } = error as Error & DatabaseError;
  const body: RestErrorBody = { code, message, details: detail ?? null, hint: hint ?? null };
  const status = statusOf(code, { ...options, message });
  return Response.json(body, { status, headers: status === 401 ? { "www-authenticate": "Bearer" } : {} });
}
