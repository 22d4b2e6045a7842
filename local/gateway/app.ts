// The project's URL: which part answers a path, CORS on every answer, and a failure that is always JSON.

import type { Configuration } from "../configuration.ts";
import { forward } from "../forward.ts";
import { createAuth } from "./auth.ts";
import type { Pool } from "./database.ts";
import { createIdentify } from "./identity.ts";
import { notServed } from "./not_served.ts";
import { createRest } from "./rest/handler.ts";
import { serveSample } from "./static_files.ts";
import { createStorage } from "./storage/handler.ts";

const FUNCTIONS_PREFIX = "/functions/v1";
const EXPOSED =
  "accept-ranges, content-disposition, content-length, content-range, etag, last-modified, location, " +
  "retry-after, x-request-id";

function preflight(request: Request): Response {
  const asked = request.headers.get("access-control-request-headers");
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
      "access-control-allow-headers": asked ?? "authorization, apikey, content-type, x-client-info, x-upsert",
      "access-control-max-age": "3600",
    },
  });
}

function withCors(response: Response): Response {
  response.headers.set("access-control-allow-origin", "*");
  response.headers.set("access-control-expose-headers", EXPOSED);
  return response;
}

/** Functions answer preflights and set their CORS headers themselves, as they do on the platform. */
async function toFunctions(request: Request, port: number): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const url = `http://127.0.0.1:${port}${pathname.slice(FUNCTIONS_PREFIX.length)}${search}`;
  try {
    return await forward(request, url, request.signal);
  } catch {
    const requestId = crypto.randomUUID();
    const body = {
      code: "unavailable",
      message: "The functions host does not answer.",
      request_id: requestId,
    };
    return withCors(
      Response.json(body, { status: 503, headers: { "retry-after": "1", "x-request-id": requestId } }),
    );
  }
}

/** Pools by whom they connect as. */
export interface Pools {
  rest: Pool;
  auth: Pool;
  storage: Pool;
}

/** The gateway as a request handler. */
export function createGateway(
  options: { configuration: Configuration; pools: Pools },
): (request: Request) => Promise<Response> {
  const { configuration, pools } = options;
  const identify = createIdentify(configuration);
  const rest = createRest({ pool: pools.rest, identify });
  const auth = createAuth({ configuration, pool: pools.auth, identify });
  const storage = createStorage({ configuration, pool: pools.storage, identify });
  const partOf = (path: string) => {
    if (path.startsWith("/rest/v1/")) return rest;
    if (path.startsWith("/auth/v1/")) return auth;
    if (path.startsWith("/storage/v1/")) return storage;
    if (path.startsWith("/samples/")) return serveSample;
    return null;
  };

  return async function handle(request) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith(`${FUNCTIONS_PREFIX}/`)) {
      return await toFunctions(request, configuration.ports.functions);
    }
    if (request.method === "OPTIONS") return preflight(request);
    const part = partOf(pathname);
    if (!part) return withCors(notServed(`${request.method} ${pathname}`));
    try {
      return withCors(await part(request));
    } catch (error) {
      console.error(
        JSON.stringify({
          event: "gateway_failed",
          path: pathname,
          error: error instanceof Error ? error.stack : String(error),
        }),
      );
      return withCors(
        Response.json({ code: "internal", message: "The gateway failed; see its log." }, { status: 500 }),
      );
    }
  };
}
