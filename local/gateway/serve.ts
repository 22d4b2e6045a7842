// Serving the gateway in a process of its own: its configuration, its pools, and what may not end it.

import process from "node:process";
import type { Configuration } from "../configuration.ts";
import { readConfiguration } from "../lines.ts";
import { createGateway } from "./app.ts";
import { openPool } from "./database.ts";

type Handler = (request: Request) => Response | Promise<Response>;

// The driver may write once more to a socket that Postgres' death has ended, when it listens to it no longer: that error
// reaches nobody but the process. One lost query must not end the others.
function survive(kind: string, error: unknown): void {
  console.error(JSON.stringify({ event: kind, error: String(error) }));
}

/** Reads the configuration from stdin, listens, and says so; `around` may look at requests before the gateway does. */
export async function serveGateway(around: (handle: Handler) => Handler = (handle) => handle): Promise<void> {
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
  const onListen = () => console.log("listening");
  Deno.serve({ hostname: "127.0.0.1", port: ports.gateway, onListen }, around(handle));
}
