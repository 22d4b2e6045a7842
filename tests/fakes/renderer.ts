// A stand-in of the renderer over its wire contract: no ffmpeg, small files, everything else as the service does it.

import {
  RENDER_ID_PATTERN,
  RenderSpec,
  type RenderState,
} from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { SpeechRequest } from "../../supabase/functions/_shared/contracts/speech.ts";
import { hummedMp3 } from "./mp3_files.ts";

export interface RendererFake extends AsyncDisposable {
  origin: string;
  secret: string;
  renders: Map<string, FakeRender>;
  /** Speeches made, renders begun (a repeated PUT begins none), renders asked to stop. */
  counts: { speech: number; begun: number; deleted: number };
  /** The ids of renders begun, in order, once for each beginning. */
  begunIds: string[];
  /** `PUT <id>`, `GET <id>`, `DELETE <id>`, `POST speech`, in order. */
  calls: string[];
  /** Texts that were spoken. */
  spoken: string[];
  /** How long a render takes. */
  renderMs: number;
  /** Seconds of a spoken word. */
  wordS: number;
  /** Misbehaviour of everything until it is unset. */
  mode: "well" | "busy" | "away" | "stuck" | "queued" | "uploading";
  /** The next renders fail with this. */
  failure: { code: string; message: string; retryable: boolean } | null;
  /** Forgets every render, as a restart without its disk does. */
  forget(): void;
}

export interface FakeRender {
  spec: RenderSpec;
  state: RenderState;
  /** Aborted when it is deleted. */
  stop: AbortController;
}

export interface RendererFakeOptions {
  secret?: string;
  port?: number;
  renderMs?: number;
}

const STEPS = 10;

/** Starts one on a free port, or a given one. */
export function startRendererFake(options: RendererFakeOptions = {}): RendererFake {
  const server = Deno.serve(
    { port: options.port ?? 0, hostname: "127.0.0.1", onListen() {} },
    (request) => answer(fake, request),
  );
  const fake: RendererFake = {
    origin: `http://127.0.0.1:${server.addr.port}`,
    secret: options.secret ?? "renderer-secret",
    renders: new Map(),
    counts: { speech: 0, begun: 0, deleted: 0 },
    begunIds: [],
    calls: [],
    spoken: [],
    renderMs: options.renderMs ?? 60,
    wordS: 0.4,
    mode: "well",
    failure: null,
    forget() {
      for (const render of fake.renders.values()) render.stop.abort();
      fake.renders.clear();
    },
    async [Symbol.asyncDispose]() {
      fake.forget();
      await server.shutdown();
    },
  };
  return fake;
}

async function answer(fake: RendererFake, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const id = url.pathname.match(/^\/v1\/renders\/([^/]+)$/)?.[1];
  if (request.method === "GET" && url.pathname === "/healthz") return Response.json({ status: "ok" });
  if (request.headers.get("authorization") !== `Bearer ${fake.secret}`) return refuse(401, "unauthenticated");
  fake.calls.push(`${request.method} ${id ?? url.pathname.slice(4)}`);
  if (fake.mode === "away") return refuse(500, "internal");
  if (request.method === "POST" && url.pathname === "/v1/speech") return await speech(fake, request);
  if (!id) return refuse(404, "not_found");
  if (request.method === "PUT") return await submit(fake, { id, body: await request.json() });
  const render = fake.renders.get(id);
  if (request.method === "DELETE") {
    fake.counts.deleted++;
    render?.stop.abort();
    fake.renders.delete(id);
    return new Response(null, { status: 204 });
  }
  if (!render) return refuse(404, "render_not_found");
  await news(render, { waitS: Number(url.searchParams.get("wait_s") ?? 0), signal: request.signal });
  return Response.json(render.state);
}

async function speech(fake: RendererFake, request: Request): Promise<Response> {
  if (fake.mode === "busy") return refuse(503, "unavailable", "2");
  const parsed = SpeechRequest.safeParse(await request.json());
  if (!parsed.success) return refuse(422, "invalid_request");
  fake.counts.speech++;
  fake.spoken.push(parsed.data.text);
  const words = evenWords(parsed.data.text, fake.wordS);
  const seconds = (words.at(-1)?.end_s ?? 0) + 0.2;
  // Each purchase is a recording of its own.
  const audio = hummedMp3(seconds, `purchase ${fake.counts.speech}`);
  let binary = "";
  for (const byte of audio) binary += String.fromCharCode(byte);
  const voice = parsed.data.voice ?? "local";
  return Response.json({ format: "mp3", audio_base64: btoa(binary), duration_s: seconds, words, voice });
}

