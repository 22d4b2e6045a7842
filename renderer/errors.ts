// The service's refusals: one class, one body, the words of the public contract.

import type { Offence } from "../supabase/functions/_shared/contracts/requests.ts";

/** A refusal that the caller may see. */
export class ServiceError extends Error {
  override name = "ServiceError";
  readonly status: number;
  readonly code: string;
  readonly details: Offence[] | undefined;
  readonly retryAfterS: number | undefined;

  constructor(
    status: number,
    code: string,
    options: {
      message: string;
      details?: Offence[];
      retryAfterS?: number;
      cause?: unknown;
    },
  ) {
    super(options.message, { cause: options.cause });
    this.status = status;
    this.code = code;
    this.details = options.details;
    this.retryAfterS = options.retryAfterS;
  }
}

/** 422 with every offence of a request. */
export function invalidRequest(details: Offence[]): ServiceError {
  return new ServiceError(422, "invalid_request", { message: "The request is not valid.", details });
}

/** 503 with the seconds after which another try makes sense. */
export function unavailable(message: string, retryAfterS: number): ServiceError {
  return new ServiceError(503, "unavailable", { message, retryAfterS });
}

/** The error's response body. */
export function errorBody(error: ServiceError, requestId: string): Record<string, unknown> {
  return {
    code: error.code,
    message: error.message,
    ...(error.details ? { details: error.details } : {}),
    request_id: requestId,
  };
}
