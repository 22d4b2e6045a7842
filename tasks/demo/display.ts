// A line per product: redrawn with a bar on a terminal, appended at each change elsewhere.

import type { BatchStatus, ProductJob } from "./batch.ts";

export interface Display {
  /** A line that stays. */
  say(line: string): void;
  show(status: BatchStatus): void;
  /** Gives the terminal back. */
  close(): void;
}

interface Output {
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

const TITLE_COLUMNS = 36;
const BAR_COLUMNS = 24;
const segments = new Intl.Segmenter("en", { granularity: "grapheme" });
/** Graphemes that take two columns. */
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u;

/** Text cut or filled to exactly that many columns. */
export function fitColumns(text: string, columns: number): string {
  // deno-lint-ignore no-control-regex
  const parts = [...segments.segment(text.replace(/[\u0000-\u001f\u007f-\u009f]/g, " "))].map(({ segment }) =>
    segment
  );
  const widthOf = (part: string) => WIDE.test(part) ? 2 : 1;
  const total = parts.reduce((sum, part) => sum + widthOf(part), 0);
  const room = total > columns ? columns - 1 : columns;
  let width = 0;
  let kept = "";
  for (const part of parts) {
    if (width + widthOf(part) > room) break;
    kept += part;
    width += widthOf(part);
  }
  if (total > columns) return kept + "…" + " ".repeat(columns - 1 - width);
  return kept + " ".repeat(columns - width);
}

function nameOf(job: ProductJob): string {
  return job.title || `(${job.product_id})`;
}

function barLine(job: ProductJob, position: number): string {
  const percent = Number(job.progress);
  const filled = Math.round(percent / 100 * BAR_COLUMNS);
  const bar = "█".repeat(filled) + "░".repeat(BAR_COLUMNS - filled);
  const state = job.status === "processing"
    ? job.stage ?? ""
    : job.status === "failed"
    ? `failed: ${job.error_code}`
    : job.status;
  const color = { completed: 32, failed: 31, processing: 36, queued: 90, cancelled: 33 }[job.status];
  const number = String(position + 1).padStart(2);
  return `${number} ${fitColumns(nameOf(job), TITLE_COLUMNS)} \x1b[${color}m${bar}\x1b[0m ${
    String(percent).padStart(3)
  }% ${state}`;
}

/** Shows on that output; `json` or a pipe gives plain lines. */
export function createDisplay(output: Output): Display {
  const encoder = new TextEncoder();
  const write = (text: string) => {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += output.writeSync(bytes.subarray(at));
  };
  const isTerminal = output.isTerminal();
  let drawn = 0;
  let seen = new Map<string, string>();
  const showPlain = ({ product_jobs, total }: BatchStatus) => {
    const now = new Map<string, string>();
    product_jobs.forEach((job, position) => {
      const state = job.status === "processing" ? `${job.status} (${job.stage ?? "claimed"})` : job.status;
      now.set(job.job_id, state);
      if (state === "queued" || seen.get(job.job_id) === state) return;
      const why = job.status === "failed" ? `: ${job.error_code}: ${job.error}` : "";
      write(`[${position + 1}/${total}] ${nameOf(job).slice(0, 80)} … ${state} ${job.progress}%${why}\n`);
    });
    seen = now;
  };
  return {
    say(line) {
      write(`${line}\n`);
      drawn = 0;
    },
    show(status) {
      if (!isTerminal) return showPlain(status);
      const lines = status.product_jobs.map(barLine);
      write((drawn > 0 ? `\x1b[${drawn}A` : "\x1b[?25l") + lines.map((line) => `\x1b[2K${line}\n`).join(""));
      drawn = lines.length;
    },
    close() {
      if (isTerminal) write("\x1b[?25h");
    },
  };
}
