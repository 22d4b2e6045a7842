// One product, one invocation: claims a row, answers, makes its video, and invokes itself for the next.

import type { Hono } from "hono";
import type { Background } from "../_shared/background.ts";
import type { ClaimedJob } from "../_shared/contracts/jobs.ts";
import { ProcessNextRequest } from "../_shared/contracts/requests.ts";
import { createHttpApp, parseOrRefuse, readJson, refuseMethod, type RequestScope } from "../_shared/http.ts";
import type { Kick } from "../_shared/kick.ts";
import type { Log } from "../_shared/log.ts";
import { runJob, type RunJobDeps } from "./run_job.ts";

export interface ProcessNextDeps extends RunJobDeps {
  log: Log;
  /** Throws unless the request bears a secret key. */
  authenticate(request: Request): Promise<void>;
  kick: Kick;
  background: Background;
}

/** Back-offs up to this long (seconds) are slept through and kicked; longer ones are the sweep's. */
const MAX_NAP_S = 30;
/** What must be left of the isolate after such a nap. */
const NAP_MARGIN_S = 5;

/** The app behind `process-next`; its path is as functions see it. */
export function createApp(deps: ProcessNextDeps): Hono<RequestScope<void>> {
  const app = createHttpApp<void>(deps);

  app.post("/process-next", async (c) => {
    const { batch_id } = parseOrRefuse(ProcessNextRequest, await readJson(c.req.raw));
    const { job, more } = await deps.queue.claim(batch_id);
    if (job !== null) {
      const { requestId } = c.var;
      const log = c.var.log.with({
        batch_id,
        job_id: job.job_id,
        run: job.run,
        attempt: job.attempt,
      });
      if (more) deps.background(deps.kick(batch_id, { requestId, log }));
      deps.background(makeAndGoOn(job, { requestId, log }));
    }
    return c.json({ job_id: job?.job_id ?? null }, 202);
  });
  app.all("/process-next", refuseMethod("POST"));

  async function makeAndGoOn(job: ClaimedJob, request: { requestId: string; log: Log }): Promise<void> {
    const { more, retryInS } = await runJob(job, { ...deps, log: request.log });
    if (more) await deps.kick(job.batch_id, request);
    if (retryInS === null || retryInS > MAX_NAP_S || retryInS + NAP_MARGIN_S > deps.secondsLeft()) return;
    await deps.clock.sleep(retryInS * 1000);
    await deps.kick(job.batch_id, request);
  }
  return app;
}
