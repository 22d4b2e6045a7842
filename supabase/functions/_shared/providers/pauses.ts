// Silences of a recording: what captions are fitted to where a voice tells no times.

import type { Pause } from "../contracts/speech.ts";

const FRAME_S = 0.01;
/** Shorter ones are stops within words. */
const SHORTEST_S = 0.12;
/** Below the level that the loudest twentieth of the frames reaches: silence. */
const BELOW_LOUD_DB = 32;

/** Samples of one channel, -1 to 1. */
interface Sound {
  samples: Float32Array;
  sampleRate: number;
}

/** The silences of a whole file, in order; none where it cannot be read. */
export async function pausesOf(file: { audio: Uint8Array; format: "mp3" | "wav" }): Promise<Pause[]> {
  const sound = file.format === "wav" ? readWav(file.audio) : await decodeMp3(file.audio);
  return sound ? silencesOf(sound) : [];
}

/** Frames of 10 ms whose level lies far below the speech. */
export function silencesOf({ samples, sampleRate }: Sound): Pause[] {
  const long = Math.max(1, Math.round(sampleRate * FRAME_S));
  const levels = new Float64Array(Math.floor(samples.length / long));
  for (let frame = 0; frame < levels.length; frame++) {
    let sum = 0;
    for (let at = frame * long; at < (frame + 1) * long; at++) sum += (samples[at] ?? 0) ** 2;
    levels[frame] = Math.sqrt(sum / long);
  }
  const loud = levels.toSorted()[Math.floor(levels.length * 0.95)] ?? 0;
  const threshold = loud * 10 ** (-BELOW_LOUD_DB / 20);
  const pauses: Pause[] = [];
  let start = 0;
  for (let frame = 0; frame <= levels.length; frame++) {
    if (frame < levels.length && (levels[frame] ?? 0) < threshold) continue;
    if ((frame - start) * FRAME_S >= SHORTEST_S) {
      pauses.push([start * long / sampleRate, frame * long / sampleRate]);
    }
    start = frame + 1;
  }
  return pauses.map(([from, to]) => [round(from), round(to)]);
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
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
