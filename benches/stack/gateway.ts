// The local gateway's process with a count of what it was asked: no extra hop, so that counting costs no time.

import { serveGateway } from "../../local/gateway/serve.ts";
import { COUNTS_PATH, kindOf, type RequestCounts } from "./counts.ts";

const counts: RequestCounts = {};

await serveGateway((handle) => (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === COUNTS_PATH) return Response.json(counts);
  const kind = kindOf(request.method, pathname);
  const entry = counts[kind] ??= { requests: 0, bodyBytes: 0 };
  entry.requests++;
  entry.bodyBytes += Number(request.headers.get("content-length") ?? 0);
  return handle(request);
});
