// Wiring of `process-next`, whose pipeline comes from outside: index.ts brings the real one.

import { requireSecret } from "../_shared/auth.ts";
import { createBackground } from "../_shared/background.ts";
import { systemClock } from "../_shared/clock.ts";
import { createDatabase, createSupabaseClient } from "../_shared/database.ts";
import { readEnvironment } from "../_shared/environment.ts";
import { createKick } from "../_shared/kick.ts";
import { createLogger } from "../_shared/log.ts";
import { createApp } from "./app.ts";
import type { loadPipeline } from "./load_pipeline.ts";
import { createQueue } from "./queue.ts";
import type { RunJobDeps } from "./run_job.ts";
import { createWallClock } from "./wall_clock.ts";

/** The function as a request handler. `load` is called by each worker that has a product to make. */
export function createProcessNext(
  load: (given: Parameters<typeof loadPipeline>[0]) => ReturnType<RunJobDeps["loadPipeline"]>,
): (request: Request) => Response | Promise<Response> {
  const environment = readEnvironment();
  const log = createLogger({ function: "process-next" });
  const client = createSupabaseClient(environment.supabaseUrl, { key: environment.secretKey });
  const database = createDatabase(client);
  const app = createApp({
    log,
    authenticate: (request) => requireSecret(request, environment),
    queue: createQueue(database),
    kick: createKick({ ...environment, fetch, database, clock: systemClock }),
    background: createBackground(log),
    clock: systemClock,
    secondsLeft: createWallClock(environment.wallClockS),
    wallClockS: environment.wallClockS,
    loadPipeline: () => load({ environment, client }),
  });
  return app.fetch;
}
