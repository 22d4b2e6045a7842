// The render stage: submitted to a renderer that takes it, picked up again by its id, watched, handed over.

import {
  type Checkpoint,
  type ClaimedJob,
  JOB_ERROR_CODES,
  type JobErrorCode,
  JobFailure,
} from "../contracts/jobs.ts";
import type { RenderResult, RenderSpec, RenderState } from "../contracts/render_spec.ts";
import type { PipelinePorts, RendererTrouble } from "./ports.ts";
import type { RenderPaths } from "./store.ts";
import { signUploads, storedResult } from "./store.ts";

const WAIT_S = 2;
const CALL_TIMEOUT_MS = 15_000;
const STALLED_AFTER_S = 600;
/** With less left of the wall clock, or this share of a short one, the next invocation goes on. */
const HAND_OVER_S = 4;
const HAND_OVER_SHARE = 0.15;
/** Calls in a row that a renderer may miss before it counts as away. */
const MISSES = 3;
/** A render that is lost or cancelled under us is submitted again this often. */
const SUBMISSIONS = 3;
/** The lease is renewed at least so often; news of the render is told at most so often: clients poll every 2 s. */
const REPORT_EVERY_MS = 2_000;
const NEWS_EVERY_MS = 1_000;
const PROGRESS_FROM = 20;
const PROGRESS_TO = 95;

type KeptRender = NonNullable<Checkpoint["render"]>;

export interface RenderWork {
  renderId: string;
  paths: RenderPaths;
  /** The spec with these uploads; everything else is fixed. */
  specWith(uploads: RenderSpec["uploads"]): RenderSpec;
  /** What an earlier attempt of the same run submitted. */
  kept: KeptRender | undefined;
  /** What was finished before and is not saved yet: goes along with the first report. */
  unsaved: Checkpoint;
  /** Told where the render is, so that it can be cancelled when the lease is lost. */
  onPlaced(origin: string): void;
}

/** The finished render's result, or null: handed over. */
export async function render(
  job: ClaimedJob,
  work: RenderWork,
  ports: PipelinePorts,
): Promise<RenderResult | null> {
  let origin = await pickUp(work, ports);
  if (typeof origin !== "string" && origin !== null) return origin.result;
  let watched: RenderState | "lost" | "away" | null = null;
  for (let submissions = 0; submissions < SUBMISSIONS; submissions++) {
    if (origin === null) {
      if (isTimeToHandOver(ports)) return null;
      const placed = await place(job, work, {
        ports,
        not: watched === "away" ? work.kept?.renderer_url : undefined,
      });
      if (typeof placed !== "string") return placed.result;
      origin = placed;
    }
    watched = await watch({ origin, work }, ports);
    if (watched === null) return null;
    if (watched !== "lost" && watched !== "away") return finish(watched, work);
    origin = null;
  }
  throw new JobFailure("renderer_unavailable", "The renderer lost this video several times.", {
    retryable: true,
  });
}

/** Where the render of the attempt before still lives; null: nowhere; or its result. */
async function pickUp(
  work: RenderWork,
  ports: PipelinePorts,
): Promise<string | null | { result: RenderResult }> {
  const { kept } = work;
  if (!kept || !ports.renderers.origins.includes(kept.renderer_url)) return null;
  const at = { origin: kept.renderer_url, renderId: work.renderId };
  work.onPlaced(at.origin);
  const state = await ports.renderers.state(at, {
    waitS: 0,
    signal: ports.signal,
    timeoutMs: CALL_TIMEOUT_MS,
  });
  if (state === "lost" || "kind" in state) return null;
  ports.log.info("render_picked_up", {
    render_id: work.renderId,
    status: state.status,
    progress: state.progress,
  });
  if (state.status === "completed" && state.result) return { result: state.result };
  // A queued one is submitted again: its upload URLs live for two hours, its wait may be longer.
  return state.status === "running" ? at.origin : null;
}

/** Submits to the first renderer that takes it. Where all three files are stored already nothing is rendered. */
async function place(
  job: ClaimedJob,
  work: RenderWork,
  { ports, not }: { ports: PipelinePorts; not: string | undefined },
): Promise<string | { result: RenderResult }> {
  const uploads = await signUploads(work.paths, ports.storage);
  if (!uploads.video && !uploads.thumbnail && !uploads.subtitles) {
    const told = work.kept?.result;
    const result = await storedResult(job, { paths: work.paths, storage: ports.storage, told });
    if (result) return { result };
  }
  const spec = work.specWith(uploads);
  const troubles: RendererTrouble[] = [];
  for (
    const origin of inOrder(job, { origins: ports.renderers.origins, first: work.kept?.renderer_url, not })
  ) {
    // Kept before it is sent: whatever dies now, the next attempt asks this renderer first.
    const kept = { run: job.run, render_id: work.renderId, renderer_url: origin, ...toldOf(work) };
    await ports.report({
      stage: "render",
      progress: PROGRESS_FROM,
      checkpoint: { ...work.unsaved, render: kept },
    });
    work.unsaved = {};
    work.kept = kept;
    work.onPlaced(origin);
    const call = { signal: ports.signal, timeoutMs: CALL_TIMEOUT_MS };
    const trouble = await ports.renderers.submit({ origin, renderId: work.renderId }, spec, call);
    if (!trouble) {
      ports.log.info("render_submitted", { render_id: work.renderId, renderer: origin });
      return origin;
    }
    ports.log.warn("renderer_did_not_take_it", { render_id: work.renderId, renderer: origin, ...trouble });
    if (trouble.kind === "refused") {
      throw new JobFailure("render_failed", "The renderer refused this video.", {
        cause: new Error(`${trouble.status} ${trouble.code} ${trouble.message}`),
      });
    }
    troubles.push(trouble);
  }
  throw noRenderer(troubles);
}

