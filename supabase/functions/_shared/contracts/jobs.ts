// A job as a worker holds it: what a claim answers, what is kept with the row, how a product's work can end. No schema
// is built here: `process-next` loads this file before it answers, the pipeline's schemas only for a claimed product.

import type { BatchOptions } from "./options.ts";
import type { RenderResult } from "./render_spec.ts";

export type { Checkpoint } from "./checkpoint.ts";

/** The stages of a product's work, in order. */
export const STAGES = ["script", "voiceover", "subtitles", "render", "store"] as const;
export type Stage = (typeof STAGES)[number];

/** Why a row failed: the words that clients branch on. */
export const JOB_ERROR_CODES = [
  "product_not_found",
  "image_unavailable",
  "image_invalid",
  "script_failed",
  "voiceover_failed",
  "subtitles_failed",
  "render_failed",
  "renderer_unavailable",
  "storage_unavailable",
  "worker_lost",
  "internal",
] as const;
export type JobErrorCode = (typeof JOB_ERROR_CODES)[number];

/** The product as it was read at the claim. Prices are decimal strings ("249.00"), null where it has none. */
export interface ClaimedProduct {
  id: string;
  title: string;
  brand: string | null;
  description: string | null;
  price: string | null;
  sale_price: string | null;
  currency: string | null;
  image_urls: string[];
  link: string | null;
  language: string | null;
}

/** The profile as it was read at the claim. `voices` maps a provider to a voice id, if its owner wrote one. */
export interface ClaimedProfile {
  name: string;
  template: string;
  primary_color: string;
  accent_color: string;
  font: string | null;
  voices: Record<string, unknown>;
  language: string | null;
  cta_text: string | null;
}

/** `claim_job`'s row: the lease and everything that the work needs. */
export interface ClaimedJob {
  job_id: string;
  batch_id: string;
  profile_id: string;
  product_id: string;
  position: number;
  run: number;
  attempt: number;
  lease_token: string;
  lease_s: number;
  options: BatchOptions;
  product: ClaimedProduct;
  profile: ClaimedProfile;
  stage: Stage;
  progress: number;
  /** Raw jsonb: parsed with `Checkpoint`; what does not parse counts as absent. */
  checkpoint: unknown;
}

/** What a completed row keeps: paths and read tokens; the origin is put before them when they are read. */
export interface StoredResult extends RenderResult {
  video_path: string;
  video_token: string;
  thumbnail_path: string;
  thumbnail_token: string;
  subtitles_path: string;
  subtitles_token: string;
  /** ISO 8601. */
  url_expires_at: string;
}

/** How a product's work ends when nothing is thrown. */
export type JobOutcome = { kind: "completed"; result: StoredResult } | { kind: "handed_over" };

/** The one way a product's work fails on purpose: a code of the list and a message that a shop owner understands. */
export class JobFailure extends Error {
  override name = "JobFailure";
  readonly code: JobErrorCode;
  /** A transient failure is tried again after a back-off. */
  readonly retryable: boolean;
  /** Seconds that the other side asked to wait, if it did. */
  readonly retryAfterS: number | null;
  /** The renderer's queue is full: such a row waits up to a day. */
  readonly busy: boolean;

  constructor(
    code: JobErrorCode,
    message: string,
    options: { retryable?: boolean; retryAfterS?: number | null; busy?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterS = options.retryAfterS ?? null;
    this.busy = options.busy ?? false;
  }
}

/** Thrown by a report when the lease is no longer this worker's: stop, write nothing, stop the render. */
export class LeaseLost extends Error {
  override name = "LeaseLost";
}
