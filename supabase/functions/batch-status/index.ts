// Wiring of `batch-status`.

import { requireUser } from "../_shared/auth.ts";
import { createDatabase, createSupabaseClient } from "../_shared/database.ts";
import { readEnvironment } from "../_shared/environment.ts";
import { createLogger } from "../_shared/log.ts";
import { createApp } from "./app.ts";

const environment = readEnvironment();
const client = createSupabaseClient(environment.supabaseUrl, { key: environment.publishableKey });

const app = createApp({
  log: createLogger({ function: "batch-status" }),
  authenticate: (request) => requireUser(request, environment),
  database: createDatabase(client),
  publicUrl: environment.publicUrl,
});

Deno.serve(app.fetch);
