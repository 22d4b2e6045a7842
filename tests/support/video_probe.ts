// What a finished video really holds, for tests: its boxes, pixels of a moment, its loudness.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Mp4File, type Mp4Track, readMp4 } from "../../renderer/video/mp4.ts";

const FFMPEG_PACKAGE = "@ffmpeg-installer/linux-x64";

/** ffmpeg for tests: `FFMPEG_PATH`, else the one that npm brings. */
export function testFfmpegPath(): string {
  const named = Deno.env.get("FFMPEG_PATH");
  if (named) return named;
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve(`${FFMPEG_PACKAGE}/package.json`)), "ffmpeg");
}

/** Runs the tests' ffmpeg to its end: what it wrote and what it said. */
export async function runTestFfmpeg(args: string[]): Promise<{ output: Uint8Array; log: string }> {
  const command = new Deno.Command(testFfmpegPath(), {
    args: ["-hide_banner", "-nostdin", ...args],
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  const log = new TextDecoder().decode(stderr);
  if (!success) throw new Error(log.slice(-2000));
  return { output: stdout, log };
}

/** The file's boxes, with its picture and sound at hand. Throws where either is missing. */
export async function probeVideo(path: string): Promise<Mp4File & { video: Mp4Track; audio: Mp4Track }> {
  const file = await readMp4(path);
  const video = file.tracks.find((track) => track.kind === "video");
  const audio = file.tracks.find((track) => track.kind === "audio");
  if (!video || !audio) throw new Error(`${path} lacks a picture or a sound track`);
  return { ...file, video, audio };
}

/** Interleaved RGB of the frame at `at_s`, scaled to `width` x `height`. */
export async function framePixels(
  path: string,
  options: { at_s: number; width: number; height: number },
): Promise<Uint8Array> {
  const { at_s, width, height } = options;
  const scale = ["-vf", `scale=${width}:${height}:flags=area`];
  const output = ["-frames:v", "1", ...scale, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"];
  return (await runTestFfmpeg(["-loglevel", "error", "-ss", String(at_s), "-i", path, ...output])).output;
}

/** The frame at `at_s` as PNG, full size. */
export async function framePng(path: string, at_s: number): Promise<Uint8Array> {
  const output = ["-frames:v", "1", "-c:v", "png", "-f", "image2pipe", "pipe:1"];
  return (await runTestFfmpeg(["-loglevel", "error", "-ss", String(at_s), "-i", path, ...output])).output;
}

/** EBU R128 figures of the sound; -Infinity where it is silent. */
export async function loudness(path: string): Promise<{ integrated_lufs: number; true_peak_dbtp: number }> {
  const { log } = await runTestFfmpeg([
    "-nostats",
    "-i",
    path,
    "-vn",
    "-af",
    "ebur128=peak=true",
    "-f",
    "null",
    "-",
  ]);
  const last = (pattern: RegExp) =>
    Number([...log.matchAll(pattern)].at(-1)?.[1]?.replace("inf", "Infinity"));
  const integrated = last(/I:\s+(-?[\d.]+|-inf) LUFS/g);
  return {
    integrated_lufs: integrated <= -69 ? -Infinity : integrated,
    true_peak_dbtp: last(/Peak:\s+(-?[\d.]+|-inf) dBFS/g),
  };
}

/** Silent stretches, in seconds, of at least `least_s`. */
export async function silences(path: string, least_s = 0.3): Promise<{ start_s: number; end_s: number }[]> {
  const filter = `silencedetect=noise=-45dB:d=${least_s}`;
  const { log } = await runTestFfmpeg(["-nostats", "-i", path, "-vn", "-af", filter, "-f", "null", "-"]);
  const starts = [...log.matchAll(/silence_start: (-?[\d.]+)/g)].map((match) => Number(match[1]));
  const ends = [...log.matchAll(/silence_end: (-?[\d.]+)/g)].map((match) => Number(match[1]));
  return starts.map((start_s, i) => ({ start_s, end_s: ends[i] ?? Infinity }));
}
