// Signals to measure a finished file by: beeps, flashes, voices of any level, and where they are found again.

import { encodeVideo } from "../../renderer/video/encode.ts";
import { FRAME } from "../../renderer/video/presets.ts";
import { makeSound } from "../../renderer/video/sound.ts";
import type { RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { runTestFfmpeg, testFfmpegPath } from "../support/video_probe.ts";

export const RATE = 48_000;
const LUMA_BYTES = FRAME.width * FRAME.height;
const DARK = 30;
const BRIGHT = 220;
const BEEP_HZ = 1000;

/** Samples of -1..1 as a 16-bit mono WAV file; what is beyond is cut off flat, as a bad recording is. */
export function wavFile(samples: Float32Array, rate: number): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(44 + samples.length * 2);
  const view = new DataView(file.buffer);
  const text = (at: number, value: string) => file.set(new TextEncoder().encode(value), at);
  text(0, "RIFF");
  view.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((value, i) =>
    view.setInt16(44 + i * 2, Math.round(Math.min(1, Math.max(-1, value)) * 32_767), true)
  );
  return file;
}

/** Silence of a length with beeps of a tenth of a second. */
export function beeps(
  at_s: number[],
  options: { duration_s: number; rate?: number },
): Uint8Array<ArrayBuffer> {
  const rate = options.rate ?? 24_000;
  const samples = new Float32Array(Math.round(options.duration_s * rate));
  for (const start_s of at_s) {
    for (let i = 0; i < rate / 10; i++) {
      samples[Math.round(start_s * rate) + i] = 0.5 * Math.sin(2 * Math.PI * BEEP_HZ * i / rate);
    }
  }
  return wavFile(samples, rate);
}

/** Syllables of a buzzing voice; above a level of about 0.5 it is cut off flat. */
export function voice(
  level: number,
  options: { duration_s: number; rate?: number },
): Uint8Array<ArrayBuffer> {
  const rate = options.rate ?? 22_050;
  const samples = Float32Array.from({ length: Math.round(options.duration_s * rate) }, (_, i) => {
    const t = i / rate;
    const syllable = Math.abs(Math.sin(2 * Math.PI * 3.2 * t)) * (t % 1.3 < 1.05 ? 1 : 0);
    const tone = [1, 2, 3, 5, 9, 17].reduce((sum, n) => sum + Math.sin(2 * Math.PI * 140 * n * t) / n, 0);
    return level * syllable * tone;
  });
  return wavFile(samples, rate);
}

/** Encodes a voice and plain frames, bright for three frames from each of `flashes_s`. */
export async function encodeSignal(
  folder: string,
  options: {
    spec: RenderSpec;
    voice?: Uint8Array;
    flashes_s?: number[];
    draw?: (frame: number) => Uint8Array<ArrayBuffer>;
  },
): Promise<string> {
  const { spec } = options;
  const process = { ffmpegPath: testFfmpegPath(), signal: new AbortController().signal };
  const voicePath = options.voice ? `${folder}/voice.in` : null;
  if (voicePath) await Deno.writeFile(voicePath, options.voice!);
  const sound = makeSound(spec, { ...process, voicePath, folder });
  const dark = new Uint8Array(LUMA_BYTES * 3 / 2).fill(128).fill(DARK, 0, LUMA_BYTES);
  const bright = dark.slice().fill(BRIGHT, 0, LUMA_BYTES);
  const flashes = (options.flashes_s ?? []).map((at_s) => Math.round(at_s * FRAME.rate));
  const lit = (frame: number) => flashes.some((first) => frame >= first && frame < first + 3);
  const videoPath = `${folder}/video.mp4`;
  await encodeVideo(spec, {
    ...process,
    sound,
    videoPath,
    folder,
    frames: Math.round(spec.duration_s * FRAME.rate),
    draw: (frame) => Promise.resolve(options.draw?.(frame) ?? (lit(frame) ? bright : dark)),
    onFrame: () => {},
  });
  return videoPath;
}

/** Where a series of values rises past a level, after it was below. */
function rises(values: ArrayLike<number>, level: number, quiet: number): number[] {
  const found: number[] = [];
  let since = quiet;
  for (let i = 0; i < values.length; i++) {
    const loud = Math.abs(values[i]!) > level;
    if (loud && since >= quiet) found.push(i);
    since = loud ? 0 : since + 1;
  }
  return found;
}

/** Seconds at which the picture flashes, counted in frames from the first one. */
export async function flashTimes(path: string): Promise<number[]> {
  const output = "-vf scale=8:8:flags=area -vsync passthrough -f rawvideo -pix_fmt gray pipe:1".split(" ");
  const run = await runTestFfmpeg(["-loglevel", "error", "-i", path, "-an", ...output]);
  const frames = Array.from({ length: run.output.length / 64 }, (_, i) => run.output[i * 64]!);
  return rises(frames, 130, 5).map((frame) => frame / FRAME.rate);
}

/** Seconds at which the sound sets in, counted in samples from the first one in the file. */
export async function beepTimes(path: string): Promise<number[]> {
  const output = ["-vn", "-f", "f32le", "-ac", "1", "-ar", `${RATE}`, "pipe:1"];
  const run = await runTestFfmpeg(["-loglevel", "error", "-i", path, ...output]);
  const samples = new Float32Array(run.output.slice().buffer);
  return rises(samples, 0.1, RATE / 5).map((sample) => sample / RATE);
}

/** A packet of the file: its stream and its times in seconds. */
export interface Packet {
  stream: number;
  dts_s: number;
  pts_s: number;
}

/** The file's packets as a player has them: the file's own times, nothing shifted. */
export async function packets(path: string): Promise<Packet[]> {
  const copy = ["-copyts", "-i", path, "-map", "0:v", "-map", "0:a", "-c", "copy"];
  const { output } = await runTestFfmpeg(["-loglevel", "error", ...copy, "-f", "framecrc", "pipe:1"]);
  const lines = new TextDecoder().decode(output).split("\n");
  const base = new Map<number, number>();
  const found: Packet[] = [];
  for (const line of lines) {
    const [, index, num, den] = /^#tb (\d+): (\d+)\/(\d+)/.exec(line) ?? [];
    if (index) base.set(Number(index), Number(num) / Number(den));
    const [stream, dts, pts] = line.split(",").map(Number);
    if (/^\d/.test(line)) {
      const unit = base.get(stream!)!;
      found.push({ stream: stream!, dts_s: dts! * unit, pts_s: pts! * unit });
    }
  }
  return found;
}
