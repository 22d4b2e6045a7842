// One claimed product: its video is made, and however that ends is written on its row.

import {
  type ClaimedJob,
  type JobErrorCode,
  JobFailure,
  type JobOutcome,
  LeaseLost,
} from "../_shared/contracts/jobs.ts";
import { isUnavailable } from "../_shared/errors.ts";
import type { Log } from "../_shared/log.ts";
import type { Clock, PipelinePorts } from "../_shared/pipeline/ports.ts";
import { keepLease, type LeaseKeeper } from "./lease.ts";
import type { Queue, Transition } from "./queue.ts";

/** What `makeVideo` is handed besides the lease's own ports. */
export type WorkPorts = Pick<PipelinePorts, "storage" | "renderers" | "speech" | "scripts">;

export interface RunJobDeps {
  queue: Queue;
  clock: Clock;
  /** What is left of the isolate, less a margin for recording the outcome. */
  secondsLeft(): number;
  wallClockS: number;
  /** Loads the pipeline and its adapters: only a worker with a product needs them. */
  loadPipeline(): Promise<{
    makeVideo(job: ClaimedJob, ports: PipelinePorts): Promise<JobOutcome>;
    ports: WorkPorts;
  }>;
}

/** What follows from the row's end: whether to kick at once, and whether to kick when a back-off is over. */
export interface AfterJob {
  more: boolean;
  retryInS: number | null;
}

interface Failure {
  code: JobErrorCode;
  message: string;
  retryable: boolean;
  retryAfterS: number | null;
  busy: boolean;
}

/** How long an outcome is tried to be recorded while the database is away (seconds). */
const RECORD_PATIENCE_S = 90;
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 3_000;
const MAX_MESSAGE_LENGTH = 500;

const OUR_FAULT =
  "Something went wrong on our side while making this video. Retry it; tell us if it happens again.";
const OUT_OF_REACH = "A service of ours could not be reached while making this video.";

/** Never throws: what goes wrong is on the row, or in the log where even that cannot be written. */
export async function runJob(job: ClaimedJob, deps: RunJobDeps & { log: Log }): Promise<AfterJob> {
  const { log, clock } = deps;
  const startedAt = clock.now();
  const lease = keepLease(job, deps);
  log.info("job_started", { stage: job.stage });
  try {
    const end = await work(job, { ...deps, lease });
    const after = end === null ? NOTHING : await record(job, { ...deps, end });
    log.info("job_ended", {
      outcome: end === null ? "lease_lost" : end.kind,
      stage: lease.stage(),
      error_code: end?.kind === "failed" ? end.failure.code : undefined,
      retryable: end?.kind === "failed" ? end.failure.retryable : undefined,
      duration_ms: Math.round(clock.now() - startedAt),
      ...after,
    });
    return after;
  } catch (cause) {
    // The lease runs out and the sweep takes the row back.
    log.error("outcome_not_recorded", {
      cause,
      stage: lease.stage(),
      duration_ms: Math.round(clock.now() - startedAt),
    });
    return NOTHING;
  } finally {
    lease.stop();
  }
}

const NOTHING: AfterJob = { more: false, retryInS: null };

type End = JobOutcome | { kind: "failed"; failure: Failure };

/** Null where the lease was lost: then nothing may be written. */
async function work(
  job: ClaimedJob,
  { lease, loadPipeline, log, clock, secondsLeft, wallClockS }: RunJobDeps & {
    log: Log;
    lease: LeaseKeeper;
  },
): Promise<End | null> {
  try {
    const { makeVideo, ports } = await loadPipeline();
    return await makeVideo(job, {
      ...ports,
      report: lease.report,
      signal: lease.signal,
      secondsLeft,
      wallClockS,
      clock,
      log,
    });
  } catch (error) {
    if (error instanceof LeaseLost || lease.signal.aborted) return null;
    const failure = toFailure(error);
    log.warn("job_failed", { ...failure, stage: lease.stage(), cause: error });
    return { kind: "failed", failure };
  }
}

/** A failure on purpose as it is; the database or the network away is transient; anything else is our fault. */
function toFailure(error: unknown): Failure {
  if (error instanceof JobFailure) {
    const { code, message, retryable, retryAfterS, busy } = error;
    return { code, message: cleanMessage(message), retryable, retryAfterS, busy };
  }
  const retryable = isUnavailable(error) || isNetworkError(error);
  return {
    code: "internal",
    message: retryable ? OUT_OF_REACH : OUR_FAULT,
    retryable,
    retryAfterS: null,
    busy: false,
  };
}

/** `fetch` rejects with a `TypeError` for the network too: only its words tell it from a bug. */
function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "TimeoutError" || error.name === "StorageUnknownError") return true;
  return /fetch failed|error sending request|error reading a body|connection (?:closed|reset|refused)|network/i
    .test(error.message) && (error instanceof TypeError || error.name.startsWith("Connection"));
}

/** Text that Postgres takes and a row can show. */
function cleanMessage(text: string): string {
  // deno-lint-ignore no-control-regex
  const clean = text.toWellFormed().replace(/[\s\u0000-\u001f\u007f]+/g, " ").trim();
  return [...clean].slice(0, MAX_MESSAGE_LENGTH).join("") || OUR_FAULT;
}

/** Writes the end on the row. What the database will not take for good fails the row instead. */
async function record(job: ClaimedJob, deps: RunJobDeps & { log: Log; end: End }): Promise<AfterJob> {
  const { queue, end, log } = deps;
  try {
    if (end.kind === "failed" && end.failure.retryable) {
      const { failure } = end;
      const { more, status, retry_in_s } = await persist(() => queue.requeue(job, failure), deps);
      return { more, retryInS: status === "queued" ? retry_in_s : null };
    }
    const { more } = await persist((): Promise<Transition> => {
      if (end.kind === "completed") return queue.complete(job, end.result);
      if (end.kind === "handed_over") return queue.handOver(job);
      return queue.fail(job, end.failure);
    }, deps);
    return { more, retryInS: null };
  } catch (error) {
    if (isUnavailable(error)) throw error;
    log.error("outcome_refused", { outcome: end.kind, cause: error });
    const { more } = await persist(() => queue.fail(job, { code: "internal", message: OUR_FAULT }), deps);
    return { more, retryInS: null };
  }
}

/** A transition whose answer was lost is called again harmlessly: it is no longer current then. */
async function persist<T>(
  transition: () => Promise<T>,
  { clock, log, secondsLeft }: { clock: Clock; log: Log; secondsLeft(): number },
): Promise<T> {
  const end = clock.now() + Math.max(2, Math.min(RECORD_PATIENCE_S, secondsLeft())) * 1000;
  for (let waitMs = RETRY_FIRST_MS;; waitMs = Math.min(RETRY_MAX_MS, waitMs * 2)) {
    try {
      return await transition();
    } catch (error) {
      if (!isUnavailable(error) || clock.now() + waitMs > end) throw error;
      log.warn("outcome_not_recorded_yet", { cause: error });
      await clock.sleep(waitMs);
    }
  }
}
