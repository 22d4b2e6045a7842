// How the trouble of a speech service becomes the failure of a row.

import { JobFailure } from "../contracts/jobs.ts";

/** Seconds of a `Retry-After` header (a number or an HTTP date), null where there is none. */
export function readRetryAfterS(header: string | null | undefined): number | null {
  if (!header) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000);
}

/** The failure for an HTTP status: 408, 429 and 5xx pass with time, the rest is refused for good. */
export function refusedByStatus(
  service: string,
  options: { status: number; retryAfter?: string | null; cause?: unknown },
): JobFailure {
  const { status, cause } = options;
  if (status === 429 || status === 408 || status >= 500) {
    return new JobFailure(
      "voiceover_failed",
      `${service} cannot make the voice just now; it is tried again.`,
      {
        retryable: true,
        retryAfterS: readRetryAfterS(options.retryAfter),
        cause: cause ?? new Error(`${service} answered ${status}`),
      },
    );
  }
  const reason = status === 401 || status === 403
    ? `${service} refused this shop's key.`
    : status === 404
    ? `${service} does not know this voice.`
    : `${service} refused to make this voice (${status}).`;
  return new JobFailure("voiceover_failed", reason, { cause });
}

/** The failure for a connection that broke, a time-out, or a recording that is not whole. */
export function brokenOff(service: string, cause: unknown): JobFailure {
  return new JobFailure("voiceover_failed", `${service} did not deliver the voice; it is tried again.`, {
    retryable: true,
    cause,
  });
}
