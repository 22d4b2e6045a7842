// When each token is said by a voice that tells no times: syllables and signs, fitted to the silences of the recording.

import type { TimedWord } from "../contracts/render_spec.ts";
import type { Pause } from "../contracts/speech.ts";
import { pauseSeconds, tokenSeconds, wordWeight } from "./speaking_time.ts";
import type { WrittenText } from "./written_text.ts";

const SHORTEST_TOKEN_S = 0.08;
/** Silences that a stretch of tokens may run over at most: stops within a word look like short pauses. */
const MOST_JOINED = 3;
/** What it costs, against the misfit of lengths: a pause where nothing is written that makes one, … */
const BREAK_AT_NOTHING = 1.2;
const BREAK_AT_COMMA = 0.15;
/** … and more where that pause is as long as those between sentences, or the other way round, … */
const LONG_PAUSE_S = 0.32;
const UNLIKE_PAUSE_S = 0.15;
/** … no pause at the end of a sentence, or at a comma, … */
const NO_BREAK_AT_SENTENCE = 4;
const NO_BREAK_AT_COMMA = 0.3;
/** … a silence that is run over, by the square of its length over this. */
const JOINED_PAUSE_S = 0.22;

interface Weighed {
  text: string;
  /** Seconds that it is thought to take. */
  long: number;
  /** Seconds of silence that its last sign makes. */
  pause: number;
}

interface Stretch {
  start: number;
  end: number;
}

/** Times by syllables, each run of tokens between two pauses stretched to the sound between them. */
export function estimateTimes(
  text: WrittenText,
  recording: { duration_s: number; language: string; pauses?: Pause[] | undefined },
): TimedWord[] {
  const long = lengthsOf(text, recording.language);
  const tokens = text.tokens.map((token, at) => ({
    text: token.text,
    long: Math.max(SHORTEST_TOKEN_S, long[at] ?? 0),
    pause: pauseSeconds(token.text),
  }));
  if (tokens.length === 0) return [];
  const sounds = soundsOf(recording);
  if (!recording.pauses?.length || sounds.length === 0) {
    return spread(tokens, { sounds: [{ start: 0, end: recording.duration_s }], withPauses: true });
  }
  return sounds.length === 1 ? spread(tokens, { sounds }) : fit(tokens, sounds);
}

