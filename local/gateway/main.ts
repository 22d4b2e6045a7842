// The gateway's process: REST, Auth, Storage, the way to the functions, the sample shop's pictures.

import type { Configuration } from "../configuration.ts";
import { readConfiguration } from "../lines.ts";
import { createGateway } from "./app.ts";
import { openPool } from "./database.ts";

// A connection that Postgres' death cuts may reject where nobody waits any more; one lost query must not end the others.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  console.error(JSON.stringify({ event: "unhandled_rejection", error: String(event.reason) }));
});

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
