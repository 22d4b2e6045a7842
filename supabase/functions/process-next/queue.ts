// The queue's SQL functions as a worker calls them, each one transaction and one round trip.

import type { Checkpoint, ClaimedJob, JobErrorCode, Stage, StoredResult } from "../_shared/contracts/jobs.ts";
import type { Database } from "../_shared/database.ts";

/** `current`: the lease was still this worker's and the write was made. `more`: another row could be claimed now. */
export interface Transition {
  current: boolean;
  more: boolean;
}

/** A row and the lease it is held by. */
export type Held = Pick<ClaimedJob, "job_id" | "lease_token">;

export interface Queue {
  claim(batchId: string): Promise<{ job: ClaimedJob | null; more: boolean }>;
  report(
    held: Held,
    update: { stage: Stage; progress: number; checkpoint?: Checkpoint; timeoutMs: number },
  ): Promise<{ current: boolean }>;
  handOver(held: Held): Promise<Transition>;
  complete(held: Held, result: StoredResult): Promise<Transition>;
  fail(held: Held, failure: { code: JobErrorCode; message: string }): Promise<Transition>;
  /** `retry_in_s` is the back-off; the row may also have failed for good by now. */
  requeue(
    held: Held,
    failure: { code: JobErrorCode; message: string; retryAfterS: number | null; busy: boolean },
  ): Promise<Transition & { status: "queued" | "failed"; retry_in_s: number | null }>;
}

/** The queue behind a database that is asked with the secret key. */
export function createQueue(database: Database): Queue {
  const lease = (held: Held) => ({ p_job_id: held.job_id, p_lease_token: held.lease_token });
  return {
    claim: (batchId) => database.call("claim_job", { p_batch_id: batchId }),
    report: (held, { stage, progress, checkpoint, timeoutMs }) =>
      database.call("report_job", {
        ...lease(held),
        p_stage: stage,
        p_progress: progress,
        p_checkpoint: checkpoint ?? null,
      }, { timeoutMs }),
    handOver: (held) => database.call("hand_over_job", lease(held)),
    complete: (held, result) => database.call("complete_job", { ...lease(held), p_result: result }),
    fail: (held, { code, message }) =>
      database.call("fail_job", { ...lease(held), p_error_code: code, p_error: message }),
    requeue: (held, { code, message, retryAfterS, busy }) =>
      database.call("requeue_job", {
        ...lease(held),
        p_error_code: code,
        p_error: message,
        p_retry_after_s: retryAfterS,
        p_busy: busy,
      }),
  };
}
