// What the renderer's tests share: a host for pictures and uploads, a small spec, the service as a process.

import sharp from "sharp";
import type { RenderSpec, RenderState } from "../../supabase/functions/_shared/contracts/render_spec.ts";

/** A stand-in for a picture host and a storage, on loopback. */
export interface FakeHost {
  origin: string;
  /** Requests in the order they came. */
  requests: { method: string; path: string; contentType: string | null; size: number }[];
  /** Answers by path; a function is asked each time. */
  routes: Map<string, (request: Request) => Response | Promise<Response>>;
  uploaded: Map<string, Uint8Array>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** PUT stores; GET serves `routes`, 404 otherwise. */
export function startFakeHost(): FakeHost {
  const requests: FakeHost["requests"] = [];
  const routes: FakeHost["routes"] = new Map();
  const uploaded: FakeHost["uploaded"] = new Map();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const body = new Uint8Array(await request.arrayBuffer());
    const contentType = request.headers.get("content-type");
    requests.push({ method: request.method, path: pathname, contentType, size: body.length });
    const route = routes.get(pathname);
    if (route) return await route(request);
    if (request.method !== "PUT") return new Response("no such file", { status: 404 });
    if (uploaded.has(pathname)) {
      return Response.json({ statusCode: "409", error: "Duplicate", message: "exists" }, { status: 400 });
    }
    uploaded.set(pathname, body);
    return Response.json({ Key: pathname });
  });
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    requests,
    routes,
    uploaded,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A JPEG of one colour with a stripe, so that motion shows. */
export async function jpeg(
  options: { width?: number; height?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { width = 400, height = 500 } = options;
  const stripe = { create: { width: 40, height, channels: 3, background: "#ffffff" } } as const;
  const data = await sharp({ create: { width, height, channels: 3, background: "#2266aa" } })
    .composite([{ input: stripe, left: Math.floor(width / 3), top: 0 }])
    .jpeg()
    .toBuffer();
  return new Uint8Array(data);
}

export function serveBytes(bytes: Uint8Array<ArrayBuffer>, contentType = "image/jpeg"): () => Response {
  return () => new Response(bytes, { headers: { "content-type": contentType } });
}

/** A render id of its own. */
export function renderId(): string {
  return `${crypto.randomUUID()}-1-0123456789abcdef`;
}

/** A video of one second over one picture, without a voice. */
export function smallSpec(host: FakeHost, changes: Partial<RenderSpec> = {}): RenderSpec {
  const name = crypto.randomUUID();
  const put = (file: string) => `${host.origin}/upload/${name}/${file}?token=secret-upload-token`;
  return {
    version: 1,
    template: "product_spotlight",
    encoding_preset: "tiktok",
    duration_s: 1,
    language: "en",
    title: "Blue mug",
    brand: "Acme",
    price: { current: "$12.00", old: null, saving_percent: null },
    cta_text: "Shop now",
    primary_color: "#112233",
    accent_color: "#ffcc00",
    font: null,
    image_urls: [`${host.origin}/mug.jpg`],
    filters: { denoise: false, sharpen: false, color_correction: false },
    voice: null,
    captions: [{ start_s: 0, end_s: 0.8, words: [{ text: "Mug", start_s: 0, end_s: 0.8 }] }],
    uploads: { video: put("v.mp4"), thumbnail: put("t.jpg"), subtitles: put("s.srt") },
    ...changes,
  };
}

/** The service as its own process. */
export interface RunningRenderer {
  origin: string;
  pid: number;
  call(path: string, init?: RequestInit): Promise<Response>;
  put(id: string, spec: unknown): Promise<Response>;
  state(id: string, waitS?: number): Promise<RenderState>;
  /** Waits, by long polls, until the render has ended. */
  ended(id: string): Promise<RenderState>;
  kill(signal: Deno.Signal): Promise<Deno.CommandStatus>;
  /** All that it wrote so far. */
  output(): string;
  [Symbol.asyncDispose](): Promise<void>;
}

export const SECRET = "a-renderer-secret-of-the-tests";

export async function startRenderer(
  options: { dataDir: string; allowOrigins: string[]; env?: Record<string, string> },
): Promise<RunningRenderer> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("../../renderer/main.ts", import.meta.url).href],
    env: {
      PORT: "0",
      RENDERER_SECRET: SECRET,
      RENDERER_DATA_DIR: options.dataDir,
      RENDERER_ALLOW_ORIGINS: options.allowOrigins.join(","),
      ...options.env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let written = "";
  const listening = Promise.withResolvers<number>();
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      written += text;
      const port = /"event":"listening","port":(\d+)/.exec(written)?.[1];
      if (port) listening.resolve(Number(port));
    }
    listening.reject(new Error(`the renderer ended: ${written}`));
  });
  listening.promise.catch(() => {});
  const origin = `http://127.0.0.1:${await listening.promise}`;
  const headers = { authorization: `Bearer ${SECRET}`, "content-type": "application/json" };
  const call = (path: string, init: RequestInit = {}) => fetch(origin + path, { headers, ...init });
  async function state(id: string, waitS = 0): Promise<RenderState> {
    const response = await call(`/v1/renders/${id}?wait_s=${waitS}`);
    if (response.status !== 200) throw new Error(`state: ${response.status} ${await response.text()}`);
    return await response.json();
  }
  async function kill(signal: Deno.Signal): Promise<Deno.CommandStatus> {
    try {
      child.kill(signal);
    } catch {
      // Ended already.
    }
    const status = await child.status;
    await Promise.all(reading);
    return status;
  }
  return {
    origin,
    pid: child.pid,
    call,
    put: (id, spec) => call(`/v1/renders/${id}`, { method: "PUT", body: JSON.stringify(spec) }),
    state,
    async ended(id) {
      while (true) {
        const now = await state(id, 10);
        if (now.status !== "queued" && now.status !== "running") return now;
      }
    },
    kill,
    output: () => written,
    [Symbol.asyncDispose]: async () => void await kill("SIGTERM"),
  };
}

/** A folder that is gone after the test. */
export async function scratchFolder(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await Deno.makeTempDir({ prefix: "reelbatch-renderer-test-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** A process that lives (a zombie does not). */
export interface LivingProcess {
  pid: number;
  parent: number;
  name: string;
}

/** All that a process started, and what that started, with their names as the kernel has them. */
export async function descendantsOf(pid: number): Promise<LivingProcess[]> {
  const living = await livingProcesses();
  const family = new Set([pid]);
  const found: LivingProcess[] = [];
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const each of living.filter((one) => family.has(one.parent) && !family.has(one.pid))) {
      family.add(each.pid);
      found.push(each);
    }
  }
  return found;
}

/** Those of `processes` that still live. */
export async function survivors(processes: readonly LivingProcess[]): Promise<LivingProcess[]> {
  const living = await livingProcesses();
  return processes.filter(({ pid, name }) => living.some((each) => each.pid === pid && each.name === name));
}

async function livingProcesses(): Promise<LivingProcess[]> {
  const found: LivingProcess[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    const status = await Deno.readTextFile(`/proc/${entry.name}/stat`).catch(() => "");
    const [, name = "", state, parent] = /\((.*)\) (\S) (\d+)/.exec(status) ?? [];
    if (state && state !== "Z") found.push({ pid: Number(entry.name), parent: Number(parent), name });
  }
  return found;
}