/** Seconds of each token: words share by their letters what they take together by their syllables. */
function lengthsOf(text: WrittenText, language: string): number[] {
  const spoken = text.tokens.map((token) => text.spoken.slice(token.from, token.to));
  const seconds = spoken.map((token) => tokenSeconds(token, language));
  const weights = spoken.map((token) => wordWeight(token, language));
  const sum = (values: (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const scale = sum(seconds.map((value, at) => weights[at] === null ? null : value)) /
    Math.max(1, sum(weights));
  return seconds.map((value, at) => weights[at] === null ? value : (weights[at] ?? 0) * scale);
}

/** What is left of the recording between its pauses. */
function soundsOf({ duration_s, pauses }: { duration_s: number; pauses?: Pause[] | undefined }): Stretch[] {
  const sounds: Stretch[] = [];
  let start = 0;
  for (const [from, to] of [...(pauses ?? []), [duration_s, duration_s] as Pause]) {
    if (from - start > 0.02) sounds.push({ start, end: from });
    start = Math.max(start, to);
  }
  return sounds;
}

/** Tokens over sounds, by their lengths; where no silence is known the pauses of their signs take time too. */
function spread(
  tokens: Weighed[],
  { sounds, withPauses = false }: { sounds: Stretch[]; withPauses?: boolean },
): TimedWord[] {
  const total = tokens.reduce(
    (sum, token, at) => sum + token.long + (withPauses && at < tokens.length - 1 ? token.pause : 0),
    0,
  );
  const sound = sounds.reduce((sum, { start, end }) => sum + end - start, 0);
  const scale = sound / total;
  let at = 0;
  return tokens.map((token) => {
    const start_s = placeOf(at * scale, { sounds, side: "start" });
    const end_s = placeOf((at + token.long) * scale, { sounds, side: "end" });
    at += token.long + (withPauses ? token.pause : 0);
    return { text: token.text, start_s, end_s: Math.max(start_s, end_s) };
  });
}

/** The moment at which so much sound was heard. */
function placeOf(heard: number, { sounds, side }: { sounds: Stretch[]; side: "start" | "end" }): number {
  let rest = heard;
  for (const [index, { start, end }] of sounds.entries()) {
    const long = end - start;
    const isHere = side === "end" ? rest <= long + 1e-6 : rest < long - 1e-6;
    if (isHere || index === sounds.length - 1) return Math.min(end, start + rest);
    rest -= long;
  }
  return heard;
}

/** The cheapest way to part the tokens among the sounds, in order. */
function fit(tokens: Weighed[], sounds: Stretch[]): TimedWord[] {
  const long = (from: number, to: number) =>
    tokens.slice(from, to).reduce((sum, token) => sum + token.long, 0);
  const heard = sounds.reduce((sum, { start, end }) => sum + end - start, 0);
  const rate = heard / long(0, tokens.length);
  const width = sounds.length + 1;
  const cost = new Float64Array((tokens.length + 1) * width).fill(Infinity);
  const from = new Int32Array((tokens.length + 1) * width).fill(-1);
  cost[0] = 0;
  for (let i = 0; i < tokens.length; i++) {
    for (let j = 0; j < sounds.length; j++) {
      const base = cost[i * width + j] ?? Infinity;
      if (base === Infinity) continue;
      let sound = 0;
      let joined = 0;
      for (let l = j; l < Math.min(sounds.length, j + 1 + MOST_JOINED); l++) {
        sound += (sounds[l]?.end ?? 0) - (sounds[l]?.start ?? 0);
        if (l > j) joined += (((sounds[l]?.start ?? 0) - (sounds[l - 1]?.end ?? 0)) / JOINED_PAUSE_S) ** 2;
        // Nothing that long is said in that time.
        let said = 0;
        let missed = 0;
        for (let k = i; k < tokens.length && said * rate < sound * 2.5 + 1; k++) {
          const token = tokens[k];
          said += (token?.long ?? 0) * rate;
          const misfit = (sound - said) ** 2 / (0.12 * said + 0.03);
          const silent = (sounds[l + 1]?.start ?? Infinity) - (sounds[l]?.end ?? 0);
          const total = base + misfit + joined + missed + breakCost(token, silent);
          const cell = (k + 1) * width + l + 1;
          if (total < (cost[cell] ?? Infinity)) {
            cost[cell] = total;
            from[cell] = i * width + j;
          }
          missed += missedCost(token);
        }
      }
    }
  }
  return trace(tokens, { sounds, from });
}

/** Of a pause of that length behind this token; infinite behind the last one. */
function breakCost(token: Weighed | undefined, silent: number): number {
  if (silent === Infinity) return 0;
  const signPause = token?.pause ?? 0;
  if (signPause > 0.3) return Math.max(0, (LONG_PAUSE_S / 2 - silent) / UNLIKE_PAUSE_S) ** 2;
  const tooLong = Math.max(0, (silent - LONG_PAUSE_S) / UNLIKE_PAUSE_S) ** 2;
  return (signPause > 0 ? BREAK_AT_COMMA : BREAK_AT_NOTHING) + tooLong;
}

function missedCost(token: Weighed | undefined): number {
  const pause = token?.pause ?? 0;
  return pause > 0.3 ? NO_BREAK_AT_SENTENCE : pause > 0 ? NO_BREAK_AT_COMMA : 0;
}

function trace(
  tokens: Weighed[],
  { sounds, from }: { sounds: Stretch[]; from: Int32Array },
): TimedWord[] {
  const width = sounds.length + 1;
  const parts: TimedWord[][] = [];
  let cell = tokens.length * width + sounds.length;
  // More pauses than could be explained: the whole over the whole sound.
  if ((from[cell] ?? -1) < 0) return spread(tokens, { sounds });
  while (cell > 0) {
    const before = from[cell] ?? 0;
    const part = tokens.slice(Math.floor(before / width), Math.floor(cell / width));
    const heard = sounds.slice(before % width, cell % width);
    parts.unshift(spread(part, { sounds: heard }));
    cell = before;
  }
  return parts.flat();
}
