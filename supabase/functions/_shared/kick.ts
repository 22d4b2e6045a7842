// Kicks: asking `process-next` to take the next product of a batch. The sweep is the certainty behind them.

import type { Database } from "./database.ts";
import type { Log } from "./log.ts";
import type { Clock } from "./pipeline/ports.ts";

/** Asks until it is answered or has tried often enough. Never throws. */
export type Kick = (batchId: string, request: { requestId: string; log: Log }) => Promise<void>;

const TIMEOUT_MS = 10_000;
const ATTEMPTS = 5;
const BACKOFF_FIRST_MS = 250;
/** Longer waits are the sweep's. */
const BACKOFF_MAX_MS = 10_000;

interface Answer {
  status: number;
  message: string;
  /** Whether asking again may help. */
  transient: boolean;
  retryAfterMs: number | null;
}

/** Kicks over HTTP with the secret key. What fails for good is kept with the batch, for operators. */
export function createKick(
  deps: { supabaseUrl: string; secretKey: string; fetch: typeof fetch; database: Database; clock: Clock },
): Kick {
  const url = `${deps.supabaseUrl}/functions/v1/process-next`;
  return async (batchId, { requestId, log }) => {
    let last: Answer | null = null;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      if (last !== null) {
        const backoff = BACKOFF_FIRST_MS * 2 ** (attempt - 2) * (0.5 + Math.random());
        await deps.clock.sleep(Math.min(BACKOFF_MAX_MS, last.retryAfterMs ?? backoff));
      }
      last = await ask();
      if (last === null) return;
      log.warn("kick_failed", { batch_id: batchId, attempt, status: last.status, message: last.message });
      if (!last.transient) break;
    }
    await deps.database.call("record_kick", {
      p_batch_id: batchId,
      p_status: last?.status ?? 0,
      p_message: last?.message ?? "",
    }).catch((cause) => log.warn("kick_not_recorded", { batch_id: batchId, cause }));

    async function ask(): Promise<Answer | null> {
      try {
        const response = await deps.fetch(url, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            apikey: deps.secretKey,
            "x-request-id": requestId,
          },
          body: JSON.stringify({ batch_id: batchId }),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        await response.body?.cancel();
        return response.ok ? null : toAnswer(response);
      } catch (error) {
        return toMiss(error);
      }
    }
  };
}

function toAnswer(response: Response): Answer {
  const { status } = response;
  const seconds = Number(response.headers.get("retry-after") ?? NaN);
  return {
    status,
    message: `process-next answered ${status}`,
    transient: status >= 500 || status === 429 || status === 408,
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
  };
}

/** The hosted runtime throws its own `RateLimitError` where functions call each other too often. */
function toMiss(error: unknown): Answer {
  const name = error instanceof Error ? error.name : "Error";
  const asked = name === "RateLimitError" ? Number((error as { retryAfterMs?: unknown }).retryAfterMs) : NaN;
  return {
    status: name === "RateLimitError" ? 429 : 0,
    message: `process-next was not reached (${name})`,
    transient: true,
    retryAfterMs: Number.isFinite(asked) ? asked : null,
  };
}
