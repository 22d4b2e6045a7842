// What came of the demo: the verdict, the table, the JSON object.

import type { BatchStatus } from "./batch.ts";
import { fitColumns } from "./display.ts";
import type { DemoProduct } from "./shop.ts";

export interface DemoOutcome {
  status: BatchStatus;
  wallS: number;
  /** By position; null where there is none. */
  files: (string | null)[];
  failures: string[];
}

/** Everything that is not as it was expected; empty: the demo succeeded. */
export function findFaults(expected: DemoProduct[], { status, files, failures }: DemoOutcome): string[] {
  const faults = [...failures];
  if (status.product_jobs.length !== expected.length) {
    faults.push(`${status.product_jobs.length} rows, ${expected.length} products`);
  }
  expected.forEach(({ id, expected: code }, position) => {
    const job = status.product_jobs[position];
    const name = `${position + 1} ${job?.title || id}`;
    if (!job || job.product_id !== id) faults.push(`${name}: not in the order asked`);
    else if (code === null) {
      if (job.status !== "completed") {
        faults.push(`${name}: ${job.status} (${job.error_code ?? ""}: ${job.error ?? ""})`);
      } else if (!files[position]) faults.push(`${name}: no file`);
    } else if (job.status !== "failed" || job.error_code !== code) {
      faults.push(`${name}: should have failed with ${code}, is ${job.status} ${job.error_code ?? ""}`);
    }
  });
  return faults;
}

/** One line a product. */
export function summaryTable({ status, files }: DemoOutcome): string {
  const rows = status.product_jobs.map((job, position) => {
    const size = job.result ? `${(job.result.size_bytes / 1e6).toFixed(1)} MB` : "";
    const length = job.result ? `${job.result.duration_s.toFixed(1)} s` : "";
    const last = files[position]?.split("/").at(-1) ?? `${job.error_code ?? ""}: ${job.error ?? ""}`;
    return [
      String(position + 1).padStart(2),
      fitColumns(job.title || job.product_id, 38),
      fitColumns(job.status, 9),
      length.padStart(7),
      size.padStart(8),
      last,
    ].join("  ");
  });
  const head = [
    " #",
    fitColumns("product", 38),
    fitColumns("status", 9),
    " length",
    "    size",
    "file or error",
  ].join("  ");
  return [head, "-".repeat(92), ...rows].join("\n");
}

/** The last line of `--json`. */
export function jsonLine({ status, wallS, files }: DemoOutcome): string {
  const { batch_id, outcome, total, completed, failed, product_jobs } = status;
  return JSON.stringify({
    batch_id,
    status: status.status,
    outcome,
    total,
    completed,
    failed,
    wall_s: Number(wallS.toFixed(3)),
    product_jobs,
    files: files.filter((path) => path !== null),
  });
}
