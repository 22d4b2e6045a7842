// Wiring of `process-next`.

import { requireSecret } from "../_shared/auth.ts";
import { createBackground } from "../_shared/background.ts";
import { systemClock } from "../_shared/clock.ts";
import { createDatabase, createSupabaseClient } from "../_shared/database.ts";
import { readEnvironment } from "../_shared/environment.ts";
import { createKick } from "../_shared/kick.ts";
import { createLogger } from "../_shared/log.ts";
import { createApp } from "./app.ts";
import { createQueue } from "./queue.ts";
import { createWallClock } from "./wall_clock.ts";

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
  async loadPipeline() {
    const { loadPipeline } = await import("./load_pipeline.ts");
    return loadPipeline({ environment, client });
  },
});

Deno.serve(app.fetch);
