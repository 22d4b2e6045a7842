// Captions: the text as written, at the times at which the voice says it, in pages of two short lines.

import type { Caption, TimedWord } from "../contracts/render_spec.ts";
import type { SpokenWord } from "../contracts/speech.ts";
import { pauseSeconds, safeLocale, tokenSeconds } from "./speaking_time.ts";

const PAGE_CHARACTERS = 20;
const PAGE_WORDS = 6;
/** A silence of this length within a page begins a new one. */
const PAGE_GAP_S = 0.6;
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** A token of the written text and the span of the spoken text that says it. */
interface Token {
  text: string;
  from: number;
  to: number;
}

export interface WrittenText {
  /** What the voice is given. */
  spoken: string;
  tokens: Token[];
}

/** Parts the written text into tokens and makes the spoken text from it, knowing which part says which token. */
export function toSpoken(
  written: string,
  { replacements, language }: { replacements: [string, string][]; language: string },
): WrittenText {
  let spoken = "";
  const tokens: Token[] = [];
  let rest = written;
  while (rest !== "") {
    const next = nextReplacement(rest, replacements);
    const head = rest.slice(0, next?.at ?? rest.length);
    for (const token of tokensOf(head, language)) {
      tokens.push({
        text: token.text,
        from: spoken.length + token.at,
        to: spoken.length + token.at + token.text.length,
      });
    }
    spoken += head;
    if (!next) break;
    // The tokens of a price share the time of its spoken form by their lengths.
    const parts = tokensOf(next.written, language);
    for (const part of parts) {
      const scale = next.spoken.length / next.written.length;
      const from = spoken.length + Math.round(part.at * scale);
      tokens.push({
        text: part.text,
        from,
        to: spoken.length + Math.round((part.at + part.text.length) * scale),
      });
    }
    spoken += next.spoken;
    rest = rest.slice(next.at + next.written.length);
  }
  return { spoken, tokens: joinFragments(tokens, written) };
}

function nextReplacement(text: string, replacements: [string, string][]) {
  let best: { at: number; written: string; spoken: string } | null = null;
  for (const [written, spoken] of replacements) {
    let at = text.indexOf(written);
    // Never inside a longer number.
    while (
      at >= 0 && (/\d[.,]?$/.test(text.slice(0, at)) || /^[.,]?\d/.test(text.slice(at + written.length)))
    ) {
      at = text.indexOf(written, at + 1);
    }
    if (at >= 0 && (best === null || at < best.at)) best = { at, written, spoken };
  }
  return best;
}

/** Words between spaces; runs of Han and kana are parted at their words. */
function tokensOf(text: string, language: string): { text: string; at: number }[] {
  const tokens: { text: string; at: number }[] = [];
  for (const match of text.matchAll(/\S+/gu)) {
    if (!CJK.test(match[0])) {
      tokens.push({ text: match[0], at: match.index });
      continue;
    }
    for (
      const { segment, index } of new Intl.Segmenter(safeLocale(language), { granularity: "word" }).segment(
        match[0],
      )
    ) {
      tokens.push({ text: segment, at: match.index + index });
    }
  }
  return tokens;
}

/** What holds no letter or digit ("." behind a price, "–", "---") goes to the token before it, or nowhere. */
function joinFragments(tokens: Token[], written: string): Token[] {
  const joined: Token[] = [];
  for (const token of tokens) {
    const last = joined.at(-1);
    if (/[\p{L}\p{N}]/u.test(token.text)) joined.push({ ...token });
    else if (last && written.includes(last.text + token.text)) last.text += token.text;
  }
  return joined.map((token) => ({ ...token, text: token.text.slice(0, 200) }));
}

/** Each written token with the seconds of the recording at which it is said. */
export function timeTokens(
  text: WrittenText,
  recording: { words: SpokenWord[]; duration_s: number; language: string },
): TimedWord[] {
  const anchors = anchorsOf(text.spoken, recording.words);
  if (anchors.length < 2) return estimate(text, recording);
  const end = recording.duration_s;
  let before = 0;
  return text.tokens.map((token) => {
    const start = Math.max(before, Math.min(timeAt(anchors, token.from, "start"), end));
    before = Math.max(start, Math.min(timeAt(anchors, token.to, "end"), end));
    return { text: token.text, start_s: start, end_s: before };
  });
}

interface Anchor {
  at: number;
  time: number;
}

