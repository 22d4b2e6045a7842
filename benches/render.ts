// Rendering against its limit (the same frames encoded with nothing else) and against the recipe it replaces.
// `deno task bench:render [--seconds N] [--runs N]`: medians and ratios of one run, interleaved.

import { parseArgs } from "node:util";
import sharp from "sharp";
import { composeVideo } from "../renderer/video/compose.ts";
import { videoArgs } from "../renderer/video/encode.ts";
import { FRAME, PRESETS } from "../renderer/video/presets.ts";
import { createScene } from "../renderer/video/scene.ts";
import type { RenderSpec } from "../supabase/functions/_shared/contracts/render_spec.ts";
import type { Pixels } from "../renderer/video/pictures.ts";
import { testFfmpegPath } from "../tests/support/video_probe.ts";
import { samplePicture, sampleSpec, sampleVoice, writePictures } from "../tests/video/specs.ts";

const WORDS = "Meet the lamp that brings warm light to every long evening at your desk".split(" ");
const WORD_S = 0.35;
const WORDS_A_PAGE = 4;

async function ffmpeg(args: string[]): Promise<string> {
  const command = new Deno.Command(testFfmpegPath(), { args: ["-hide_banner", "-nostdin", "-y", ...args] });
  const { success, stderr } = await command.output();
  const log = new TextDecoder().decode(stderr);
  if (!success) throw new Error(log.slice(-2000));
  return log;
}

function captions(duration_s: number): RenderSpec["captions"] {
  const pages: RenderSpec["captions"] = [];
  for (let t = 0.4; t + WORDS_A_PAGE * WORD_S < duration_s; t += WORDS_A_PAGE * WORD_S) {
    const words = Array.from({ length: WORDS_A_PAGE }, (_, i) => ({
      text: WORDS[(pages.length * WORDS_A_PAGE + i) % WORDS.length]!,
      start_s: t + i * WORD_S,
      end_s: t + (i + 1) * WORD_S,
    }));
    pages.push({ start_s: t, end_s: t + WORDS_A_PAGE * WORD_S, words });
  }
  return pages;
}

interface Job {
  spec: RenderSpec;
  pictures: Pixels[];
  voicePath: string;
}

/** One render as the service makes it. */
async function render(job: Job, folder: string): Promise<void> {
  await composeVideo({
    ...job,
    pictures: await writePictures(folder, job.pictures),
    folder,
    ffmpegPath: testFfmpegPath(),
    signal: new AbortController().signal,
    onProgress: () => {},
  });
}

/** Writes every frame of a render raw, for the limit. */
async function writeFrames(job: Job, path: string): Promise<void> {
  const scene = await createScene(job.spec, job.pictures.map((picture) => () => picture));
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const writer = file.writable.getWriter();
  for (let frame = 0; frame < scene.timing.frames; frame++) await writer.write(scene.draw(frame).slice());
  writer.releaseLock();
}