/**
 * The one that has it first, then round from a place that moves on with each row of a batch: rows that are made side by
 * side are neighbours. Batches begin at a random one (an id's end is random, its beginning is the time). Away comes last.
 */
function inOrder(
  job: ClaimedJob,
  { origins, first, not }: { origins: readonly string[]; first: string | undefined; not: string | undefined },
): string[] {
  const from = (parseInt(job.batch_id.slice(-8), 16) + job.position) % Math.max(1, origins.length) || 0;
  const round = [...origins.slice(from), ...origins.slice(0, from)];
  const rank = (origin: string) => origin === not ? 2 : origin === first ? 0 : 1;
  return round.sort((a, b) => rank(a) - rank(b));
}

/** All busy or away: tried again later; a full queue is waited for longest. */
export function noRenderer(troubles: RendererTrouble[]): JobFailure {
  const busy = troubles.filter((trouble) => trouble.kind === "busy");
  const waits = busy.map((trouble) => trouble.retryAfterS).filter((seconds) => seconds !== null);
  return new JobFailure(
    "renderer_unavailable",
    busy.length > 0 ? "All renderers are busy." : "The renderer does not answer at the moment.",
    {
      retryable: true,
      busy: busy.length > 0,
      retryAfterS: waits.length > 0 ? Math.min(...waits) : null,
      cause: new Error(JSON.stringify(troubles)),
    },
  );
}

/** Follows a render until its status is final, it is lost, its renderer is away, or (null) the wall clock runs out. */
async function watch(
  { origin, work }: { origin: string; work: RenderWork },
  ports: PipelinePorts,
): Promise<RenderState | "lost" | "away" | null> {
  const at = { origin, renderId: work.renderId };
  let progress = work.kept?.progress ?? 0;
  let movedAt = ports.clock.now() - (work.kept?.stalled_s ?? 0) * 1000;
  let reportedAt = -Infinity;
  let misses = 0;
  while (true) {
    if (isTimeToHandOver(ports)) {
      const stalled_s = Math.max(0, (ports.clock.now() - movedAt) / 1000);
      const render = { ...identityOf(work, origin), progress, stalled_s };
      await ports.report({ stage: "render", progress: toPercent(progress), checkpoint: { render } });
      return null;
    }
    const askedAt = ports.clock.now();
    const state = await ports.renderers.state(at, {
      waitS: WAIT_S,
      signal: ports.signal,
      // One that hangs leaves time to hand over.
      timeoutMs: Math.max(1_000, Math.min(CALL_TIMEOUT_MS, ports.secondsLeft() * 1000)),
    });
    if (state === "lost") return "lost";
    if ("kind" in state) {
      ports.log.warn("renderer_did_not_answer", { render_id: work.renderId, renderer: origin, ...state });
      if (++misses >= MISSES) return "away";
      await ports.clock.sleep(300 * misses, ports.signal);
      continue;
    }
    misses = 0;
    if (state.status === "cancelled") return "lost";
    if (state.status === "completed" || state.status === "failed") return state;
    const moved = state.progress > progress;
    if (moved || state.status === "queued") movedAt = ports.clock.now();
    progress = Math.max(progress, state.progress);
    if (ports.clock.now() - movedAt > STALLED_AFTER_S * 1000) {
      await ports.renderers.cancel(at);
      throw new JobFailure("render_failed", "Rendering stood still for ten minutes and was given up.");
    }
    const silentMs = ports.clock.now() - reportedAt;
    const isMade = state.result && !work.kept?.result;
    if (isMade || silentMs >= REPORT_EVERY_MS || (moved && silentMs >= NEWS_EVERY_MS)) {
      // Kept before the files are uploaded: a renderer that dies behind that has told all that it knew.
      const made = state.result && isMade ? { ...identityOf(work, origin), result: state.result } : null;
      work.kept = made ?? work.kept;
      await ports.report({
        stage: "render",
        progress: toPercent(progress),
        ...(made ? { checkpoint: { render: made } } : {}),
      });
      reportedAt = ports.clock.now();
    }
    // A renderer that answers early without news is not asked in a tight loop.
    if (!moved && ports.clock.now() - askedAt < 200) await ports.clock.sleep(300, ports.signal);
  }
}

function isTimeToHandOver(ports: PipelinePorts): boolean {
  return ports.secondsLeft() < Math.min(HAND_OVER_S, ports.wallClockS * HAND_OVER_SHARE);
}

function identityOf(work: RenderWork, origin: string): KeptRender {
  const run = Number(work.renderId.split("-")[5]);
  return { run, render_id: work.renderId, renderer_url: origin, ...toldOf(work) };
}

function toldOf(work: RenderWork): Pick<KeptRender, "result"> {
  return work.kept?.result ? { result: work.kept.result } : {};
}

function toPercent(progress: number): number {
  return Math.floor(PROGRESS_FROM + (progress / 100) * (PROGRESS_TO - PROGRESS_FROM));
}

function finish(state: RenderState, work: RenderWork): RenderResult {
  if (state.status === "completed" && state.result) return state.result;
  const { code, message, retryable } = state.error ??
    { code: "render_failed", message: "Rendering failed.", retryable: state.status === "completed" };
  const known = JOB_ERROR_CODES.includes(code as JobErrorCode) ? code as JobErrorCode : "render_failed";
  throw new JobFailure(known, message, { retryable, cause: new Error(`render ${work.renderId}: ${code}`) });
}
