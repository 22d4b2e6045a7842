// One hop of a request to another part of the stack: what belongs to the connection stays with the connection.

/** RFC 9110, section 7.6.1, and `host`, which is the next hop's own. */
const OF_THE_CONNECTION = [
  "host",
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Sends a request on to `url`, and gives the answer as it came. */
export async function forward(request: Request, url: string, signal: AbortSignal): Promise<Response> {
  const headers = new Headers(request.headers);
  for (const name of OF_THE_CONNECTION) headers.delete(name);
  // Each hop would decompress and compress again.
  headers.set("accept-encoding", "identity");
  const bodiless = request.method === "GET" || request.method === "HEAD";
  // A body that means nothing is not sent on: `fetch` would refuse the request.
  if (bodiless) headers.delete("content-length");
  const answer = await fetch(url, {
    // `fetch` knows no TRACE: the function refuses any method that it does not have in the same way.
    method: request.method === "TRACE" ? "UNKNOWN" : request.method,
    headers,
    body: bodiless ? null : request.body,
    redirect: "manual",
    signal,
  });
  const { status, statusText, body } = answer;
  const kept = new Headers(answer.headers);
  for (const name of OF_THE_CONNECTION) kept.delete(name);
  return new Response(body, { status, statusText, headers: kept });
}
