// The renderer as a service under the benchmark: whole renders over HTTP, alone and side by side, and their memory.

import { readFile } from "node:fs/promises";
import type { RenderSpec } from "../supabase/functions/_shared/contracts/render_spec.ts";
import {
  descendantsOf,
  type FakeHost,
  renderId,
  scratchFolder,
  serveBytes,
  startFakeHost,
  startRenderer,
} from "../tests/renderer/support.ts";
import { testFfmpegPath } from "../tests/support/video_probe.ts";
import { sampleVoice } from "../tests/video/specs.ts";
import { shopPicture } from "./render_contenders.ts";

const SAMPLE_EVERY_MS = 100;

/** A renderer with a picture host and a storage beside it. */
export interface BenchService {
  /** Makes `count` renders at once; with `watch`, the largest memory meanwhile (which costs time). */
  render(video: Video, options: { count: number; watch?: boolean }): Promise<Peak>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Video {
  spec: RenderSpec;
  /** Pictures of the demo's shop. */
  files: string[];
}

export interface Peak {
  /** Proportional set size of the renders' processes together (worker, picture decoder, ffmpeg), in MB. */
  renders_mb: number;
  /** The same of the service's own process. */
  service_mb: number;
}

/** Megabytes that a process accounts for: what it shares with others counts in proportion. */
async function proportionalMb(pid: number): Promise<number> {
  // Gone meanwhile: nothing.
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1000;
}

/** Samples until `work` is done. */
async function watchMemory(pid: number, work: Promise<unknown>): Promise<Peak> {
  const peak = { renders_mb: 0, service_mb: 0 };
  let done = false;
  const ended = work.finally(() => done = true);
  ended.catch(() => {});
  while (!done) {
    const children = await descendantsOf(pid);
    const sizes = await Promise.all(children.map((child) => proportionalMb(child.pid)));
    peak.renders_mb = Math.max(peak.renders_mb, sizes.reduce((sum, size) => sum + size, 0));
    peak.service_mb = Math.max(peak.service_mb, await proportionalMb(pid));
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, SAMPLE_EVERY_MS))]);
  }
  await ended;
  return peak;
}

function orderOf(host: FakeHost, video: Video): RenderSpec {
  const name = crypto.randomUUID();
  const put = (file: string) => `${host.origin}/upload/${name}/${file}`;
  return {
    ...video.spec,
    image_urls: video.files.map((file) => `${host.origin}/${file}`),
    voice: video.spec.voice && { ...video.spec.voice, url: `${host.origin}/voice` },
    uploads: { video: put("v.mp4"), thumbnail: put("t.jpg"), subtitles: put("s.srt") },
  };
}

/** Starts a renderer that makes up to `capacity` videos side by side. */
export async function startBenchService(
  options: { capacity: number; seconds: number; files: string[] },
): Promise<BenchService> {
  const host = startFakeHost();
  host.routes.set("/voice", serveBytes(new Uint8Array(sampleVoice(options.seconds - 1)), "audio/wav"));
  for (const file of options.files) {
    host.routes.set(`/${file}`, serveBytes(await Deno.readFile(shopPicture(file))));
  }
  const folder = await scratchFolder();
  const renderer = await startRenderer({
    dataDir: folder.path,
    allowOrigins: [host.origin],
    env: { RENDERER_CAPACITY: String(options.capacity), FFMPEG_PATH: testFfmpegPath() },
  });

  async function one(video: Video): Promise<void> {
    const id = renderId();
    const accepted = await renderer.put(id, orderOf(host, video));
    if (accepted.status !== 202) throw new Error(`refused: ${await accepted.text()}`);
    const state = await renderer.ended(id);
    if (state.status !== "completed") throw new Error(`render ${state.status}: ${state.error?.message}`);
    await renderer.call(`/v1/renders/${id}`, { method: "DELETE" });
    host.uploaded.clear();
  }

  return {
    async render(video, { count, watch = false }) {
      const all = Promise.all(Array.from({ length: count }, () => one(video)));
      if (watch) return await watchMemory(renderer.pid, all);
      await all;
      return { renders_mb: 0, service_mb: 0 };
    },
    async [Symbol.asyncDispose]() {
      await renderer[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}
