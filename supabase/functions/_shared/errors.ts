// The errors that clients see: every code with its status, and one class that carries them.

import type { Offence } from "./contracts/requests.ts";

const CATALOGUE = {
  invalid_json: { status: 400, message: "The body is not JSON." },
  unauthenticated: {
    status: 401,
    message: "Sign in: the credentials are missing, expired or not valid here.",
  },
  profile_not_found: { status: 404, message: "There is no such profile." },
  batch_not_found: { status: 404, message: "There is no such batch." },
  not_found: { status: 404, message: "There is no such route." },
  method_not_allowed: { status: 405, message: "This route does not take that method." },
  idempotency_conflict: {
    status: 409,
    message: "This Idempotency-Key was used with another request.",
  },
  batch_not_retryable: { status: 409, message: "Nothing is there to retry: every row is completed." },
  batch_finished: { status: 409, message: "Nothing is there to cancel: the batch is finished." },
  payload_too_large: { status: 413, message: "The body is larger than 64 KiB." },
  unsupported_media_type: { status: 415, message: "Send the body as application/json." },
  invalid_request: { status: 422, message: "The request is not valid; `details` names every offence." },
  provider_not_configured: { status: 422, message: "The chosen provider has no key here." },
  too_many_active_batches: {
    status: 429,
    message: "Too many batches of this profile are still running; wait until one has ended.",
  },
  rate_limited: { status: 429, message: "Too many requests; try again later." },
  internal: { status: 500, message: "Something went wrong on our side." },
  unavailable: { status: 503, message: "The service is not available just now; try again." },
} as const;

/** The words that clients branch on. */
export type ErrorCode = keyof typeof CATALOGUE;

/** An answer that is no success. What it says is meant for the client; `cause` is for the log only. */
export class HttpError extends Error {
  override name = "HttpError";
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: Offence[] | null;
  /** Seconds, for `Retry-After`. */
  readonly retryAfterS: number | null;
  /** The methods that the route takes, for `Allow`. */
  readonly allow: string | null;

  constructor(
    code: ErrorCode,
    options: {
      message?: string;
      details?: Offence[];
      retryAfterS?: number;
      allow?: string;
      cause?: unknown;
    } = {},
  ) {
    super(options.message ?? CATALOGUE[code].message, { cause: options.cause });
    this.code = code;
    this.status = CATALOGUE[code].status;
    this.details = options.details ?? null;
    this.retryAfterS = options.retryAfterS ?? null;
    this.allow = options.allow ?? null;
  }
}

/** Whether the word is one of the catalogue. */
export function isErrorCode(word: unknown): word is ErrorCode {
  return typeof word === "string" && Object.hasOwn(CATALOGUE, word);
}

/** What the client is told of anything that was thrown: what is not an `HttpError` is `internal`. */
export function toHttpError(error: unknown): HttpError {
  return error instanceof HttpError ? error : new HttpError("internal", { cause: error });
}

/** Whether the database (or a service behind it) was out of reach, so that the same call may pass later. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof HttpError && error.code === "unavailable";
}
