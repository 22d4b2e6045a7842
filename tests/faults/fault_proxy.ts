// Stands between one worker process and everything that it calls, counts the calls, and strikes at the k-th.

/** What happens at a call: before it is sent, or after it was served and before its answer is read. */
export interface Fault {
  /** Zero-based number of the outbound call. */
  at: number;
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
  /** The proxy's origin for each target. */
  origins: Record<string, string>;
  calls: Call[];
  /** Purchases (answers of speech or AI) that a struck call left without a checkpoint. */
  lostPurchases(): number;
  /** Purchases that were made: answers of speech or AI, whoever read them. */
  purchases(): number;
  /** Faults that struck. */
  struck(): number;
  stop(): Promise<void>;
}

const HOP_BY_HOP = ["host", "connection", "content-length", "transfer-encoding", "keep-alive"];

function copyHeaders(headers: Headers): Headers {
  const copy = new Headers(headers);
  for (const name of HOP_BY_HOP) copy.delete(name);
  return copy;
}

/**
 * Starts a listener a target. `purchases` names the targets whose answers cost money; a purchase counts as kept once a
 * `report_job` with a checkpoint was served after it.
 */
export function startFaultProxy(
  targets: Record<string, string | ((request: Request) => Promise<Response>)>,
  options: { faults: Fault[]; purchases: string[]; kill: () => void },
): FaultProxy {
  const calls: Call[] = [];
  const pending = [...options.faults];
  let unsaved = 0;
  let bought = 0;
  /** Counts the processes that were killed: what one of them asked for, none of the next ones hears. */
  let generation = 0;
  let lost = 0;
  let struck = 0;

  function strike(number: number, when: Fault["when"]): boolean {
    const index = pending.findIndex((fault) => fault.at === number && fault.when === when);
    if (index < 0) return false;
    const [fault] = pending.splice(index, 1);
    struck++;
    // A lost answer of a provider is a purchase lost like a killed one; anything else that is lost is asked again.
    if (fault?.what === "kill") {
      lost += unsaved;
      unsaved = 0;
      generation++;
      options.kill();
    } else if (options.purchases.includes(calls[number]?.target ?? "") && when === "after") {
      lost++;
      unsaved--;
    }
    return true;
  }

  function settle(
    call: Call,
    { body, status, askedBy }: { body: Uint8Array; status: number; askedBy: number },
  ): void {
    if (status >= 300) return;
    if (options.purchases.includes(call.target)) {
      bought++;
      if (askedBy === generation) unsaved++;
      else lost++;
    }
    const isReport = call.path.includes("/rpc/report_job");
    if (isReport && !/"p_checkpoint":\s*null|^(?!.*p_checkpoint)/.test(new TextDecoder().decode(body))) {
      unsaved = 0;
    }
  }

  async function forward(target: string, request: Request): Promise<Response> {
    const url = new URL(request.url);
    const call: Call = { number: calls.length, target, method: request.method, path: url.pathname };
    calls.push(call);
    const askedBy = generation;
    const body = new Uint8Array(await request.arrayBuffer());
    if (strike(call.number, "before")) throw new Error("struck before the call was sent");
    const upstream = targets[target];
    const headers = copyHeaders(request.headers);
    const init: RequestInit = { method: request.method, headers, redirect: "manual" };
    if (body.length > 0) init.body = body;
    const answer = typeof upstream === "function"
      ? await upstream(new Request(request.url, init))
      : await fetch(`${upstream}${url.pathname}${url.search}`, init);
    const answerBody = new Uint8Array(await answer.arrayBuffer());
    settle(call, { body, status: answer.status, askedBy });
    if (strike(call.number, "after")) throw new Error("struck before the answer was read");
    const empty = answer.status === 204 || answer.status === 304 || request.method === "HEAD";
    return new Response(empty ? null : answerBody, {
      status: answer.status,
      headers: copyHeaders(answer.headers),
    });
  }

  const servers = Object.keys(targets).map((target) => {
    // A handler that throws drops the connection only through an aborted body; `onError` gives a stream that breaks.
    const broken = () =>
      new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("cut off")) }));
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: broken },
      (request) => forward(target, request),
    );
    return [target, server] as const;
  });
  return {
    origins: Object.fromEntries(
      servers.map(([target, { addr }]) => [target, `http://127.0.0.1:${addr.port}`]),
    ),
    calls,
    lostPurchases: () => lost,
    purchases: () => bought,
    struck: () => struck,
    stop: async () => {
      await Promise.all(servers.map(([, server]) => server.shutdown()));
    },
  };
}
