// Real renderers for a benchmark, each behind a door that notes what it was asked and when: the same work can then be
// done again with nothing around it.

import { type RenderSpec, RenderState } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import type { SpeechRequest } from "../../supabase/functions/_shared/contracts/speech.ts";
import type { Configuration } from "../../local/configuration.ts";
import { type Running, startProgram } from "../../local/part.ts";

/** What a product's worker asked of a renderer. */
export interface ProductWork {
  speech: SpeechRequest;
  spec: RenderSpec;
}

/** One renderer: its own address, and the door's, by which the functions know it. */
export interface BenchRenderer {
  origin: string;
  door: string;
  pid: number;
  stop(): Promise<void>;
}

/** What went through the doors, in order. */
export interface Recorded {
  speeches: SpeechRequest[];
  specs: RenderSpec[];
  /** When a voice or a render was under way, from its request to the answer that it is done (ms of this process). */
  underWay: [from: number, to: number][];
}

export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

function openDoor(origin: string, recorded: Recorded): { origin: string; close(): Promise<void> } {
  const begun = new Map<string, number>();
  const note = (
    request: { method: string; pathname: string; text: string | null; at: number },
    answer: string,
  ) => {
    const { method, pathname, text, at } = request;
    if (text !== null && pathname === "/v1/speech") {
      recorded.speeches.push(JSON.parse(text));
      recorded.underWay.push([at, performance.now()]);
    } else if (text !== null && method === "PUT") {
      recorded.specs.push(JSON.parse(text));
      begun.set(pathname, at);
    } else if (method === "GET" && begun.has(pathname) && JSON.parse(answer).status === "completed") {
      recorded.underWay.push([begun.get(pathname)!, performance.now()]);
      begun.delete(pathname);
    }
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const at = performance.now();
    const { pathname, search } = new URL(request.url);
    const text = request.body === null ? null : await request.text();
    const { method, headers } = request;
    const response = await fetch(`${origin}${pathname}${search}`, { method, headers, body: text });
    const answer = await response.text();
    note({ method, pathname, text, at }, answer);
    const body = [204, 304].includes(response.status) ? null : answer;
    return new Response(body, { status: response.status, headers: response.headers });
  });
  return { origin: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
}

/** Milliseconds in which at least one of these was going on. */
export function covered(intervals: [from: number, to: number][]): number {
  let total = 0;
  let end = -Infinity;
  for (const [from, to] of intervals.toSorted(([a], [b]) => a - b)) {
    total += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return total;
}

/** Starts one with its own data folder; it makes as many videos side by side as it does by itself. */
export async function startBenchRenderer(
  configuration: Configuration,
  { name, recorded }: { name: string; recorded: Recorded },
): Promise<BenchRenderer> {
  const port = freePort();
  const running: Running = await startProgram({
    name: "renderer",
    program: "renderer/main.ts",
    configuration,
    env: {
      ...configuration.handedOn,
      PORT: String(port),
      RENDERER_SECRET: configuration.rendererSecret,
      RENDERER_ALLOW_ORIGINS: configuration.supabaseUrl,
      RENDERER_DATA_DIR: `${configuration.dataDir}/${name}`,
    },
    isReady: (line) => line.includes('"listening"'),
  });
  const origin = `http://127.0.0.1:${port}`;
  const door = openDoor(origin, recorded);
  return {
    origin,
    door: door.origin,
    pid: running.pid,
    async stop() {
      await running.stop();
      await door.close();
    },
  };
}

async function ask(
  url: string,
  options: { secret: string; method: string; body?: unknown },
): Promise<unknown> {
  const response = await fetch(url, {
    method: options.method,
    headers: { authorization: `Bearer ${options.secret}`, "content-type": "application/json" },
    body: options.body === undefined ? null : JSON.stringify(options.body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${options.method} ${url}: ${response.status} ${text.slice(0, 300)}`);
  return text === "" ? null : JSON.parse(text);
}

/** A product's voice and video made by the renderer alone; nothing is uploaded. Milliseconds of each. */
export async function makeAlone(
  work: ProductWork,
  { origin, secret }: { origin: string; secret: string },
): Promise<{ voiceMs: number; renderMs: number }> {
  const start = performance.now();
  await ask(`${origin}/v1/speech`, { secret, method: "POST", body: work.speech });
  const spoken = performance.now();
  const url = `${origin}/v1/renders/${crypto.randomUUID()}-1-0123456789abcdef`;
  const spec = { ...work.spec, uploads: { video: null, thumbnail: null, subtitles: null } };
  await ask(url, { secret, method: "PUT", body: spec });
  while (true) {
    const state = RenderState.parse(await ask(`${url}?wait_s=20`, { secret, method: "GET" }));
    if (state.status === "completed") break;
    if (state.status === "failed" || state.status === "cancelled") {
      throw new Error(`the render alone ${state.status}: ${state.error?.message}`);
    }
  }
  const renderMs = performance.now() - spoken;
  await ask(url, { secret, method: "DELETE" });
  return { voiceMs: spoken - start, renderMs };
}
