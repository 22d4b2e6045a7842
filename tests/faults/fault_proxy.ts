// Stands between one worker process and everything that it calls, counts the calls, and strikes at the k-th.

import { countPurchases, type Purchases } from "./purchases.ts";

/** What happens at a call: before it is sent, or after it was served and before its answer is read. */
export interface Fault {
  /** Zero-based number of the outbound call, or the first call that this is true of. */
  at: number | ((call: Call) => boolean);
  when: "before" | "after";
  /** `kill` ends the process; `lose` drops the connection and lets it live. */
  what: "kill" | "lose";
}

/** One outbound call as it was seen. */
export interface Call {
  number: number;
  target: string;
  method: string;
  path: string;
}

export interface FaultProxy {
  /**
   * An origin for each target, for the next worker alone: by them a purchase is known as its own. What a worker asks in
   * the moment of its death may arrive when the next one lives already.
   */
  openOrigins(): Record<string, string>;
  calls: Call[];
  purchases: Purchases;
  /** Faults that struck. */
  struck(): number;
  stop(): Promise<void>;
}

type Upstream = string | ((request: Request) => Promise<Response>);

const HOP_BY_HOP = ["host", "connection", "content-length", "transfer-encoding", "keep-alive"];

function copyHeaders(headers: Headers): Headers {
  const copy = new Headers(headers);
  for (const name of HOP_BY_HOP) copy.delete(name);
  return copy;
}

async function ask(upstream: Upstream, { request, body }: { request: Request; body: Uint8Array }) {
  const { pathname, search } = new URL(request.url);
  const init: RequestInit = {
    method: request.method,
    headers: copyHeaders(request.headers),
    redirect: "manual",
    body: body.length > 0 ? body as BodyInit : undefined,
  };
  return typeof upstream === "function"
    ? await upstream(new Request(request.url, init))
    : await fetch(`${upstream}${pathname}${search}`, init);
}

/** Stands before these targets. `speech` and `ai` cost money. */
export function startFaultProxy(
  targets: Record<string, Upstream>,
  options: { faults: Fault[]; kill: () => void },
): FaultProxy {
  const calls: Call[] = [];
  const purchases = countPurchases();
  const pending = [...options.faults];
  let struck = 0;

  function strike(call: Call, when: Fault["when"]): boolean {
    const index = pending.findIndex(({ at, when: then }) =>
      then === when && (typeof at === "number" ? at === call.number : at(call))
    );
    if (index < 0) return false;
    const [fault] = pending.splice(index, 1);
    struck++;
    if (fault?.what === "kill") {
      purchases.onKill();
      options.kill();
    } else if (when === "after") purchases.onAnswerLost(call);
    return true;
  }

  async function forward(
    request: Request,
    { target, askedBy }: { target: string; askedBy: number },
  ): Promise<Response> {
    const call: Call = {
      number: calls.length,
      target,
      method: request.method,
      path: new URL(request.url).pathname,
    };
    calls.push(call);
    const body = new Uint8Array(await request.arrayBuffer());
    if (strike(call, "before")) throw new Error("struck before the call was sent");
    const response = await ask(targets[target]!, { request, body });
    const answer = new Uint8Array(await response.arrayBuffer());
    const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    purchases.onServed(call, {
      body: read(body),
      answer: read(answer),
      status: response.status,
      askedBy,
      isHeard: !request.signal.aborted,
    });
    if (strike(call, "after")) throw new Error("struck before the answer was read");
    const empty = response.status === 204 || response.status === 304 || request.method === "HEAD";
    return new Response(empty ? null : answer, {
      status: response.status,
      headers: copyHeaders(response.headers),
    });
  }

  const servers: Deno.HttpServer<Deno.NetAddr>[] = [];

  function listen(target: string, askedBy: number): string {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: broken },
      (request) => forward(request, { target, askedBy }),
    );
    servers.push(server);
    return `http://127.0.0.1:${server.addr.port}`;
  }

  return {
    openOrigins() {
      const askedBy = purchases.generation();
      return Object.fromEntries(Object.keys(targets).map((target) => [target, listen(target, askedBy)]));
    },
    calls,
    purchases,
    struck: () => struck,
    stop: async () => {
      await Promise.all(servers.map((server) => server.shutdown()));
    },
  };
}

/** A handler that throws drops the connection only through an aborted body: a stream that breaks. */
function broken(): Response {
  return new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("cut off")) }));
}
