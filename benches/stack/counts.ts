// What the benchmark's gateway was asked, by kind of request.

/** Where the gateway tells its counts. */
export const COUNTS_PATH = "/bench/counts";

/** By kind: how many, and the bytes of their bodies. */
export type RequestCounts = Record<string, { requests: number; bodyBytes: number }>;

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** Method and path, with what differs from product to product left out: `POST rest/rpc/claim_job`. */
export function kindOf(method: string, pathname: string): string {
  const path = pathname.replace("/v1/", "/").slice(1).replace(UUID, "*")
    .replace(/^(storage\/object(?:\/upload)?(?:\/sign)?\/videos)\/.*$/, "$1");
  return `${method} ${path}`;
}

/** The requests between two readings; kinds that were not asked for are left out. */
export function since(before: RequestCounts, after: RequestCounts): RequestCounts {
  const difference: RequestCounts = {};
  for (const [kind, { requests, bodyBytes }] of Object.entries(after)) {
    const earlier = before[kind] ?? { requests: 0, bodyBytes: 0 };
    if (requests === earlier.requests) continue;
    difference[kind] = { requests: requests - earlier.requests, bodyBytes: bodyBytes - earlier.bodyBytes };
  }
  return difference;
}

/** How many of these requests match. */
export function countOf(counts: RequestCounts, pattern: RegExp): number {
  return Object.entries(counts).reduce(
    (sum, [kind, { requests }]) => pattern.test(kind) ? sum + requests : sum,
    0,
  );
}
