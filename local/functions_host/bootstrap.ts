// Preloaded into every function's process: the globals that the edge runtime has, then the function itself.
// Talks with the host over stdin (`retire`, `unload`) and one first line of stdout (the port).

import { forEachLine } from "../lines.ts";
import { READY_MARK } from "./ready_mark.ts";

const [entrypoint] = Deno.args;
if (!entrypoint) throw new Error("usage: bootstrap.ts <entrypoint>");

/** How long a retired process stays after its last work, so that the answer is out. */
const LINGER_MS = 500;
const background = new Set<Promise<unknown>>();
let requests = 0;
let retired = false;

function endWhenIdle(): void {
  if (!retired || requests > 0 || background.size > 0) return;
  setTimeout(() => {
    if (requests === 0 && background.size === 0) Deno.exit(0);
  }, LINGER_MS);
}

function waitUntil<T>(promise: Promise<T>): Promise<T> {
  const tracked: Promise<unknown> = Promise.resolve(promise)
    .catch((error) =>
      console.error(JSON.stringify({ event: "background_task_failed", error: String(error) }))
    )
    .finally(() => {
      background.delete(tracked);
      endWhenIdle();
    });
  background.add(tracked);
  return promise;
}

Object.defineProperty(globalThis, "EdgeRuntime", { value: { waitUntil }, enumerable: true });

const serve = Deno.serve;

function serveOnLoopback(...given: unknown[]): unknown {
  const handler = given.find((value) => typeof value === "function") ??
    (given[0] as { handler?: unknown } | undefined)?.handler;
  if (typeof handler !== "function") throw new TypeError("Deno.serve needs a handler");
  return serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => console.log(`${READY_MARK}${port}`),
  }, async (request, info) => {
    requests++;
    try {
      return await handler(request, info);
    } finally {
      requests--;
      endWhenIdle();
    }
  });
}

Object.defineProperty(Deno, "serve", { value: serveOnLoopback });

forEachLine(Deno.stdin.readable, (line) => {
  if (line === "retire") {
    retired = true;
    endWhenIdle();
  } else if (line === "unload") {
    globalThis.dispatchEvent(new CustomEvent("beforeunload", { detail: { reason: "wall_clock" } }));
  }
}).catch(() => {}).finally(() => Deno.exit(0));

await import(entrypoint);
