// A worker over a queue that is played in memory, and a clock that runs faster than the wall's.

import type { ClaimedJob, StoredResult } from "../../supabase/functions/_shared/contracts/jobs.ts";
import type { Clock } from "../../supabase/functions/_shared/pipeline/ports.ts";
import type { Queue } from "../../supabase/functions/process-next/queue.ts";
import type { RunJobDeps, WorkPorts } from "../../supabase/functions/process-next/run_job.ts";
import { BATCH_OPTIONS } from "../support/batch_options.ts";
import { BATCH_ID, PROFILE_ID, TWO_PRODUCTS } from "./support.ts";

/** As many times faster as told; sleeps end early when their signal aborts. */
export function fastClock(speed = 50): Clock {
  return {
    now: () => performance.now() * speed,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const timer = setTimeout(resolve, ms / speed);
        signal?.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(signal.reason);
        }, { once: true });
      }),
  };
}

export const JOB: ClaimedJob = {
  job_id: "44444444-4444-4444-8444-444444444444",
  batch_id: BATCH_ID,
  profile_id: PROFILE_ID,
  product_id: TWO_PRODUCTS[0] ?? "",
  position: 0,
  run: 1,
  attempt: 1,
  lease_token: "55555555-5555-4555-8555-555555555555",
  lease_s: 30,
  options: { ...BATCH_OPTIONS, voiceover_template: "{title}" },
  product: {
    id: TWO_PRODUCTS[0] ?? "",
    title: "Mug",
    brand: null,
    description: null,
    price: "9.00",
    sale_price: null,
    currency: "EUR",
    image_urls: [],
    link: null,
    language: "en",
  },
  profile: {
    name: "Shop",
    template: "product_spotlight",
    primary_color: "#000000",
    accent_color: "#ffffff",
    font: null,
    voices: {},
    language: "en",
    cta_text: null,
  },
  stage: "script",
  progress: 0,
  checkpoint: null,
};

export const RESULT: StoredResult = {
  duration_s: 15,
  width: 1080,
  height: 1920,
  size_bytes: 1000,
  warnings: [],
  video_path: "v",
  video_token: "t",
  thumbnail_path: "i",
  thumbnail_token: "t",
  subtitles_path: "s",
  subtitles_token: "t",
  url_expires_at: "2027-11-23T00:00:00Z",
};

/** What a queue was asked, in order: the transition's name and what it was given besides the lease. */
export type Asked = [string, unknown?];

/** A queue whose every transition succeeds unless told otherwise. */
export function memoryQueue(changes: Partial<Queue> = {}): Queue & { asked: Asked[] } {
  const asked: Asked[] = [];
  const done = { current: true, more: false };
  const queue: Queue = {
    claim: () => Promise.resolve({ job: JOB, more: false }),
    report: () => Promise.resolve({ current: true }),
    handOver: () => Promise.resolve(done),
    complete: () => Promise.resolve(done),
    fail: () => Promise.resolve(done),
    requeue: () => Promise.resolve({ ...done, status: "queued", retry_in_s: 1 }),
    ...changes,
  };
  return {
    asked,
    claim: (batchId) => (asked.push(["claim", batchId]), queue.claim(batchId)),
    report: (held, update) => {
      const { timeoutMs: _, ...told } = update;
      asked.push(["report", told]);
      return queue.report(held, update);
    },
    handOver: (held) => (asked.push(["hand_over"]), queue.handOver(held)),
    complete: (held, result) => (asked.push(["complete", result]), queue.complete(held, result)),
    fail: (held, failure) => (asked.push(["fail", failure]), queue.fail(held, failure)),
    requeue: (held, failure) => (asked.push(["requeue", failure]), queue.requeue(held, failure)),
  };
}

type MakeVideo = Awaited<ReturnType<RunJobDeps["loadPipeline"]>>["makeVideo"];

/** A worker whose product's work is `makeVideo`. */
export function workerDeps(queue: Queue, makeVideo: MakeVideo, clock: Clock = fastClock()): RunJobDeps {
  return {
    queue,
    clock,
    secondsLeft: () => 100,
    wallClockS: 150,
    loadPipeline: () => Promise.resolve({ makeVideo, ports: {} as WorkPorts }),
  };
}
