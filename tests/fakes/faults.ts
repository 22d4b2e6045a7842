// How a fake of somebody else's service misbehaves when it is told to, and how often it was called.

/**
 * Refusals: `rate_limited` (429 with Retry-After), `server_error`, `unavailable`, `forbidden`, `bad_request`, `redirect`
 * (to a host that records what it is told). `slow` answers after 3 s, `slow_body` begins at once and then says nothing.
 * Broken answers with 200: `cut_off` in the middle, `empty_audio`, `no_audio` (a page in its place), `half_audio` (whole
 * frames, but not all), `silence`, `garbled` (frames whose bits mean nothing), `wrong_json`, `not_json`, `wrong_type` (a good answer called text/html).
 */
export type ServiceFault =
  | "slow"
  | "slow_body"
  | "rate_limited"
  | "server_error"
  | "unavailable"
  | "forbidden"
  | "bad_request"
  | "redirect"
  | "cut_off"
  | "empty_audio"
  | "no_audio"
  | "half_audio"
  | "silence"
  | "garbled"
  | "wrong_json"
  | "not_json"
  | "wrong_type";

/** A voice that a fake of a speech service lends: MP3, and when each word is said. */
export type Recite = (
  text: string,
) => Promise<{ audio: Uint8Array; words: { text: string; start_s: number; end_s: number }[] }>;

/** A running fake. `calls` counts what a real service would bill. */
export interface FakeService<T> {
  origin: string;
  calls: T[];
  /** Requests of any kind, refused ones too. */
  requests: { url: URL; headers: Headers }[];
  /** Faults of the next calls, one each, then none. */
  faults: ServiceFault[];
  stop(): Promise<void>;
}

const REFUSALS: Partial<Record<ServiceFault, { status: number; headers?: Record<string, string> }>> = {
  rate_limited: { status: 429, headers: { "retry-after": "7" } },
  server_error: { status: 500 },
  unavailable: { status: 503 },
  forbidden: { status: 401 },
  bad_request: { status: 400 },
  redirect: { status: 307, headers: { location: "http://127.0.0.1:9/elsewhere" } },
};

/** What a fake says to a fault over plain HTTP; null where the fault is the handler's own to play. */
export async function refuseByFault(
  fault: ServiceFault | undefined,
  stopping: AbortSignal,
): Promise<Response | null> {
  if (fault === "slow") await wait(3_000, stopping);
  const refusal = fault && REFUSALS[fault];
  if (refusal) return Response.json({ error: { message: fault } }, refusal);
  if (fault === "wrong_json") return Response.json({ nothing: "of use" });
  if (fault === "not_json") {
    return new Response("<html>Welcome</html>", { headers: { "content-type": "text/html" } });
  }
  if (fault === "cut_off" || fault === "slow_body") return brokenBody(fault, stopping);
  return null;
}

function brokenBody(fault: ServiceFault, stopping: AbortSignal): Response {
  const half = new TextEncoder().encode('{"audio_base64": "AAAA');
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(half);
      await wait(fault === "cut_off" ? 20 : 3_000, stopping);
      controller.error(new Error(fault));
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}

/** Ends early when the fake is stopped: no timer outlives its test. */
function wait(ms: number, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    function end() {
      clearTimeout(timer);
      stopping.removeEventListener("abort", end);
      resolve();
    }
    stopping.addEventListener("abort", end);
    if (stopping.aborted) end();
  });
}

/** Serves a fake on loopback; `stop` ends what is still under way too, as the signal tells the handler. */
export function serveFake(
  port: number | undefined,
  handler: (request: Request, stopping: AbortSignal) => Promise<Response> | Response,
): Pick<FakeService<unknown>, "origin" | "requests" | "stop"> {
  const ending = new AbortController();
  const requests: FakeService<unknown>["requests"] = [];
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: port ?? 0,
      signal: ending.signal,
      onListen: () => {},
      // A body that is broken on purpose ends here.
      onError: () => new Response(null, { status: 500 }),
    },
    (request) => {
      requests.push({ url: new URL(request.url), headers: new Headers(request.headers) });
      return handler(request, ending.signal);
    },
  );
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    requests,
    stop: async () => {
      ending.abort();
      await server.finished;
    },
  };
}