async function submit(fake: RendererFake, { id, body }: { id: string; body: unknown }): Promise<Response> {
  const spec = RenderSpec.safeParse(body);
  if (!spec.success || !RENDER_ID_PATTERN.test(id)) return refuse(422, "invalid_request");
  const known = fake.renders.get(id);
  if (known && known.state.status !== "failed") {
    known.spec = { ...known.spec, uploads: spec.data.uploads };
    return Response.json(known.state, { status: 202 });
  }
  if (fake.mode === "busy") return refuse(503, "unavailable", "2");
  const state: RenderState = { render_id: id, status: "queued", progress: 0 };
  const render: FakeRender = { spec: spec.data, state, stop: new AbortController() };
  fake.renders.set(id, render);
  fake.counts.begun++;
  fake.begunIds.push(id);
  make(fake, render).catch((error) => {
    render.state = {
      ...render.state,
      status: "failed",
      error: { code: "storage_unavailable", message: String(error), retryable: true },
    };
  });
  return await Promise.resolve(Response.json(state, { status: 202 }));
}

async function make(fake: RendererFake, render: FakeRender): Promise<void> {
  const { signal } = render.stop;
  while (fake.mode === "queued" && !signal.aborted) await wait(20, signal);
  render.state = { ...render.state, status: "running" };
  for (let step = 1; step < STEPS; step++) {
    await wait(fake.renderMs / STEPS, signal);
    while (fake.mode === "stuck" && !signal.aborted) await wait(20, signal);
    if (signal.aborted) return;
    render.state = { ...render.state, progress: step * 100 / STEPS };
  }
  if (fake.failure) {
    render.state = { ...render.state, status: "failed", error: fake.failure };
    return;
  }
  if (render.spec.voice) {
    const voice = await fetch(render.spec.voice.url, { signal });
    await voice.arrayBuffer();
    if (!voice.ok) throw new Error(`voice: ${voice.status}`);
  }
  const name = render.state.render_id;
  const size_bytes = `video ${name}`.length;
  const postable = { tiktok: { ok: true, reasons: [] } };
  const warnings = ["picture 2 could not be fetched"];
  const result = {
    duration_s: render.spec.duration_s,
    width: 1080,
    height: 1920,
    size_bytes,
    warnings,
    postable,
  };
  render.state = { ...render.state, progress: 95, result };
  while (fake.mode === "uploading" && !signal.aborted) await wait(20, signal);
  await upload(render.spec.uploads.video, { type: "video/mp4", text: `video ${name}` });
  await upload(render.spec.uploads.thumbnail, { type: "image/jpeg", text: `thumbnail ${name}` });
  await upload(render.spec.uploads.subtitles, { type: "application/x-subrip", text: `subtitles ${name}` });
  if (signal.aborted) return;
  render.state = { ...render.state, status: "completed", progress: 100, result };
}

/** "Already exists" counts as stored. */
async function upload(url: string | null, file: { type: string; text: string }): Promise<void> {
  if (url === null) return;
  const response = await fetch(url, {
    method: "PUT",
    headers: { "content-type": file.type },
    body: file.text,
  });
  const body = await response.text();
  if (!response.ok && !/Duplicate|already exists/i.test(body)) {
    throw new Error(`upload: ${response.status} ${body}`);
  }
}

/** Waits for a final status, a change of status, or two points of progress. */
async function news(
  render: FakeRender,
  { waitS, signal }: { waitS: number; signal: AbortSignal },
): Promise<void> {
  const { status, progress } = render.state;
  const end = performance.now() + Math.min(20, waitS) * 1000;
  const isFinal = () => ["completed", "failed", "cancelled"].includes(render.state.status);
  while (performance.now() < end && !isFinal() && !signal.aborted && !render.stop.signal.aborted) {
    if (render.state.status !== status || render.state.progress - progress >= 2) return;
    await wait(5, signal);
  }
}

function refuse(status: number, code: string, retryAfter?: string): Response {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { "retry-after": retryAfter };
  return Response.json({ code, message: code, request_id: "fake" }, { status, headers });
}

/** Words of a text, one after another at an even pace. */
function evenWords(text: string, wordS: number): { text: string; start_s: number; end_s: number }[] {
  return (text.match(/[\p{L}\p{N}][\p{L}\p{N}.,'’-]*[\p{L}\p{N}]|[\p{L}\p{N}]/gu) ?? [])
    .map((word, at) => ({ text: word, start_s: 0.1 + at * wordS, end_s: 0.1 + (at + 0.75) * wordS }));
}

/** Resolves after `ms`, or when the signal aborts. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
