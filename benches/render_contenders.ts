// Who is compared in the rendering benchmark: this project, the encoder alone on the same frames (the limit), and the
// recipe of ffmpeg filters that this project replaces.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { composeVideo } from "../renderer/video/compose.ts";
import { encodeArgs } from "../renderer/video/encode.ts";
import type { Pixels } from "../renderer/video/pictures.ts";
import { createScene } from "../renderer/video/scene.ts";
import { makeSound } from "../renderer/video/sound.ts";
import type { RenderSpec } from "../supabase/functions/_shared/contracts/render_spec.ts";
import { testFfmpegPath } from "../tests/support/video_probe.ts";
import { sampleSpec, sampleVoice, writePictures } from "../tests/video/specs.ts";

const SHOP = new URL("../samples/pictures/", import.meta.url);
const WORDS = "Meet the lamp that brings warm light to every long evening at your desk".split(" ");
const WORD_S = 0.35;
const WORDS_A_PAGE = 4;
const VOICE_START_S = 0.4;

export type VideoName = "product_spotlight" | "everything_on";

/** A video to be made, with all that the contenders need of it in files. */
export interface BenchVideo {
  spec: RenderSpec;
  /** Pictures of the demo's shop. */
  files: string[];
  pictures: Pixels[];
  voicePath: string;
  /** What the limit encodes: this video's own frames and sound, raw. */
  framesPath: string;
  soundPath: string;
}

/** Captions over the whole video, a word every third of a second. */
function captions(duration_s: number): RenderSpec["captions"] {
  const pages: RenderSpec["captions"] = [];
  const page_s = WORDS_A_PAGE * WORD_S;
  for (let t = VOICE_START_S; t + page_s < duration_s; t += page_s) {
    const words = Array.from({ length: WORDS_A_PAGE }, (_, i) => ({
      text: WORDS[(pages.length * WORDS_A_PAGE + i) % WORDS.length]!,
      start_s: t + i * WORD_S,
      end_s: t + (i + 1) * WORD_S,
    }));
    pages.push({ start_s: t, end_s: t + page_s, words });
  }
  return pages;
}

/** The two videos that are measured: one picture, and three with transitions and all filters; both are captioned. */
export function benchSpecs(seconds: number): Record<VideoName, { spec: RenderSpec; files: string[] }> {
  const voice = {
    url: "http://127.0.0.1:1/voice",
    format: "wav" as const,
    start_s: VOICE_START_S,
    tempo: 1,
    cut_at_s: null,
  };
  const spec = sampleSpec({ duration_s: seconds, voice, captions: captions(seconds) });
  const filters = { denoise: true, sharpen: true, color_correction: true };
  return {
    product_spotlight: { spec, files: ["halo_lamp_evening.jpg"] },
    everything_on: {
      spec: { ...spec, template: "collection_showcase", filters },
      files: ["halo_lamp_evening.jpg", "halo_lamp_desk.jpg", "halo_lamp.jpg"],
    },
  };
}

/** A picture of the demo's shop. */
export function shopPicture(file: string): string {
  return fileURLToPath(new URL(file, SHOP));
}

async function readPicture(file: string): Promise<Pixels> {
  const { data, info } = await sharp(shopPicture(file)).removeAlpha().raw().toBuffer({
    resolveWithObject: true,
  });
  return { data, width: info.width, height: info.height };
}

const never = () => new AbortController().signal;

/** Writes what the contenders need: the voice, and every frame and sample of the video, raw. */
export async function prepareVideo(
  video: { spec: RenderSpec; files: string[] },
  folder: string,
): Promise<BenchVideo> {
  const { spec } = video;
  const pictures = await Promise.all(video.files.map(readPicture));
  const voicePath = join(folder, "voice.wav");
  await Deno.writeFile(voicePath, sampleVoice(spec.duration_s - 1));
  const soundPath = join(folder, "sound.s16le");
  const sound = makeSound(spec, { ffmpegPath: testFfmpegPath(), signal: never(), voicePath, folder });
  await Deno.writeFile(soundPath, ReadableStream.from(sound));
  const framesPath = join(folder, "frames.yuv");
  const scene = await createScene(spec, pictures.map((picture) => () => picture));
  using file = await Deno.open(framesPath, { write: true, create: true, truncate: true });
  for (let frame = 0; frame < scene.timing.frames; frame++) {
    const bytes = scene.draw(frame);
    for (let sent = 0; sent < bytes.length;) sent += await file.write(bytes.subarray(sent));
  }
  return { spec, files: video.files, pictures, voicePath, framesPath, soundPath };
}