/** Where the provider's words stand in the spoken text, with their times. Words that it names otherwise are skipped. */
function anchorsOf(spoken: string, words: SpokenWord[]): Anchor[] {
  const lower = [...spoken].length === spoken.length ? spoken.toLowerCase() : spoken;
  const haystack = lower.length === spoken.length ? lower : spoken;
  const anchors: Anchor[] = [];
  let cursor = 0;
  let time = 0;
  for (const word of words) {
    const needle = word.text.toLowerCase().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
    if (needle === "" || word.end_s < word.start_s || word.start_s < time - 0.001) continue;
    const at = haystack.indexOf(needle, cursor);
    if (at < 0 || at - cursor > 60) continue;
    anchors.push({ at, time: word.start_s }, { at: at + needle.length, time: word.end_s });
    cursor = at + needle.length;
    time = word.end_s;
  }
  return anchors;
}

/** The time at a place of the text: at an anchor its own, between two anchors in proportion. */
function timeAt(anchors: Anchor[], place: number, side: "start" | "end"): number {
  // At one place a word may end and the next begin: a start takes the later, an end the earlier.
  const after = side === "end"
    ? anchors.findIndex((anchor) => anchor.at >= place)
    : anchors.findLastIndex((anchor) => anchor.at <= place);
  const anchor = anchors[after];
  if (anchor?.at === place) return anchor.time;
  const left = side === "end" ? anchors[(after < 0 ? anchors.length : after) - 1] : anchor;
  const right = side === "end" ? anchor : anchors[after + 1];
  if (!left) return right?.time ?? 0;
  if (!right) return left.time;
  return left.time + ((place - left.at) / Math.max(1, right.at - left.at)) * (right.time - left.time);
}

/** Without timings: syllables and pauses, stretched to the recording's length. */
function estimate(text: WrittenText, recording: { duration_s: number; language: string }): TimedWord[] {
  const spans = text.tokens.map((token) => {
    const said = text.spoken.slice(token.from, token.to);
    return {
      token,
      long: Math.max(0.08, tokenSeconds(said, recording.language)),
      pause: pauseSeconds(token.text),
    };
  });
  const last = spans.at(-1);
  const total = spans.reduce((sum, span) => sum + span.long + span.pause, 0) - (last?.pause ?? 0);
  const scale = total > 0 ? recording.duration_s / total : 0;
  let at = 0;
  return spans.map(({ token, long, pause }) => {
    const start_s = at * scale;
    const end_s = (at + long) * scale;
    at += long + pause;
    return { text: token.text, start_s, end_s };
  });
}

/** Where the words are in the video: when the voice starts, how fast it plays, where it is cut. */
export interface VoicePlacement {
  start_s: number;
  tempo: number;
  cut_at_s: number | null;
}

/** Fits a recording into the seconds that are the voice's: first faster, up to 1.15, then cut at a sentence's end. */
export function placeVoice(
  words: TimedWord[],
  { duration_s, startS, seconds }: { duration_s: number; startS: number; seconds: number },
): VoicePlacement {
  const needed = duration_s / seconds;
  if (needed <= 1) return { start_s: startS, tempo: 1, cut_at_s: null };
  if (needed <= 1.15) return { start_s: startS, tempo: Math.ceil(needed * 1000) / 1000, cut_at_s: null };
  const fits = (word: TimedWord) => word.end_s <= seconds * 1.15;
  const sentence = words.findLastIndex((word, at) =>
    fits(word) && (at === words.length - 1 || /[.!?。！？][)"'”»]*$/u.test(word.text))
  );
  // No sentence ends in time: behind the last whole word.
  const last = sentence >= 0 ? sentence : words.findLastIndex(fits);
  const word = words[last];
  if (!word) return { start_s: startS, tempo: 1.15, cut_at_s: seconds * 1.15 };
  const next = words[last + 1]?.start_s ?? duration_s;
  const cut_at_s = Math.min(word.end_s + Math.min(0.25, Math.max(0, next - word.end_s) / 2), seconds * 1.15);
  return {
    start_s: startS,
    tempo: Math.min(1.15, Math.max(1, Math.ceil(cut_at_s / seconds * 1000) / 1000)),
    cut_at_s,
  };
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
    const wide = [...word.text].reduce((sum, sign) => sum + (CJK.test(sign) ? 1.6 : 1), 0);
    const full = !page || !last || page.length >= PAGE_WORDS || width + 1 + wide > PAGE_CHARACTERS ||
      word.start_s - last.end_s > PAGE_GAP_S || /[.!?。！？][)"'”»]*$/u.test(last.text);
    if (full) pages.push([]);
    width = full ? wide : width + wide + (CJK.test(word.text) ? 0 : 1);
    pages.at(-1)?.push({ text: word.text, start_s: inVideo(word.start_s), end_s: inVideo(word.end_s) });
  }
  return pages.map((page, at) => {
    const start_s = page[0]?.start_s ?? 0;
    const end_s = page.at(-1)?.end_s ?? start_s;
    const next = pages[at + 1]?.[0]?.start_s;
    return { start_s, end_s: next !== undefined && next - end_s < PAGE_GAP_S ? next : end_s, words: page };
  });
}
