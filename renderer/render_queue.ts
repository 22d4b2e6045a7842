// What callers may do with renders: submit, ask, wait for news, remove; and what is dropped when nobody asks.

import type { RenderSpec, RenderState } from "../supabase/functions/_shared/contracts/render_spec.ts";
import { unavailable } from "./errors.ts";
import { createRenderFolders } from "./finished_renders.ts";
import type { Log } from "./log.ts";
import { change, createRender, isFinal, type Render, stateOf } from "./render.ts";
import type { StartRender } from "./render_process.ts";
import { runRender } from "./render_runner.ts";
import { createRenderSlots } from "./render_slots.ts";

/** A render that nobody asked after for this long is dropped with its files. */
const UNASKED_MS = 5 * 60_000;
/** After which a caller may find room in the queue. */
const BUSY_RETRY_S = 5;
/** What a render that is uploading gets at a graceful stop; a video that is still composed is made anew. */
const UPLOAD_GRACE_MS = 5_000;
const UPLOADING_PERCENT = 95;
/** The step of progress that a long poll waits for. */
const NEWS_POINTS = 2;

export interface RenderQueueOptions {
  /** Renders that run side by side, and renders that may wait behind them. */
  capacity: number;
  queue: number;
  dataDir: string;
  ffmpegPath: string;
  allowOrigins: string[];
  start: StartRender;
  log: Log;
  /** Milliseconds; the real clock unless a test turns another. */
  now?: () => number;
}

export interface RenderQueue {
  /** Removes what dead renders left; finished ones are kept for those who ask. */
  recover(): Promise<void>;
  /** Takes a render, or finds it; throws 503 when there is no room. */
  submit(id: string, spec: RenderSpec): Promise<RenderState>;
  /** Null: lost, or never known. With `waitS` it waits for news, as the contract says. */
  state(id: string, options?: { waitS?: number }): Promise<RenderState | null>;
  /** Ends a render; resolved when its processes and files are gone. */
  remove(id: string): Promise<void>;
  /** Drops what nobody asked after. */
  dropUnasked(): Promise<void>;
  counts(): { running: number; queued: number };
  /** Takes no more and ends what runs. */
  stop(): Promise<void>;
}

interface Parts {
  slots: ReturnType<typeof createRenderSlots>;
  folders: ReturnType<typeof createRenderFolders>;
  now: () => number;
  log: Log;
  stopping: boolean;
}

/** One queue a service. */
export function createRenderQueue(options: RenderQueueOptions): RenderQueue {
  const now = options.now ?? Date.now;
  const folders = createRenderFolders(options.dataDir);
  const runner = { ...options, folders, now };
  const slots = createRenderSlots({ ...options, now, run: (render) => runRender(render, runner) });
  const parts: Parts = { slots, folders, now, log: options.log, stopping: false };
  return {
    recover: () => folders.recover(now()),
    submit: (id, spec) => submit(parts, { id, spec }),
    state: (id, { waitS = 0 } = {}) => state(parts, { id, waitS }),
    remove: (id) => remove(parts, id),
    dropUnasked: () => dropUnasked(parts),
    counts: () => slots.counts(),
    stop: () => stop(parts),
  };
}

/** A completed render of an earlier life counts as known. */
async function find({ slots, folders, now }: Parts, id: string): Promise<Render | null> {
  const render = slots.get(id);
  if (render) return render;
  const kept = await folders.readUploaded(id);
  if (!kept || slots.get(id)) return slots.get(id) ?? null;
  const again = createRender(id, {} as RenderSpec, now());
  change(again, { status: "completed", progress: 100, result: kept.result });
  slots.add(again);
  folders.adopt(id);
  return again;
}

async function submit(parts: Parts, { id, spec }: { id: string; spec: RenderSpec }): Promise<RenderState> {
  const { slots, folders, now } = parts;
  const known = await find(parts, id);
  if (known && known.status !== "failed" && known.status !== "cancelled") {
    known.askedAt = now();
    if (!isFinal(known)) {
      // The same spec but for its tokens, which may have expired while it waited.
      known.spec = spec;
      known.process?.setUploads(spec.uploads);
    }
    return stateOf(known);
  }
  if (parts.stopping) throw unavailable("The renderer is stopping.", BUSY_RETRY_S);
  if (slots.isFull()) throw unavailable("The renderer's queue is full.", BUSY_RETRY_S);
  const fresh = createRender(id, spec, now());
  slots.add(fresh);
  folders.adopt(id);
  slots.pump();
  return stateOf(fresh);
}

async function state(
  parts: Parts,
  { id, waitS }: { id: string; waitS: number },
): Promise<RenderState | null> {
  const render = await find(parts, id);
  if (!render) return null;
  render.askedAt = parts.now();
  if (waitS > 0 && !isFinal(render)) {
    const { status, progress } = render;
    const moved = () =>
      parts.stopping || render.status !== status || render.progress - progress >= NEWS_POINTS;
    await render.news.until(moved, waitS * 1000);
    render.askedAt = parts.now();
  }
  return stateOf(render);
}

async function remove(parts: Parts, id: string): Promise<void> {
  const render = parts.slots.get(id);
  if (!render) return await parts.folders.discard(id);
  // One that was cancelled stays known as such for those who still ask.
  const open = !isFinal(render) || render.status === "cancelled";
  await end(parts, render);
  if (!open) parts.slots.forget(render);
}

async function end({ slots, folders }: Parts, render: Render): Promise<void> {
  if (!isFinal(render)) change(render, { status: "cancelled" });
  await render.process?.kill();
  await render.ending;
  // Started again meanwhile: the files are the new run's.
  const current = slots.get(render.id);
  if (!current || current === render) await folders.discard(render.id);
}

async function dropUnasked(parts: Parts): Promise<void> {
  const before = parts.now() - UNASKED_MS;
  for (const render of parts.slots.all().filter((each) => each.askedAt <= before)) {
    parts.log.info("render dropped", { render_id: render.id, status: render.status });
    await end(parts, render);
    parts.slots.forget(render);
  }
  await parts.folders.discardUnasked(before);
}

async function stop(parts: Parts): Promise<void> {
  parts.stopping = true;
  parts.slots.close();
  const open = parts.slots.all().filter((render) => !isFinal(render));
  for (const render of open) render.news.tell();
  await Promise.all(open.map(async (render) => {
    if (render.progress >= UPLOADING_PERCENT) await settled(render.ending, UPLOAD_GRACE_MS);
    // What a stop ends is no failure: it is made by the renderer that is asked next.
    if (!isFinal(render)) render.status = "cancelled";
    await render.process?.kill();
    await render.ending;
  }));
}

async function settled(work: Promise<void> | null, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}
