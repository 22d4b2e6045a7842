// What a provider's refusal means for the product: tried again, waited for, or final.

import { JobFailure } from "../contracts/jobs.ts";
import { SpoiltSpeech } from "../contracts/speech.ts";

type ProviderCode = "voiceover_failed" | "script_failed";

const MESSAGES: Record<ProviderCode, { later: string; never: string }> = {
  voiceover_failed: {
    later: "The voice service does not answer at the moment.",
    never: "The voice service refused this text or voice.",
  },
  script_failed: {
    later: "The AI that writes scripts does not answer at the moment.",
    never: "The AI that writes scripts refused this product.",
  },
};

/** Network, time-outs, 408, 425, 429 and 5xx pass; every other status is final, a redirect too. */
export function providerFailure(
  code: ProviderCode,
  trouble: { status?: number | undefined; retryAfter?: string | null | undefined; cause?: unknown },
): JobFailure {
  const { status } = trouble;
  const passing = status === undefined || status >= 500 || [408, 425, 429].includes(status);
  return new JobFailure(code, passing ? MESSAGES[code].later : MESSAGES[code].never, {
    retryable: passing,
    retryAfterS: passing ? retryAfterSeconds(trouble.retryAfter) : null,
    cause: trouble.cause ?? new Error(`status ${status}`),
  });
}

/** The service answered, perhaps for money, with nothing that can be used: tried again, but not for hours. */
export function spoiltSpeech(reason: string, cause?: unknown): JobFailure {
  return new JobFailure("voiceover_failed", "The voice service sent no usable speech.", {
    retryable: true,
    cause: new SpoiltSpeech(reason, { cause }),
  });
}

/** `Retry-After` in seconds, whether it is a number or a date. */
export function retryAfterSeconds(header: string | null | undefined): number | null {
  if (!header) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000);
}