async function limit(frames: string, options: { voicePath: string; out: string }): Promise<void> {
  const size = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${FRAME.width}x${FRAME.height}`, "-r", "30"];
  const sound = ["-c:a", "aac", "-b:a", "192k", "-ar", "48000", "-ac", "2", "-f", "mp4", options.out];
  await ffmpeg([...size, "-i", frames, "-i", options.voicePath, ...videoArgs(PRESETS.tiktok), ...sound]);
}

/** The recipe of ffmpeg filters that this project replaces: compose, measure, encode again in two passes. */
async function oldRecipe(
  picture: string,
  options: { voicePath: string; folder: string; seconds: number },
): Promise<void> {
  const { voicePath, folder, seconds } = options;
  const frames = seconds * 25;
  const boxes = [150, 240, 330, 1500, 1600].map((y) =>
    `drawtext=text='Aurora Desk Lamp':fontsize=64:fontcolor=white:box=1:boxcolor=black@0.5:boxborderw=20:x=(w-tw)/2:y=${y}`
  );
  const fit = "scale=4320:7680:force_original_aspect_ratio=decrease,pad=4320:7680:(ow-iw)/2:(oh-ih)/2";
  const zoom =
    `zoompan=z='1+0.5*on/${frames}':x='iw/2-(iw/zoom/2)':y='ih/2-(ih/zoom/2)':d=${frames}:s=1080x1920:fps=25`;
  const composed = `${folder}/old.mp4`;
  const first = ["-i", picture, "-vf", [fit, zoom, ...boxes].join(","), "-frames:v", `${frames}`];
  await ffmpeg([
    ...first,
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-crf",
    "20",
    "-pix_fmt",
    "yuv420p",
    composed,
  ]);
  await ffmpeg(["-i", voicePath, "-af", "loudnorm=I=-14:TP=-1.5:print_format=json", "-f", "null", "-"]);
  const rate = [
    "-b:v",
    "10M",
    "-maxrate",
    "15M",
    "-bufsize",
    "20M",
    "-g",
    "60",
    "-keyint_min",
    "60",
    "-sc_threshold",
    "0",
  ];
  const encoder = [
    "-r",
    "30",
    "-vsync",
    "cfr",
    "-c:v",
    "libx264",
    "-preset",
    "medium",
    "-profile:v",
    "main",
    "-level",
    "4.1",
  ];
  for (const pass of ["1", "2"]) {
    const sound = pass === "1"
      ? ["-an", "-f", "null", "-"]
      : ["-c:a", "aac", "-b:a", "320k", `${folder}/old_final.mp4`];
    const two = ["-pass", pass, "-passlogfile", `${folder}/pass`];
    await ffmpeg(["-i", composed, "-i", voicePath, ...encoder, ...rate, "-bf", "2", ...two, ...sound]);
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function jobs(seconds: number, voicePath: string): { plain: Job; full: Job } {
  const square = samplePicture({ width: 1200, height: 1200 });
  const others = [
    samplePicture({ width: 1600, height: 1000 }, 1),
    samplePicture({ width: 900, height: 1500 }),
  ];
  const voice = {
    url: "http://127.0.0.1:1/voice",
    format: "wav" as const,
    start_s: 0.4,
    tempo: 1,
    cut_at_s: null,
  };
  const spec = sampleSpec({ duration_s: seconds, voice, captions: captions(seconds) });
  const filters = { denoise: true, sharpen: true, color_correction: true };
  return {
    plain: { spec, pictures: [square], voicePath },
    full: {
      spec: { ...spec, template: "collection_showcase", filters },
      pictures: [square, ...others],
      voicePath,
    },
  };
}

async function bench(options: { seconds: number; runs: number; folder: string }): Promise<void> {
  const { seconds, runs, folder } = options;
  const voicePath = `${folder}/voice.wav`;
  await Deno.writeFile(voicePath, sampleVoice(seconds - 1));
  const { plain, full } = jobs(seconds, voicePath);
  const frames = { plain: `${folder}/plain.yuv`, full: `${folder}/full.yuv` };
  await writeFrames(plain, frames.plain);
  await writeFrames(full, frames.full);
  const still = `${folder}/still.png`;
  const { data, width, height } = plain.pictures[0]!;
  await sharp(data, { raw: { width, height, channels: 3 } }).png().toFile(still);
  const times: Record<string, number[]> = {};
  const note = async (name: string, work: () => Promise<void>) =>
    (times[name] ??= []).push(await timed(work));
  for (let run = 0; run < runs; run++) {
    await note("limit", () => limit(frames.plain, { voicePath, out: `${folder}/limit.mp4` }));
    await note("product_spotlight", () => render(plain, folder));
    await note("limit, everything on", () => limit(frames.full, { voicePath, out: `${folder}/limit.mp4` }));
    await note("everything on", () => render(full, folder));
    if (run === 0) await note("old recipe", () => oldRecipe(still, { voicePath, folder, seconds }));
  }
  const of = (name: string) => median(times[name]!);
  console.log(`${seconds} s of video, ${navigator.hardwareConcurrency} cores, median of ${runs}`);
  for (const name of Object.keys(times)) console.log(`${name.padEnd(24)} ${of(name).toFixed(2)} s`);
  const ratio = (a: string, b: string) => (of(a) / of(b)).toFixed(2);
  console.log(`product_spotlight / its limit   ${ratio("product_spotlight", "limit")} (to reach: 1.15)`);
  console.log(
    `everything on / its limit       ${ratio("everything on", "limit, everything on")} (to reach: 1.30)`,
  );
  console.log(`old recipe / product_spotlight  ${ratio("old recipe", "product_spotlight")} (to reach: 6)`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: { seconds: { type: "string", default: "30" }, runs: { type: "string", default: "3" } },
  });
  const folder = await Deno.makeTempDir({ prefix: "bench_render_" });
  try {
    await bench({ seconds: Number(values.seconds), runs: Number(values.runs), folder });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
