// The gateway's process: REST, Auth, Storage, the way to the functions, the sample shop's pictures.

import type { Configuration } from "../configuration.ts";
import { readConfiguration } from "../lines.ts";
import { createGateway } from "./app.ts";
import { openPool } from "./database.ts";

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
