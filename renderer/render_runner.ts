// One run of a render: a scratch folder, a process, and its outcome on the render's state.

import { removeFolder, type RenderFolders } from "./finished_renders.ts";
import { describeError, type Log } from "./log.ts";
import { change, isFinal, type Render } from "./render.ts";
import { renderErrorOf } from "./render_failure.ts";
import type { RenderProcess, StartRender } from "./render_process.ts";

export interface RunnerOptions {
  folders: RenderFolders;
  ffmpegPath: string;
  allowOrigins: string[];
  start: StartRender;
  log: Log;
  now: () => number;
}

type Outcome = Awaited<RenderProcess["outcome"]>;

/** Never throws: whatever happens ends on the render's state, after its scratch files are gone. */
export async function runRender(render: Render, options: RunnerOptions): Promise<void> {
  let workFolder: string | null = null;
  let outcome: Outcome | null;
  try {
    workFolder = await options.folders.createWork(render.id);
    outcome = await make(render, { ...options, workFolder });
  } catch (error) {
    outcome = { type: "failed", error: renderErrorOf(error), cause: describeError(error) };
  }
  if (workFolder !== null) {
    await removeFolder(workFolder).catch((error) => {
      options.log.error("scratch files kept", { render_id: render.id, cause: describeError(error) });
    });
  }
  if (outcome && !isFinal(render)) settle(render, { ...options, outcome });
}

/** Null where the render was cancelled before it began. */
async function make(
  render: Render,
  options: RunnerOptions & { workFolder: string },
): Promise<Outcome | null> {
  if (isFinal(render)) return null;
  const order = {
    type: "render",
    spec: render.spec,
    workFolder: options.workFolder,
    finishedFolder: options.folders.finished(render.id),
    ffmpegPath: options.ffmpegPath,
    allowOrigins: options.allowOrigins,
  } as const;
  render.process = options.start(order, (progress, result) => {
    if (isFinal(render)) return;
    change(render, {
      progress: Math.max(render.progress, progress),
      ...(result ? { result } : {}),
    });
  });
  return await render.process.outcome;
}

function settle(render: Render, options: RunnerOptions & { outcome: Outcome }): void {
  const { outcome, log } = options;
  const fields = { render_id: render.id, duration_ms: options.now() - render.startedAt };
  if (outcome.type === "completed") {
    change(render, { status: "completed", progress: 100, result: outcome.result });
    log.info("render completed", { ...fields, size_bytes: outcome.result.size_bytes });
  } else {
    change(render, { status: "failed", error: outcome.error });
    log.warn("render failed", { ...fields, ...outcome.error, cause: outcome.cause });
  }
}
