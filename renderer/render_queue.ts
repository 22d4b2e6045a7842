// The renders that this service knows: queued, running, ended; who waits for their news; what is dropped when.

import { join } from "node:path";
import type { RenderSpec, RenderState } from "../supabase/functions/_shared/contracts/render_spec.ts";
import { unavailable } from "./errors.ts";
import { readFinished, removeFolder } from "./finished_renders.ts";
import { describeError, type Log } from "./log.ts";
import { createNews, type News } from "./news.ts";
import { renderErrorOf } from "./render_failure.ts";
import type { RenderProcess, StartRender } from "./render_process.ts";

/** A render that nobody asked after for this long is dropped with its files. */
const UNASKED_MS = 5 * 60_000;
/** After which a caller may find room in the queue. */
const BUSY_RETRY_S = 5;
/** What a render that is uploading gets at a graceful stop; a video that is still composed is made anew. */
const UPLOAD_GRACE_MS = 5_000;

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

interface Render {
  id: string;
  spec: RenderSpec;
  status: RenderState["status"];
  progress: number;
  error: RenderState["error"];
  result: RenderState["result"];
  askedAt: number;
  startedAt: number;
  process: RenderProcess | null;
  news: News;
}

type Outcome = Awaited<RenderProcess["outcome"]>;

