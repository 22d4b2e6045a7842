// A recording that came: whether anything can be heard of it, and where it is silent.

import type { Pause, SpokenWord } from "../contracts/speech.ts";
import { endsWithinFrame } from "./mp3.ts";
import { silencesOf } from "./pauses.ts";
import { levelsOf, soundOf } from "./sound.ts";

/** What is never louder than this, over 10 ms, is silence: -60 dB. */
const AUDIBLE = 0.001;
/** Speech that is encoded too hot goes a little over 1; bytes that are no sound go over it by far. */
const MOST_AMPLITUDE = 4;
/** What is decoded of a whole file is about as long as its headers say. */
const READABLE_SHARE = 0.9;
/** Words that end so long behind the audio's end: the audio was cut off. */
const CUT_OFF_S = 0.5;

/** No text that fits a minute takes longer; decoded, more would not fit an isolate's memory. */
const LONGEST_S = 180;

/** 48 kHz, two channels of 16 bits. */
const MOST_BYTES_PER_S = 192_000;

/** What a provider sent. */
export interface Recording {
  audio: Uint8Array;
  format: "mp3" | "wav";
  duration_s: number;
  words: SpokenWord[];
}

/**
 * Listens to a whole recording before money and time go into its video. Throws where it is cut off, silent or no sound;
 * decoding half a minute takes 30 ms. Its silences are the answer.
 */
export async function listenTo({ audio, format, duration_s, words }: Recording): Promise<Pause[]> {
  if (!(duration_s >= 0.1)) throw new Error(`${audio.length} bytes are no speech`);
  if (duration_s > LONGEST_S || audio.length > LONGEST_S * MOST_BYTES_PER_S) {
    throw new Error(`${audio.length} bytes of ${duration_s} s are more than any script`);
  }
  const lastEnd = words.at(-1)?.end_s ?? 0;
  if (lastEnd > duration_s + CUT_OFF_S) throw new Error(`audio of ${duration_s} s for words of ${lastEnd} s`);
  const sound = await soundOf({ audio, format });
  const seconds = sound ? sound.samples.length / sound.sampleRate : 0;
  if (!sound || seconds < duration_s * READABLE_SHARE) {
    throw new Error(`${seconds} s of ${duration_s} s can be decoded`);
  }
  const levels = levelsOf(sound);
  // `Math.max` keeps what is not a number: the decoder made that of nonsense.
  const loudest = levels.reduce((most, level) => Math.max(most, level), 0);
  if (!(loudest <= MOST_AMPLITUDE)) throw new Error("bytes that are no sound");
  if (loudest < AUDIBLE) throw new Error("nothing but silence");
  // Where no words tell it: a voice falls silent at its end, and its file ends with a whole frame.
  const isLoudToTheEnd = levels.slice(-3).some((level) => level > loudest / 10);
  if (words.length === 0 && format === "mp3" && isLoudToTheEnd && endsWithinFrame(audio)) {
    throw new Error("it breaks off");
  }
  return silencesOf(sound);
}
