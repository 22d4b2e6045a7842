// Silences of a recording: what captions are fitted to where a voice tells no times.

import type { Pause } from "../contracts/speech.ts";
import { FRAME_S, frameSamples, levelsOf, type Sound } from "./sound.ts";

/** Shorter ones are stops within words. */
const SHORTEST_S = 0.12;
/** Below the level that the loudest twentieth of the frames reaches: silence. */
const BELOW_LOUD_DB = 32;

/** Frames of 10 ms whose level lies far below the speech. */
export function silencesOf(sound: Sound): Pause[] {
  const { sampleRate } = sound;
  const long = frameSamples(sampleRate);
  const levels = levelsOf(sound);
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
