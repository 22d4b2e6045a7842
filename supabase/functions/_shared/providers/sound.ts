// A recording's samples: read from WAV, decoded from MP3.

import { mp3Seconds } from "./mp3.ts";

/** How long a frame is whose level is measured. */
export const FRAME_S = 0.01;

/** Samples of one channel, -1 to 1. */
export interface Sound {
  samples: Float32Array;
  sampleRate: number;
}

/** The first channel of a whole file; null where it cannot be read. */
export async function soundOf(file: { audio: Uint8Array; format: "mp3" | "wav" }): Promise<Sound | null> {
  return file.format === "wav" ? readWav(file.audio) : await decodeMp3(file.audio);
}

/** The level of each frame, root mean square. */
export function levelsOf({ samples, sampleRate }: Sound): Float64Array {
  const long = frameSamples(sampleRate);
  const levels = new Float64Array(Math.floor(samples.length / long));
  for (let frame = 0; frame < levels.length; frame++) {
    let sum = 0;
    for (let at = frame * long; at < (frame + 1) * long; at++) sum += (samples[at] ?? 0) ** 2;
    levels[frame] = Math.sqrt(sum / long);
  }
  return levels;
}

/** Samples of a frame. */
export function frameSamples(sampleRate: number): number {
  return Math.max(1, Math.round(sampleRate * FRAME_S));
}

/** 16-bit PCM, the first channel. */
function readWav(file: Uint8Array): Sound | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const name = (at: number) => String.fromCharCode(...file.subarray(at, at + 4));
  let channels = 0;
  let sampleRate = 0;
  for (let at = 12; at + 8 <= file.length;) {
    const size = view.getUint32(at + 4, true);
    if (name(at) === "fmt " && at + 24 <= file.length) {
      if (view.getUint16(at + 8, true) !== 1 || view.getUint16(at + 22, true) !== 16) return null;
      channels = view.getUint16(at + 10, true);
      sampleRate = view.getUint32(at + 12, true);
    }
    if (name(at) === "data" && channels > 0 && sampleRate > 0) {
      const count = Math.floor(Math.min(size, file.length - at - 8) / (2 * channels));
      const samples = new Float32Array(count);
      for (let index = 0; index < count; index++) {
        samples[index] = view.getInt16(at + 8 + index * 2 * channels, true) / 32768;
      }
      return { samples, sampleRate };
    }
    at += 8 + size + size % 2;
  }
  return null;
}

async function decodeMp3(audio: Uint8Array): Promise<Sound | null> {
  // The decoder grumbles to the console over every byte of anything else.
  if (mp3Seconds(audio) === 0) return null;
  const { MPEGDecoder } = await import("mpg123-decoder");
  const decoder = new MPEGDecoder();
  await decoder.ready;
  try {
    const { channelData: [samples], sampleRate } = decoder.decode(audio);
    return samples && samples.length > 0 ? { samples, sampleRate } : null;
  } catch {
    return null;
  } finally {
    decoder.free();
  }
}