/** Ours: pictures and voice in, the three files out. */
export async function compose(video: BenchVideo, parent: string): Promise<void> {
  // A folder of its own: what the limit reads must not be written over.
  const folder = join(parent, "ours");
  await Deno.mkdir(folder, { recursive: true });
  await composeVideo({
    ...video,
    pictures: await writePictures(folder, video.pictures),
    folder,
    ffmpegPath: testFfmpegPath(),
    signal: never(),
    onProgress: () => {},
  });
}

/**
 * A limit: the same frames and sound through the same encoder, to the same file but for what `settings` says: ours for slow
 * motion, or the preset `veryfast` as it is, which takes longer.
 */
export async function encodeOnly(
  video: BenchVideo,
  { folder, settings }: { folder: string; settings: "preset" | "ours" },
): Promise<void> {
  const args = encodeArgs(video.spec, { ...video, videoPath: join(folder, "limit.mp4") });
  const ours = args.indexOf("-x264-params");
  if (ours < 0) throw new Error("the encoder has no settings of our own");
  await ffmpeg(settings === "ours" ? args : args.toSpliced(ours, 2));
}

async function ffmpeg(args: string[]): Promise<void> {
  const command = new Deno.Command(testFfmpegPath(), { args: ["-hide_banner", "-nostdin", "-y", ...args] });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).slice(-2000));
}

const OLD_RATE = 25;
const OLD_TEXTS_AT = [150, 240, 330, 1500, 1600];

/** The old recipe: compose with filters, measure the voice, encode again in two passes. */
export async function oldRecipe(video: BenchVideo, folder: string): Promise<void> {
  const frames = video.spec.duration_s * OLD_RATE;
  const composed = join(folder, "old.mp4");
  const texts = OLD_TEXTS_AT.map((y) =>
    "drawtext=text='Aurora Desk Lamp':fontsize=64:fontcolor=white:box=1:boxcolor=black@0.5:boxborderw=20:" +
    `x=(w-tw)/2:y=${y}`
  );
  const filters = [
    "scale=4320:7680:force_original_aspect_ratio=decrease",
    "pad=4320:7680:(ow-iw)/2:(oh-ih)/2",
    `zoompan=z='1+0.5*on/${frames}':x='iw/2-(iw/zoom/2)':y='ih/2-(ih/zoom/2)':d=${frames}:s=1080x1920:fps=${OLD_RATE}`,
    ...texts,
  ];
  const quick = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"];
  const still = ["-i", shopPicture(video.files[0]!), "-vf", filters.join(","), "-frames:v", String(frames)];
  await ffmpeg([...still, ...quick, composed]);
  const measure = ["-af", "loudnorm=I=-14:TP=-1.5:LRA=11:print_format=json", "-f", "null", "-"];
  await ffmpeg(["-i", video.voicePath, ...measure]);
  const rate = "-b:v 10M -maxrate 15M -bufsize 20M -g 60 -keyint_min 60 -sc_threshold 0 -bf 2".split(" ");
  const encoder = "-r 30 -vsync cfr -c:v libx264 -preset medium -profile:v main -level 4.1".split(" ");
  for (const pass of ["1", "2"]) {
    const output = pass === "1"
      ? ["-an", "-f", "null", "-"]
      : ["-c:a", "aac", "-b:a", "320k", join(folder, "old_final.mp4")];
    const log = ["-pass", pass, "-passlogfile", join(folder, "pass")];
    await ffmpeg(["-i", composed, "-i", video.voicePath, ...encoder, ...rate, ...log, ...output]);
  }
}
