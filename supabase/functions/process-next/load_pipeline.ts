// The pipeline and its adapters, loaded only by a worker that has a product to make.

import type { SupabaseClient } from "@supabase/supabase-js";
import { JobFailure } from "../_shared/contracts/jobs.ts";
import type { Environment } from "../_shared/environment.ts";
import type { Log } from "../_shared/log.ts";
import type { RunJobDeps } from "./run_job.ts";

/** Wires the adapters of one job; its log lines are the job's. */
export function loadPipeline(
  _deps: { environment: Environment; client: SupabaseClient; log: Log },
): ReturnType<RunJobDeps["loadPipeline"]> {
  throw new JobFailure("internal", "Making videos is not built here yet.");
}
