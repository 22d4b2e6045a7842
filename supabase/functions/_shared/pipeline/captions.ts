// Captions: where the voice lies in the video, and its words in pages of two short lines.

import type { Caption, TimedWord } from "../contracts/render_spec.ts";
import type { Pause } from "../contracts/speech.ts";
import { UNSPACED } from "./written_text.ts";

const PAGE_CHARACTERS = 20;
const PAGE_WORDS = 6;
/** A silence of this length within a page begins a new one. */
const PAGE_GAP_S = 0.6;
const SHORTEST_PAGE_S = 0.1;
const MOST_TEMPO = 1.15;
/** Silence that stays behind the last word before a cut, at most. */
const CUT_TAIL_S = 0.25;
/** A cut that leaves less than this share of the time to the voice is worse than one within a sentence. */
const CUT_SHARE = 0.5;
/** A gap of this length between two words is a pause. */
const PAUSE_S = 0.1;
/** More than any width squared: a page more is the last resort. */
const PAGE_COST = 10_000;
const CLAUSE_BONUS = 60;
const CLAUSE_END = /[,;:–—、，；：،؛]$/u;
const SENTENCE_END = /[.!?。！？؟۔।។။][)"'”»]*$/u;

/** Where the words are in the video: when the voice starts, how fast it plays, where it is cut. */
export interface VoicePlacement {
  start_s: number;
  tempo: number;
  cut_at_s: number | null;
}

/** Fits a recording into the seconds that are the voice's: first faster, up to 1.15, then cut behind a word. */
export function placeVoice(
  words: TimedWord[],
  { duration_s, startS, seconds, pauses = [] }: {
    duration_s: number;
    startS: number;
    seconds: number;
    pauses?: Pause[] | undefined;
  },
): VoicePlacement {
  const needed = duration_s / seconds;
  if (needed <= 1) return { start_s: startS, tempo: 1, cut_at_s: null };
  const limit = seconds * MOST_TEMPO;
  const end = words.at(-1)?.end_s ?? duration_s;
  // Silence behind the last word needs no room.
  if (Math.min(duration_s, end + CUT_TAIL_S) <= limit) {
    const cut_at_s = end + CUT_TAIL_S < duration_s ? end + CUT_TAIL_S : null;
    return { start_s: startS, tempo: tempoFor((cut_at_s ?? duration_s) / seconds), cut_at_s };
  }
  const cut_at_s = cutBefore(limit, { words, pauses });
  return { start_s: startS, tempo: tempoFor(cut_at_s / seconds), cut_at_s };
}

function tempoFor(needed: number): number {
  return Math.min(MOST_TEMPO, Math.max(1, Math.ceil(needed * 1000) / 1000));
}

/** Behind the last whole sentence that fits, else in the last pause, else behind the last whole word. */
function cutBefore(limit: number, { words, pauses }: { words: TimedWord[]; pauses: Pause[] }): number {
  const ends = words.map((word, at) => {
    const pause = pauses.find(([from, to]) => to > word.end_s - PAUSE_S && from <= word.end_s + PAUSE_S);
    const [from, to] = pause ?? [word.end_s, words[at + 1]?.start_s ?? Infinity];
    const gap = Math.max(0, to - Math.max(from, word.end_s));
    const cut = Math.min(
      Math.max(from, word.end_s) + CUT_TAIL_S,
      pause ? (from + to) / 2 : word.end_s + gap / 2,
    );
    return { at: cut, gap, text: word.text };
  }).filter((end) => end.at <= limit);
  const enough = ends.filter((end) => end.at >= limit * CUT_SHARE);
  const best = enough.findLast((end) => SENTENCE_END.test(end.text)) ??
    enough.findLast((end) => end.gap >= PAUSE_S) ?? enough.at(-1) ?? ends.at(-1);
  return best?.at ?? limit;
}

/** Words that are said in one breath: a page ends with its sentence, and before a silence. */
function stretchesOf(words: TimedWord[]): TimedWord[][] {
  const stretches: TimedWord[][] = [];
  for (const word of words) {
    const last = stretches.at(-1)?.at(-1);
    const isNew = !last || word.start_s - last.end_s > PAGE_GAP_S || SENTENCE_END.test(last.text);
    if (isNew) stretches.push([]);
    stretches.at(-1)?.push(word);
  }
  return stretches;
}

/** As few pages as hold a stretch, alike in width, and parted behind commas where that costs little. */
function partStretch(words: TimedWord[]): TimedWord[][] {
  const best: { cost: number; from: number }[] = [{ cost: 0, from: 0 }];
  for (let to = 1; to <= words.length; to++) {
    let choice = { cost: Infinity, from: to - 1 };
    let width = 0;
    for (let from = to - 1; from >= Math.max(0, to - PAGE_WORDS); from--) {
      const word = words[from];
      const next = words[from + 1];
      const gap = from === to - 1 || (word && next && UNSPACED.test(word.text) && UNSPACED.test(next.text))
        ? 0
        : 1;
      width += gap + widthOf(word?.text ?? "");
      if (width > PAGE_CHARACTERS && from < to - 1) break;
      const isClause = to < words.length && CLAUSE_END.test(words[to - 1]?.text ?? "");
      const cost = (best[from]?.cost ?? Infinity) + PAGE_COST + width ** 2 - (isClause ? CLAUSE_BONUS : 0);
      if (cost < choice.cost) choice = { cost, from };
    }
    best.push(choice);
  }
  const pages: TimedWord[][] = [];
  for (let to = words.length; to > 0; to = best[to]?.from ?? 0) {
    pages.unshift(words.slice(best[to]?.from ?? 0, to));
  }
  return pages;
}

/** Characters, those of scripts that are as wide as high counted as more. */
function widthOf(text: string): number {
  return [...text].reduce((sum, sign) => sum + (UNSPACED.test(sign) ? 1.6 : 1), 0);
}

/** Pages in video time. A page stays until the next begins when that is soon; the last one ends with the voice. */
export function captionPages(words: TimedWord[], placement: VoicePlacement): Caption[] {
  const kept = placement.cut_at_s === null
    ? words
    : words.filter((word) => word.end_s <= (placement.cut_at_s ?? 0) + 0.001);
  const inVideo = (second: number) =>
    Math.round((placement.start_s + second / placement.tempo) * 1000) / 1000;
  const pages = stretchesOf(kept).flatMap(partStretch).map((page) =>
    page.map((word) => ({ ...word, start_s: inVideo(word.start_s), end_s: inVideo(word.end_s) }))
  );
  return pages.map((page, at) => {
    const start_s = page[0]?.start_s ?? 0;
    const end_s = page.at(-1)?.end_s ?? start_s;
    const next = pages[at + 1]?.[0]?.start_s;
    const until = next !== undefined && next - end_s < PAGE_GAP_S ? next : end_s;
    return { start_s, end_s: Math.max(until, start_s + SHORTEST_PAGE_S), words: page };
  });
}
