// The states of one batch as a small model: what each transition promises, in plain TypeScript. The model-based test
// holds the SQL functions against it. Time is two-valued: a back-off is over or it is not, a lease has run out or not.

export const STAGES = ["script", "voiceover", "subtitles", "render", "store"] as const;

export interface ModelJob {
  status: "queued" | "processing" | "completed" | "failed" | "cancelled";
  stage: number;
  progress: number;
  run: number;
  attempt: number;
  errorCode: string | null;
  isWaiting: boolean;
  isPastDeadline: boolean;
  hasProduct: boolean;
  losses: number;
  checkpoint: Set<string>;
  lease: { token: number | null; hasRunOut: boolean; hasRaised: boolean } | null;
}

export interface ModelBatch {
  concurrency: number;
  jobs: ModelJob[];
  lastToken: number;
}

export function newBatch(size: number, concurrency: number): ModelBatch {
  const jobs = Array.from({ length: size }, (): ModelJob => ({
    status: "queued",
    stage: -1,
    progress: 0,
    run: 1,
    attempt: 0,
    errorCode: null,
    isWaiting: false,
    isPastDeadline: false,
    hasProduct: true,
    losses: 0,
    checkpoint: new Set(),
    lease: null,
  }));
  return { concurrency, jobs, lastToken: 0 };
}

const isOpen = (job: ModelJob) => job.status === "queued" || job.status === "processing";

/** The row that a claim would take. */
function nextJob(batch: ModelBatch): ModelJob | undefined {
  const handedOver = batch.jobs.find((job) => job.lease?.token === null);
  if (handedOver) return handedOver;
  if (batch.jobs.filter((job) => job.lease).length >= batch.concurrency) return undefined;
  return batch.jobs.find((job) => job.status === "queued" && !job.isWaiting);
}

export function hasMore(batch: ModelBatch): boolean {
  return nextJob(batch) !== undefined;
}

/** The claimed row's position and the token that stands for its lease, or null. */
export function claim(batch: ModelBatch): { position: number; token: number } | null {
  for (let job = nextJob(batch); job; job = nextJob(batch)) {
    const isContinued = job.lease !== null;
    if (!isContinued) {
      job.status = "processing";
      job.attempt++;
      job.isWaiting = false;
      job.stage = Math.max(job.stage, 0);
    }
    if (!job.hasProduct) {
      end(job, "failed", "product_not_found");
      continue;
    }
    const token = ++batch.lastToken;
    job.lease = { token, hasRunOut: false, hasRaised: job.lease?.hasRaised ?? false };
    return { position: batch.jobs.indexOf(job), token };
  }
  return null;
}

function end(
  job: ModelJob,
  status: "completed" | "failed" | "cancelled",
  errorCode: string | null = null,
): void {
  Object.assign(job, { status, errorCode, lease: null, isWaiting: false, losses: 0 });
}

/** The job that this token holds. A lease that has run out holds nothing, swept or not. */
function held(batch: ModelBatch, token: number): ModelJob | undefined {
  return batch.jobs.find((job) => job.lease?.token === token && !job.lease.hasRunOut);
}

export function report(
  batch: ModelBatch,
  token: number,
  said: { stage: number; progress: number; key: string | null },
): boolean {
  const job = held(batch, token);
  if (!job?.lease) return false;
  const progress = Math.min(said.progress, 99);
  if (said.stage > job.stage || progress > job.progress) {
    job.stage = Math.max(job.stage, said.stage);
    job.progress = Math.max(job.progress, progress);
    job.lease.hasRaised = true;
    job.losses = 0;
  }
  if (said.key) job.checkpoint.add(said.key);
  return true;
}

export function handOver(batch: ModelBatch, token: number): boolean {
  const job = held(batch, token);
  if (!job?.lease) return false;
  job.lease.token = null;
  return true;
}

export function complete(batch: ModelBatch, token: number): boolean {
  const job = held(batch, token);
  if (!job) return false;
  job.progress = 100;
  job.stage = STAGES.length - 1;
  end(job, "completed");
  return true;
}

export function fail(batch: ModelBatch, token: number): boolean {
  const job = held(batch, token);
  if (!job) return false;
  end(job, "failed", "render_failed");
  return true;
}

export function requeue(batch: ModelBatch, token: number): "queued" | "failed" | null {
  const job = held(batch, token);
  if (!job) return null;
  if (job.isPastDeadline) {
    end(job, "failed", "renderer_unavailable");
    return "failed";
  }
  Object.assign(job, { status: "queued", lease: null, isWaiting: true, losses: 0 });
  return "queued";
}

/** How many leases were lost. */
export function sweep(batch: ModelBatch): number {
  const lost = batch.jobs.filter((job) => job.lease?.hasRunOut);
  for (const job of lost) {
    if (!job.lease!.hasRaised) job.losses++;
    const losses = job.lease!.hasRaised ? 0 : job.losses;
    if (losses >= 5) end(job, "failed", "worker_lost");
    else Object.assign(job, { status: "queued", lease: null, isWaiting: losses >= 2 });
  }
  return lost.length;
}

/** How many rows were cancelled, or null for the refusal. */
export function cancel(batch: ModelBatch): number | null {
  const open = batch.jobs.filter(isOpen);
  if (open.length === 0 && !batch.jobs.some((job) => job.status === "cancelled")) return null;
  for (const job of open) end(job, "cancelled");
  return open.length;
}

/** How many rows were queued again, or null for the refusal. */
export function retry(batch: ModelBatch, position: number | null): number | null {
  const named = batch.jobs.filter((_, index) => position === null || index === position);
  if (named.every((job) => job.status === "completed")) return null;
  const again = named.filter((job) => job.status === "failed" || job.status === "cancelled");
  for (const job of again) {
    job.checkpoint.delete("render");
    Object.assign(job, {
      status: "queued",
      run: job.run + 1,
      attempt: 0,
      stage: -1,
      progress: 0,
      errorCode: null,
    });
    job.isPastDeadline = false;
  }
  return again.length;
}

export function isBatchOpen(batch: ModelBatch): boolean {
  return batch.jobs.some(isOpen);
}
