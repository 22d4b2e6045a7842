// A render's process as the service holds it: started with an order, fed fresh URLs, killed with its children.

import type { RenderResult } from "../supabase/functions/_shared/contracts/render_spec.ts";
import { renderErrorOf, RenderFailure } from "./render_failure.ts";
import { killGroup, spawnChild } from "./child_command.ts";
import { readLines } from "./lines.ts";
import { RENDER_WORKER } from "./programs.ts";
import { type RenderOrder, WorkerReport } from "./worker_protocol.ts";

export interface RenderProcess {
  pid: number;
  setUploads(uploads: RenderOrder["spec"]["uploads"]): void;
  /** Kills it and its children; resolved when it is gone. */
  kill(): Promise<void>;
  /** Its last report; a process that ends without one has failed. */
  outcome: Promise<Extract<WorkerReport, { type: "completed" | "failed" }>>;
}

/** `result` comes once the files are made, before they are uploaded. */
export type OnProgress = (progress: number, result?: RenderResult) => void;

/** Starts a render's process. */
export type StartRender = (order: RenderOrder, onProgress: OnProgress) => RenderProcess;

/** Encoder and rasteriser stay under 700 MB; what asks for far more has gone wrong. */
const MEMORY_MB = 4096;

/** The real one: a child process. */
export const startRenderProcess: StartRender = (order, onProgress) => {
  const child = spawnChild({
    program: RENDER_WORKER,
    permissions: ["-A"],
    memoryMb: MEMORY_MB,
    stdin: "piped",
    groupHead: true,
  });
  const writer = child.stdin.getWriter();
  function send(line: unknown): void {
    // A closed pipe means that the process is gone, which its outcome tells.
    writer.write(new TextEncoder().encode(JSON.stringify(line) + "\n")).catch(() => {});
  }
  send(order);
  const errors = collectTail(child.stderr).catch(() => "");
  return {
    pid: child.pid,
    setUploads: (uploads) => send({ type: "uploads", uploads }),
    async kill() {
      killGroup(child.pid);
      await child.status;
    },
    outcome: (async () => {
      const last = await readReports(child.stdout, onProgress);
      await child.status;
      // Its children have no work left without it.
      killGroup(child.pid);
      await writer.close().catch(() => {});
      if (last) return last;
      const error = new RenderFailure("render_failed", "The video could not be made.", { retryable: true });
      return { type: "failed", error: renderErrorOf(error), cause: `worker ended: ${await errors}` };
    })(),
  };
};

async function readReports(stream: ReadableStream<Uint8Array>, onProgress: OnProgress) {
  let last: Extract<WorkerReport, { type: "completed" | "failed" }> | null = null;
  for await (const line of readLines(stream)) {
    const report = parseReport(line);
    if (report?.type === "progress") onProgress(report.progress, report.result);
    else if (report) last = report;
  }
  return last;
}

/** Null for what a library printed. */
function parseReport(line: string): WorkerReport | null {
  try {
    return WorkerReport.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

async function collectTail(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let tail = "";
  for await (const chunk of stream) tail = (tail + decoder.decode(chunk, { stream: true })).slice(-2000);
  return tail;
}
