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

/** What a voice's timings tell of the tokens. */
interface Told {
  /** Null where too little of a token was found. */
  spans: (Span | null)[];
  /** Of such tokens the first in a row: when the words that nobody claimed begin, which say it otherwise. */
  starts: Map<number, number>;
}

/** Each written token with the seconds of the recording at which it is said. */
export function timeTokens(text: WrittenText, recording: Recording): TimedWord[] {
  const told = usableSpans(text, recording);
  if (!told) {
    return estimateTimes(text, recording).map((word, at) => ({ ...word, ...shown(text.tokens[at] ?? word) }));
  }
  const filled = fillGaps(text, { ...told, recording });
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
): Told | null {
  const told = spansOf(text, words);
  const { spans } = told;
  const found = spans.filter((span) => span !== null);
  const starts = new Set(found.map((span) => span.start.toFixed(3)));
  const reach = Math.max(0, ...found.map((span) => span.end));
  const isUsable = found.length > 0 && found.length >= spans.length * FOUND_SHARE &&
    starts.size >= found.length * DISTINCT_SHARE && reach >= duration_s * REACH_SHARE;
  return isUsable ? told : null;
}

/** A letter or digit, folded, with the seconds of its part of a word, and which word that is. */
interface Letter {
  sign: string;
  from: number;
  to: number;
  word: number;
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
  return words.flatMap((word, place) => {
    const letters = lettersOf(word.text);
    const long = (word.end_s - word.start_s) / letters.length;
    return letters.map(({ sign }, index) => ({
      sign,
      from: word.start_s + long * index,
      to: word.start_s + long * (index + 1),
      word: place,
    }));
  });
}

/** By token: from its first to its last letter that the voice timed; null where too few were. */
function spansOf(text: WrittenText, words: SpokenWord[]): Told {
  const spoken = lettersOf(text.spoken);
  const timed = timedLetters(words);
  const starts: Told["starts"] = new Map();
  if (timed.length === 0 || spoken.length * timed.length > MOST_CELLS) {
    return { spans: text.tokens.map(() => null), starts };
  }
  const pairs = align(spoken.map((letter) => letter.sign), timed.map((letter) => letter.sign));
  let next = 0;
  let last = -1;
  let isTold = true;
  const spans = text.tokens.map((token, index) => {
    let letters = 0;
    const found: number[] = [];
    let isLed = false;
    for (; next < spoken.length && (spoken[next]?.at ?? 0) < token.to; next++) {
      if ((spoken[next]?.at ?? 0) < token.from) continue;
      letters++;
      const pair = pairs[next] ?? -1;
      if (pair >= 0) found.push(pair);
      else if (found.length === 0) isLed = true;
    }
    const [first, end] = [timed[found[0] ?? -1], timed[found.at(-1) ?? -1]];
    let span = first && end && found.length >= letters * FOUND_SHARE
      ? { start: first.from, end: end.to }
      : null;
    const before = timed[last]?.word ?? -1;
    const unclaimed = timed.slice(last + 1, found[0]).find((letter) => letter.word > before);
    if (span && first && isLed && unclaimed && unclaimed.word !== first.word) {
      // "49,99 Euro" that is said "neunundvierzig Euro …": words of nobody before what was found are its figures, where
      // they are not the token's before it too.
      span = isTold ? { ...span, start: unclaimed.from } : null;
    }
    if (!span && isTold && unclaimed) starts.set(index, unclaimed.from);
    isTold = span !== null;
    last = found.at(-1) ?? last;
    return span;
  });
  return { spans, starts };
}

/** What a pair is worth more that stands right behind another: letters of one word, not of two. */
const NEXT_TO = 0.5;
const [PAIR, SKIP_A, SKIP_B] = [1, 2, 3];
/** The pair behind this one is taken with it. */
const RUNS_ON = 4;

/**
 * For each of `a` the place in `b` that it stands for, or -1: as many pairs in order as there can be, those side by side
 * before others. "100%" that is said "100 percent" takes no letter of the "cotton" behind it, nor lends it one.
 */
function align(a: string[], b: string[]): Int32Array {
  const width = b.length + 1;
  const steps = new Uint8Array((a.length + 1) * width);
  let best = new Float32Array(width);
  let paired = new Float32Array(width);
  for (let i = a.length - 1; i >= 0; i--) {
    const bestHere = new Float32Array(width);
    const pairedHere = new Float32Array(width);
    for (let j = b.length - 1; j >= 0; j--) {
      const alone = best[j + 1] ?? 0;
      const run = paired[j + 1] ? (paired[j + 1] ?? 0) + NEXT_TO : 0;
      const pair = a[i] === b[j] ? 1 + Math.max(alone, run) : 0;
      const skipA = best[j] ?? 0;
      const skipB = bestHere[j + 1] ?? 0;
      pairedHere[j] = pair;
      bestHere[j] = Math.max(pair, skipA, skipB);
      const step = pair > 0 && pair >= skipA && pair >= skipB ? PAIR : skipA >= skipB ? SKIP_A : SKIP_B;
      steps[i * width + j] = (step ?? 0) + (pair > 0 && run > alone ? RUNS_ON : 0);
    }
    [best, paired] = [bestHere, pairedHere];
  }
  const pairs = new Int32Array(a.length).fill(-1);
  let mustPair = false;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const cell = steps[i * width + j] ?? 0;
    const step = cell % RUNS_ON;
    if (mustPair || step === PAIR) {
      mustPair = cell >= RUNS_ON;
      pairs[i++] = j++;
    } else if (step === SKIP_A) i++;
    else j++;
  }
  return pairs;
}

/** Tokens that the voice named otherwise ("&" as "and") share the time between their neighbours. */
function fillGaps(
  text: WrittenText,
  { spans, starts, recording }: Told & { recording: Recording },
): (Span | null)[] {
  const filled = [...spans];
  for (let at = 0; at < filled.length; at++) {
    if (filled[at]) continue;
    let end = at;
    while (end < filled.length && !filled[end]) end++;
    let first = at;
    const to = Math.max(filled[at - 1]?.end ?? 0, filled[end]?.start ?? recording.duration_s);
    const told = starts.get(at) ?? 0;
    let from = Math.max(filled[at - 1]?.end ?? 0, told < to - SHORTEST_S ? told : 0);
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
