// A worker's hold on its row: reports renew it, a heartbeat renews it when the work is silent, its loss stops the work.

import { type ClaimedJob, LeaseLost, type Stage } from "../_shared/contracts/jobs.ts";
import { isUnavailable } from "../_shared/errors.ts";
import type { Clock, Log, ProgressReport } from "../_shared/pipeline/ports.ts";
import type { Queue } from "./queue.ts";

export interface LeaseKeeper {
  /** Aborted, with `LeaseLost` as its reason, when the row is no longer this worker's. */
  signal: AbortSignal;
  /** Throws `LeaseLost`, and the database's error where a checkpoint could not be kept. */
  report(update: ProgressReport): Promise<void>;
  /** The stage that the work has come to. */
  stage(): Stage;
  /** Ends the heartbeat. */
  stop(): void;
}

/** A worker that lives is heard at least this often (seconds). */
const HEARTBEAT_S = 2;
const REPORT_TIMEOUT_S = 5;
/** How long a checkpoint is tried again: what it keeps may have been paid for. */
const CHECKPOINT_PATIENCE_S = 90;
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 3_000;

/** Keeps the lease of a claimed row until it is stopped. A lease shorter than usual is renewed more often. */
export function keepLease(
  job: ClaimedJob,
  deps: { queue: Queue; clock: Clock; log: Log; secondsLeft(): number },
): LeaseKeeper {
  const { queue, clock, log } = deps;
  const lost = new AbortController();
  const stopped = new AbortController();
  const heartbeatMs = Math.min(HEARTBEAT_S, job.lease_s / 3) * 1000;
  const timeoutMs = Math.max(500, Math.min(REPORT_TIMEOUT_S, job.lease_s / 3) * 1000);
  let { stage, progress } = job;
  let heardAt = clock.now();
  let stageBeganAt = heardAt;
  let inFlight = 0;

  async function send(checkpoint?: ProgressReport["checkpoint"]): Promise<void> {
    inFlight++;
    try {
      const answer = await queue.report(job, { stage, progress, checkpoint, timeoutMs });
      heardAt = clock.now();
      if (!answer.current) lost.abort(new LeaseLost());
    } finally {
      inFlight--;
    }
  }

  async function beat(): Promise<void> {
    while (!stopped.signal.aborted && !lost.signal.aborted) {
      await clock.sleep(heartbeatMs / 8, stopped.signal);
      if (inFlight > 0 || clock.now() - heardAt < heartbeatMs * 0.75) continue;
      await send().catch((cause) => log.warn("heartbeat_failed", { cause }));
    }
  }
  // The sleep's rejection at the end is how the heartbeat stops.
  beat().catch(() => {});

  async function keepCheckpoint(checkpoint: NonNullable<ProgressReport["checkpoint"]>): Promise<void> {
    const end = clock.now() + Math.min(CHECKPOINT_PATIENCE_S, deps.secondsLeft()) * 1000;
    for (let waitMs = RETRY_FIRST_MS;; waitMs = Math.min(RETRY_MAX_MS, waitMs * 2)) {
      try {
        return await send(checkpoint);
      } catch (error) {
        if (!isUnavailable(error) || clock.now() + waitMs > end) throw error;
        log.warn("checkpoint_not_kept_yet", { cause: error });
        await clock.sleep(waitMs, lost.signal);
      }
    }
  }

  return {
    signal: lost.signal,
    async report(update) {
      lost.signal.throwIfAborted();
      if (update.stage !== stage) {
        log.info("stage_finished", { stage, duration_ms: Math.round(clock.now() - stageBeganAt) });
        stageBeganAt = clock.now();
      }
      stage = update.stage;
      progress = Math.max(0, Math.min(99, Math.floor(update.progress)));
      if (update.checkpoint) await keepCheckpoint(update.checkpoint);
      // Progress alone may get lost: the heartbeat tells it soon.
      else await send().catch((cause) => log.warn("report_failed", { cause }));
      lost.signal.throwIfAborted();
    },
    stage: () => stage,
    stop: () => stopped.abort(),
  };
}
