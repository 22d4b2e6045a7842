// Accepting batches, and what is done to them as a whole: cancel, retry, delete.

import type { Hono } from "hono";
import type { Background } from "../_shared/background.ts";
import type { CleanUp, SubmittedRender } from "../_shared/clean_up.ts";
import type { BatchOptions } from "../_shared/contracts/options.ts";
import {
  CreateBatchRequest,
  IdempotencyKey,
  type Offence,
  readRequest,
  RetryBatchRequest,
} from "../_shared/contracts/requests.ts";
import type { User } from "../_shared/auth.ts";
import type { Database } from "../_shared/database.ts";
import type { Environment } from "../_shared/environment.ts";
import { HttpError, isErrorCode } from "../_shared/errors.ts";
import {
  createHttpApp,
  parseOrRefuse,
  readBatchId,
  readJson,
  readOptionalJson,
  readProfileId,
  refuseMethod,
  type RequestScope,
} from "../_shared/http.ts";
import type { Kick } from "../_shared/kick.ts";
import type { Log } from "../_shared/log.ts";

export interface BatchGenerateDeps {
  log: Log;
  authenticate(request: Request): Promise<User>;
  /** With the secret key: only `service_role` may execute the queue's functions. */
  database: Database;
  kick: Kick;
  cleanUp: CleanUp;
  background: Background;
  publicUrl: string;
  providerKeys: Environment["providerKeys"];
}

interface Created {
  batch_id: string;
  total: number;
  created: boolean;
}

/** A refusal that SQL returns, not raises, where the request must stay counted. */
interface Refusal {
  refusal?: { code: string; retry_after_s?: number };
}

function accept<T extends object>(answer: T & Refusal): T {
  if (!answer.refusal) return answer;
  const { code, retry_after_s } = answer.refusal;
  if (!isErrorCode(code)) throw new HttpError("internal", { cause: new Error(`unknown refusal ${code}`) });
  const isLimit = code === "too_many_active_batches" || code === "rate_limited";
  throw new HttpError(code, {
    retryAfterS: isLimit ? Math.max(1, Math.ceil(retry_after_s ?? 10)) : undefined,
  });
}

/** The chosen provider that has no key here; `edge` and `local` need none. */
function missingProvider(options: BatchOptions, keys: Environment["providerKeys"]): string | null {
  if (options.tts_provider === "elevenlabs" && keys.elevenlabs === null) return "elevenlabs";
  const usesAi = options.voiceover_mode === "elaborate";
  return usesAi && keys[options.ai_provider] === null ? options.ai_provider : null;
}

function readIdempotencyKey(request: Request): { key: string | null; offences: Offence[] } {
  const sent = request.headers.get("idempotency-key") ?? "";
  if (sent === "") return { key: null, offences: [] };
  const { value, offences } = readRequest(IdempotencyKey, sent);
  return {
    key: value,
    offences: offences.map(({ message }) => ({ path: "headers.idempotency-key", message })),
  };
}

/** The app behind `batch-generate`; paths are as functions see them, `/batch-generate/…`. */
export function createApp(deps: BatchGenerateDeps): Hono<RequestScope<User>> {
  const app = createHttpApp<User>(deps);
  const { database } = deps;

  app.post("/batch-generate", async (c) => {
    const body = await readJson(c.req.raw);
    const { key, offences } = readIdempotencyKey(c.req.raw);
    const { product_ids, ...options } = parseOrRefuse(CreateBatchRequest, body, offences);
    const { batch_id, total, created } = accept(
      await database.call<Created & Refusal>("create_batch", {
        p_user_id: c.var.caller.id,
        p_profile_id: readProfileId(c.req.raw),
        p_idempotency_key: key,
        p_product_ids: product_ids,
        p_options: options,
        p_missing_provider: missingProvider(options, deps.providerKeys),
      }),
    );
    c.var.log.info(created ? "batch_created" : "batch_replayed", { batch_id, total });
    if (created) deps.background(deps.kick(batch_id, c.var));
    return c.json({ batch_id, total }, created ? 202 : 200, {
      location: `${deps.publicUrl}/functions/v1/batch-status/${batch_id}`,
    });
  });
  app.all("/batch-generate", refuseMethod("POST"));

  app.post("/batch-generate/:batch_id/cancel", async (c) => {
    const batchId = readBatchId(c.req.param("batch_id"));
    const { cancelled, renders } = accept(
      await database.call<{ cancelled: number; renders: SubmittedRender[] } & Refusal>("cancel_batch", {
        p_user_id: c.var.caller.id,
        p_batch_id: batchId,
      }),
    );
    c.var.log.info("batch_cancelled", { batch_id: batchId, cancelled });
    deps.background(deps.cleanUp.stopRenders(renders, c.var.log));
    return c.json({ batch_id: batchId, cancelled }, 202);
  });
  app.all("/batch-generate/:batch_id/cancel", refuseMethod("POST"));

  app.post("/batch-generate/:batch_id/retry", async (c) => {
    const body = await readOptionalJson(c.req.raw);
    const { product_ids } = parseOrRefuse(RetryBatchRequest, body === undefined ? {} : body);
    const batchId = readBatchId(c.req.param("batch_id"));
    const { requeued } = accept(
      await database.call<{ requeued: number } & Refusal>("retry_batch", {
        p_user_id: c.var.caller.id,
        p_batch_id: batchId,
        p_product_ids: product_ids ?? null,
      }),
    );
    c.var.log.info("batch_retried", { batch_id: batchId, requeued });
    if (requeued > 0) deps.background(deps.kick(batchId, c.var));
    return c.json({ batch_id: batchId, requeued }, 202);
  });
  app.all("/batch-generate/:batch_id/retry", refuseMethod("POST"));

  app.delete("/batch-generate/:batch_id", async (c) => {
    const batchId = readBatchId(c.req.param("batch_id"));
    const { objects, renders } = await database.call<{ objects: string[]; renders: SubmittedRender[] }>(
      "delete_batch",
      { p_user_id: c.var.caller.id, p_batch_id: batchId },
    );
    c.var.log.info("batch_deleted", { batch_id: batchId });
    deps.background(deps.cleanUp.stopRenders(renders, c.var.log));
    deps.background(deps.cleanUp.removeObjects(objects, c.var.log));
    return c.body(null, 204);
  });
  app.all("/batch-generate/:batch_id", refuseMethod("DELETE"));
  return app;
}
