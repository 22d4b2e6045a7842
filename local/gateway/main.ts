// The gateway's process: REST, Auth, Storage, the way to the functions, the sample shop's pictures.

import process from "node:process";
import type { Configuration } from "../configuration.ts";
import { readConfiguration } from "../lines.ts";
import { createGateway } from "./app.ts";
import { openPool } from "./database.ts";

// The driver may write once more to a socket that Postgres' death has ended, when it listens to it no longer: that error
// reaches nobody but the process. One lost query must not end the others.
function survive(kind: string, error: unknown): void {
  console.error(JSON.stringify({ event: kind, error: String(error) }));
}
process.on("uncaughtException", (error) => survive("uncaught_exception", error));
process.on("unhandledRejection", (reason) => survive("unhandled_rejection", reason));

const configuration = await readConfiguration<Configuration>();
const { databaseUrl, ports } = configuration;
const handle = createGateway({
  configuration,
  pools: {
    rest: openPool(databaseUrl, { user: "authenticator", max: 30 }),
    auth: openPool(databaseUrl, { user: "supabase_auth_admin", max: 3 }),
    storage: openPool(databaseUrl, { user: "supabase_storage_admin", max: 15 }),
  },
});
Deno.serve({ hostname: "127.0.0.1", port: ports.gateway, onListen: () => console.log("listening") }, handle);
