// The local gateway's process with a count of what it was asked: no extra hop, so that counting costs no time.

import type { Configuration } from "../../local/configuration.ts";
import { createGateway } from "../../local/gateway/app.ts";
import { openPool } from "../../local/gateway/database.ts";
import { readConfiguration } from "../../local/lines.ts";
import { COUNTS_PATH, kindOf, type RequestCounts } from "./counts.ts";

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
const counts: RequestCounts = {};

Deno.serve(
  { hostname: "127.0.0.1", port: ports.gateway, onListen: () => console.log("listening") },
  (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === COUNTS_PATH) return Response.json(counts);
    const kind = kindOf(request.method, pathname);
    const entry = counts[kind] ??= { requests: 0, bodyBytes: 0 };
    entry.requests++;
    entry.bodyBytes += Number(request.headers.get("content-length") ?? 0);
    return handle(request);
  },
);
