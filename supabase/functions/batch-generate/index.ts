// Wiring of `batch-generate`.

import { requireUser } from "../_shared/auth.ts";
import { createBackground } from "../_shared/background.ts";
import { createCleanUp } from "../_shared/clean_up.ts";
import { systemClock } from "../_shared/clock.ts";
import { createDatabase, createSupabaseClient } from "../_shared/database.ts";
import { readEnvironment } from "../_shared/environment.ts";
import { createKick } from "../_shared/kick.ts";
import { createLogger } from "../_shared/log.ts";
import { createApp } from "./app.ts";

const environment = readEnvironment();
const log = createLogger({ function: "batch-generate" });
const client = createSupabaseClient(environment.supabaseUrl, { key: environment.secretKey });
const database = createDatabase(client);

const app = createApp({
  ...environment,
  log,
  database,
  authenticate: (request) => requireUser(request, environment),
  kick: createKick({ ...environment, fetch, database, clock: systemClock }),
  cleanUp: createCleanUp({ ...environment, fetch, storage: client.storage }),
  background: createBackground(log),
});

Deno.serve(app.fetch);