/** One queue a service. */
export function createRenderQueue(options: RenderQueueOptions): RenderQueue {
  const now = options.now ?? Date.now;
  const workRoot = join(options.dataDir, "work");
  const finishedRoot = join(options.dataDir, "finished");
  const renders = new Map<string, Render>();
  /** Finished folders of an earlier life that nobody asked after yet, with the time they were found. */
  const found = new Map<string, number>();
  /** Runs that have not ended yet, by id: a render that starts again waits for its former self. */
  const endings = new Map<string, Promise<void>>();
  let running = 0;
  let stopping = false;

  const finishedFolder = (id: string) => join(finishedRoot, id);
  const isFinal = (render: Render) => render.status !== "queued" && render.status !== "running";
  const queued = () => [...renders.values()].filter((render) => render.status === "queued");

  function known(id: string, spec: RenderSpec): Render {
    const render: Render = {
      id,
      spec,
      status: "queued",
      progress: 0,
      error: null,
      result: null,
      askedAt: now(),
      startedAt: 0,
      process: null,
      news: createNews(),
    };
    renders.set(id, render);
    found.delete(id);
    return render;
  }

  function change(render: Render, changes: Partial<Render>): void {
    Object.assign(render, changes);
    render.news.tell();
  }

  function pump(): void {
    while (!stopping && running < options.capacity) {
      const [next] = queued();
      if (!next) return;
      running++;
      change(next, { status: "running", startedAt: now() });
      const before = endings.get(next.id);
      const ending = run(next, before).finally(() => {
        running--;
        if (endings.get(next.id) === ending) endings.delete(next.id);
        pump();
      });
      endings.set(next.id, ending);
    }
  }

  /** Never throws: whatever happens ends on the render's state, after its scratch files are gone. */
  async function run(render: Render, before: Promise<void> | undefined): Promise<void> {
    const workFolder = join(workRoot, `${render.id}.${crypto.randomUUID()}`);
    await before;
    let outcome: Outcome | null;
    try {
      outcome = await make(render, workFolder);
    } catch (error) {
      outcome = { type: "failed", error: renderErrorOf(error), cause: describeError(error) };
    }
    await removeFolder(workFolder).catch((error) => {
      options.log.error("scratch files kept", { render_id: render.id, cause: describeError(error) });
    });
    // What a stop ended is no failure: it is made by whoever is asked next.
    if (outcome && !isFinal(render) && !stopping) settle(render, outcome);
  }

  /** Null where the render was cancelled before it began. */
  async function make(render: Render, workFolder: string): Promise<Outcome | null> {
    await Deno.mkdir(workFolder, { recursive: true });
    await Deno.mkdir(finishedRoot, { recursive: true });
    if (isFinal(render)) return null;
    const order = {
      type: "render",
      spec: render.spec,
      workFolder,
      finishedFolder: finishedFolder(render.id),
      ffmpegPath: options.ffmpegPath,
      allowOrigins: options.allowOrigins,
    } as const;
    render.process = options.start(order, (progress) => {
      if (!isFinal(render)) change(render, { progress: Math.max(render.progress, progress) });
    });
    return await render.process.outcome;
  }

  function settle(render: Render, outcome: Outcome): void {
    const fields = { render_id: render.id, duration_ms: now() - render.startedAt };
    if (outcome.type === "completed") {
      change(render, { status: "completed", progress: 100, result: outcome.result });
      options.log.info("render completed", { ...fields, size_bytes: outcome.result.size_bytes });
    } else {
      change(render, { status: "failed", error: outcome.error });
      options.log.warn("render failed", { ...fields, ...outcome.error, cause: outcome.cause });
    }
  }

  /** A completed render of an earlier life counts as known. */
  async function find(id: string): Promise<Render | null> {
    const render = renders.get(id);
    if (render || !found.has(id)) return render ?? null;
    const kept = await readFinished(finishedFolder(id));
    if (!kept?.uploaded || renders.has(id)) return renders.get(id) ?? null;
    const again = known(id, {} as RenderSpec);
    change(again, { status: "completed", progress: 100, result: kept.result });
    return again;
  }

  async function end(render: Render): Promise<void> {
    if (!isFinal(render)) change(render, { status: "cancelled" });
    await render.process?.kill();
    await endings.get(render.id);
    // Started again meanwhile: the files are the new run's.
    const current = renders.get(render.id);
    if (!current || current === render) await removeFolder(finishedFolder(render.id));
  }

  return {
    async recover() {
      await removeFolder(workRoot);
      await Deno.mkdir(finishedRoot, { recursive: true });
      for await (const entry of Deno.readDir(finishedRoot)) found.set(entry.name, now());
    },

    async submit(id, spec) {
      const render = await find(id);
      if (render && render.status !== "failed" && render.status !== "cancelled") {
        render.askedAt = now();
        if (!isFinal(render)) {
          render.spec = { ...render.spec, uploads: spec.uploads };
          render.process?.setUploads(spec.uploads);
        }
        return view(render);
      }
      if (stopping) throw unavailable("The renderer is stopping.", BUSY_RETRY_S);
      if (running >= options.capacity && queued().length >= options.queue) {
        throw unavailable("The renderer's queue is full.", BUSY_RETRY_S);
      }
      // A render that starts again goes to the end of the line.
      renders.delete(id);
      const fresh = known(id, spec);
      pump();
      return view(fresh);
    },

    async state(id, { waitS = 0 } = {}) {
      const render = await find(id);
      if (!render) return null;
      render.askedAt = now();
      if (waitS > 0 && !isFinal(render) && !stopping) {
        const { status, progress } = render;
        const moved = () => render.status !== status || render.progress - progress >= 2 || stopping;
        await render.news.until(moved, waitS * 1000);
        render.askedAt = now();
      }
      return view(render);
    },

    async remove(id) {
      const render = renders.get(id);
      if (render) {
        const ended = isFinal(render) && render.status !== "cancelled";
        await end(render);
        if (ended && renders.get(id) === render) renders.delete(id);
      } else if (found.delete(id)) await removeFolder(finishedFolder(id));
    },

    async dropUnasked() {
      const before = now() - UNASKED_MS;
      for (const render of [...renders.values()].filter((each) => each.askedAt <= before)) {
        options.log.info("render dropped", { render_id: render.id, status: render.status });
        await end(render);
        if (renders.get(render.id) === render) renders.delete(render.id);
      }
      for (const [id, since] of found) {
        if (since > before) continue;
        found.delete(id);
        await removeFolder(finishedFolder(id));
      }
    },

    counts: () => ({ running, queued: queued().length }),

    async stop() {
      stopping = true;
      for (const render of renders.values()) render.news.tell();
      await Promise.all([...renders.values()].map(async (render) => {
        if (!render.process || isFinal(render)) return;
        if (render.progress >= 95) await settled(endings.get(render.id), UPLOAD_GRACE_MS);
        await render.process.kill();
      }));
      await Promise.all(endings.values());
    },
  };
}

function view(render: Render): RenderState {
  const { status, error, result } = render;
  return {
    render_id: render.id,
    status,
    progress: Math.round(render.progress * 10) / 10,
    ...(error ? { error } : {}),
    ...(result ? { result } : {}),
  };
}

async function settled(work: Promise<void> | undefined, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}
