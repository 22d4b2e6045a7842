// When each written token is said: by the voice's own timings, laid letter by letter against the spoken text.

import type { TimedWord } from "../contracts/render_spec.ts";
import type { Pause, SpokenWord } from "../contracts/speech.ts";
import { estimateTimes } from "./estimated_times.ts";
import { tokenSeconds } from "./speaking_time.ts";
import type { Token, WrittenText } from "./written_text.ts";

/** What is known of a recording's times. */
export interface Recording {
  words: SpokenWord[];
  /** Silences; where there are no usable words the estimate is fitted to them. */
  pauses?: Pause[] | undefined;
  duration_s: number;
  language: string;
}

/** Beyond this the alignment would take too much time: no text that fits a video comes near. */
const MOST_CELLS = 9_000_000;
/** A token whose letters are found to this share is where they are. */
const FOUND_SHARE = 0.5;
/** Of the tokens that are found this share begins at a time of its own, … */
const DISTINCT_SHARE = 0.7;
/** … and the last one ends behind this share of the recording. */
const REACH_SHARE = 0.4;
const SHORTEST_S = 0.04;

interface Span {
  start: number;
  end: number;
}

/** Each written token with the seconds of the recording at which it is said. */
export function timeTokens(text: WrittenText, recording: Recording): TimedWord[] {
  const spans = usableSpans(text, recording);
  if (!spans) {
    return estimateTimes(text, recording).map((word, at) => ({ ...word, ...shown(text.tokens[at] ?? word) }));
  }
  const filled = fillGaps(text, { spans, recording });
  let before = 0;
  return text.tokens.map((token, at) => {
    const span = filled[at] ?? { start: before, end: before };
    const start_s = Math.max(before, Math.min(span.start, recording.duration_s));
    before = Math.max(start_s, Math.min(span.end, recording.duration_s));
    return { ...shown(token), start_s, end_s: before };
  });
}

function shown({ text, spaced }: Pick<Token, "text" | "spaced">): Pick<TimedWord, "text" | "spaced"> {
  return spaced === undefined ? { text } : { text, spaced };
}

/** Whether a voice's timings tell where most of the text is: some send none, all zeros, or those of half the text. */
export function hasUsableTimes(
  text: WrittenText,
  recording: Pick<Recording, "words" | "duration_s">,
): boolean {
  return usableSpans(text, recording) !== null;
}

function usableSpans(
  text: WrittenText,
  { words, duration_s }: Pick<Recording, "words" | "duration_s">,
): (Span | null)[] | null {
  const spans = spansOf(text, words);
  const found = spans.filter((span) => span !== null);
  const starts = new Set(found.map((span) => span.start.toFixed(3)));
  const reach = Math.max(0, ...found.map((span) => span.end));
  const isUsable = found.length > 0 && found.length >= spans.length * FOUND_SHARE &&
    starts.size >= found.length * DISTINCT_SHARE && reach >= duration_s * REACH_SHARE;
  return isUsable ? spans : null;
}

/** A letter or digit, folded, and where it stands: a place in the text, or the seconds of its part of a word. */
interface Letter {
  sign: string;
  from: number;
  to: number;
}

function lettersOf(text: string): { sign: string; at: number }[] {
  const letters: { sign: string; at: number }[] = [];
  let at = 0;
  for (const character of text) {
    for (const sign of character.normalize("NFKD").toLowerCase()) {
      if (/[\p{L}\p{N}]/u.test(sign)) letters.push({ sign, at });
    }
    at += character.length;
  }
  return letters;
}

function timedLetters(words: SpokenWord[]): Letter[] {
  return words.flatMap((word) => {
    const letters = lettersOf(word.text);
    const long = (word.end_s - word.start_s) / letters.length;
    return letters.map(({ sign }, index) => ({
      sign,
      from: word.start_s + long * index,
      to: word.start_s + long * (index + 1),
    }));
  });
}

/** By token: from its first to its last letter that the voice timed; null where too few were. */
function spansOf(text: WrittenText, words: SpokenWord[]): (Span | null)[] {
  const spoken = lettersOf(text.spoken);
  const timed = timedLetters(words);
  if (timed.length === 0 || spoken.length * timed.length > MOST_CELLS) return text.tokens.map(() => null);
  const pairs = align(spoken.map((letter) => letter.sign), timed.map((letter) => letter.sign));
  let next = 0;
  return text.tokens.map((token) => {
    let letters = 0;
    let found = 0;
    let start: number | null = null;
    let end = 0;
    for (; next < spoken.length && (spoken[next]?.at ?? 0) < token.to; next++) {
      if ((spoken[next]?.at ?? 0) < token.from) continue;
      letters++;
      const letter = timed[pairs[next] ?? -1];
      if (!letter) continue;
      found++;
      start ??= letter.from;
      end = letter.to;
    }
    return start !== null && found >= letters * FOUND_SHARE ? { start, end } : null;
  });
}

/** For each of `a` the place in `b` that it stands for, or -1: as many pairs in order as there can be. */
function align(a: string[], b: string[]): Int32Array {
  const width = b.length + 1;
  const steps = new Uint8Array((a.length + 1) * width);
  let row = new Uint32Array(width);
  for (let i = a.length - 1; i >= 0; i--) {
    const above = new Uint32Array(width);
    for (let j = b.length - 1; j >= 0; j--) {
      const both = a[i] === b[j] ? (row[j + 1] ?? 0) + 1 : 0;
      const skipA = row[j] ?? 0;
      const skipB = above[j + 1] ?? 0;
      const best = Math.max(both, skipA, skipB);
      above[j] = best;
      steps[i * width + j] = both === best && both > 0 ? 0 : best === skipA ? 1 : 2;
    }
    row = above;
  }
  const pairs = new Int32Array(a.length).fill(-1);
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const step = steps[i * width + j];
    if (step === 0) pairs[i++] = j++;
    else if (step === 1) i++;
    else j++;
  }
  return pairs;
}

/** Tokens that the voice named otherwise ("&" as "and") share the time between their neighbours. */
function fillGaps(
  text: WrittenText,
  { spans, recording }: { spans: (Span | null)[]; recording: Recording },
): (Span | null)[] {
  const filled = [...spans];
  for (let at = 0; at < filled.length; at++) {
    if (filled[at]) continue;
    let end = at;
    while (end < filled.length && !filled[end]) end++;
    let first = at;
    let from = filled[at - 1]?.end ?? 0;
    const to = Math.max(from, filled[end]?.start ?? recording.duration_s);
    const before = filled[at - 1];
    if (before && to - from < SHORTEST_S * (end - at)) {
      // No time is left between them: the token before gives some of its own.
      from = before.start;
      first = at - 1;
    }
    const weights = text.tokens.slice(first, end)
      .map((token) =>
        Math.max(0.05, tokenSeconds(text.spoken.slice(token.from, token.to), recording.language))
      );
    const scale = (to - from) / weights.reduce((sum, weight) => sum + weight, 0);
    for (const [index, weight] of weights.entries()) {
      filled[first + index] = { start: from, end: from + weight * scale };
      from += weight * scale;
    }
    at = end;
  }
  return filled;
}
