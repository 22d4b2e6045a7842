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

/** Pages in video time. A page stays until the next begins when that is soon; the last one ends with the voice. */
export function captionPages(words: TimedWord[], placement: VoicePlacement): Caption[] {
  const kept = placement.cut_at_s === null
    ? words
    : words.filter((word) => word.end_s <= (placement.cut_at_s ?? 0) + 0.001);
  const inVideo = (second: number) =>
    Math.round((placement.start_s + second / placement.tempo) * 1000) / 1000;
  const pages: TimedWord[][] = [];
  let width = 0;
  for (const word of kept) {
    const page = pages.at(-1);
    const last = page?.at(-1);
    const wide = [...word.text].reduce((sum, sign) => sum + (UNSPACED.test(sign) ? 1.6 : 1), 0);
    const full = !page || !last || page.length >= PAGE_WORDS || width + 1 + wide > PAGE_CHARACTERS ||
      word.start_s - last.end_s > PAGE_GAP_S || SENTENCE_END.test(last.text);
    if (full) pages.push([]);
    width = full ? wide : width + wide + (UNSPACED.test(word.text) ? 0 : 1);
    pages.at(-1)?.push({ ...word, start_s: inVideo(word.start_s), end_s: inVideo(word.end_s) });
  }
  return pages.map((page, at) => {
    const start_s = page[0]?.start_s ?? 0;
    const end_s = page.at(-1)?.end_s ?? start_s;
    const next = pages[at + 1]?.[0]?.start_s;
    const until = next !== undefined && next - end_s < PAGE_GAP_S ? next : end_s;
    return { start_s, end_s: Math.max(until, start_s + SHORTEST_PAGE_S), words: page };
  });
}
