// How a fake of somebody else's service misbehaves when it is told to, and how often it was called.

/** `slow` answers after 3 s; `cut_off` breaks the answer in its middle; the others are the service's own refusals. */
export type ServiceFault =
  | "slow"
  | "rate_limited"
  | "server_error"
  | "forbidden"
  | "cut_off"
  | "empty_audio"
  | "wrong_json";

/** A running fake. `calls` counts what a real service would bill. */
export interface FakeService<T> {
  origin: string;
  calls: T[];
  /** Faults of the next calls, one each, then none. */
  faults: ServiceFault[];
  stop(): Promise<void>;
}

/** What a fake says to a fault over plain HTTP; null where the fault is the handler's own to play. */
export async function refuseByFault(
  fault: ServiceFault | undefined,
  stopping: AbortSignal,
): Promise<Response | null> {
  if (fault === "slow") await wait(3_000, stopping);
  if (fault === "rate_limited") {
    return Response.json({ error: { message: "slow down" } }, {
      status: 429,
      headers: { "retry-after": "7" },
    });
  }
  if (fault === "server_error") return Response.json({ error: { message: "oops" } }, { status: 500 });
  if (fault === "forbidden") return Response.json({ error: { message: "bad key" } }, { status: 401 });
  if (fault === "wrong_json") return Response.json({ nothing: "of use" });
  if (fault === "cut_off") {
    const half = new TextEncoder().encode('{"audio_base64": "AAAA');
    return new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(half);
          setTimeout(() => controller.error(new Error("cut off")), 20);
        },
      }),
      { headers: { "content-type": "application/json" } },
    );
  }
  return null;
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
): { origin: string; stop(): Promise<void> } {
  const ending = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: port ?? 0, signal: ending.signal, onListen: () => {} },
    (request) => handler(request, ending.signal),
  );
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    stop: async () => {
      ending.abort();
      await server.finished;
    },
  };
}
