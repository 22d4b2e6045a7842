// How long a text takes to say, before any voice has said it: syllables, digits, pauses, by language.

import { baseLanguage } from "../money.ts";

/** Syllables a second of an unhurried read-aloud voice. */
const SYLLABLES_PER_S: Record<string, number> = {
  en: 4.1,
  de: 4.6,
  nl: 4.7,
  fr: 5.3,
  es: 5.9,
  it: 5.7,
  pt: 5.4,
  ro: 5.2,
  pl: 4.7,
  hu: 4.9,
  cs: 5.3,
  sk: 5.3,
  ru: 5.1,
  uk: 5.1,
  bg: 5.1,
  el: 5.7,
  tr: 5.6,
  sv: 4.8,
  da: 4.8,
  nb: 4.8,
  no: 4.8,
  fi: 5.6,
  ar: 4.8,
  he: 4.9,
  ja: 6.6,
  ko: 5.6,
  zh: 4.5,
  hi: 5.2,
}; // deno-fmt-ignore
const DEFAULT_SYLLABLES_PER_S = 4.8;
/** Syllables of a digit of a price, its words for hundreds, tens and the comma shared out; by the offline voices. */
const DIGIT_SYLLABLES: Record<string, number> = {
  en: 2.4,
  ro: 3.2,
  de: 2.6,
  fr: 2.1,
  es: 2.9,
  it: 2.7,
  pt: 3.1,
  pl: 3.3,
  hu: 3,
  nl: 2.4,
}; // deno-fmt-ignore
const DEFAULT_DIGIT_SYLLABLES = 2.5;
const MOST_DIGITS = 6;
/** Against another digit: "150" says nothing for its zero, "0,05" says both. */
const ZERO = 0.25;
const SENTENCE_PAUSE_S = 0.45;
const CLAUSE_PAUSE_S = 0.2;
const VOWELS = /[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿāăąēĕėęěĩīĭįıōŏőœũūŭůűųаеёиоуыэюяіїєαεηιουωάέήίόύώ]+/giu;

/** Vowels at the end that are written and not said, behind another syllable. */
const SILENT_END: Record<string, RegExp> = {
  en: /[aeiouy].*[^aeiouyl](?:e|es|ed)$/iu,
  fr: /[aeiouyéèêàâîôû].*[^aeiouéèê](?:e|es|ent)$/iu,
};

/** Seconds that a token takes, without the pause behind it. */
export function tokenSeconds(token: string, language: string): number {
  const rate = SYLLABLES_PER_S[baseLanguage(language)] ?? DEFAULT_SYLLABLES_PER_S;
  let syllables = 0;
  for (
    const run of token.match(
      /\p{N}+|\p{Script=Han}|[\p{Script=Hiragana}\p{Script=Katakana}]|\p{Script=Hangul}|[\p{L}\p{M}'’]+/gu,
    ) ?? []
  ) {
    if (/^\p{N}/u.test(run)) {
      const zeros = run.match(/(?<=[1-9]0*)0/gu)?.length ?? 0;
      syllables += Math.min(run.length - zeros * (1 - ZERO), MOST_DIGITS) *
        (DIGIT_SYLLABLES[baseLanguage(language)] ?? DEFAULT_DIGIT_SYLLABLES);
    } else if (/^[\p{Script=Han}\p{Script=Hangul}]/u.test(run)) {
      syllables += baseLanguage(language) === "ja" ? 1.8 : 1;
    } else if (/^[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(run)) syllables += 1;
    else syllables += syllablesOf(run, language);
  }
  return syllables / rate;
}

/** "USB", "UV", "PVC": capitals that make no syllable are said letter by letter. */
function isSpelled(word: string): boolean {
  return /^\p{Lu}{2,4}$/u.test(word) && !/[^AEIOUY][AEIOUY]/.test(word);
}

function syllablesOf(word: string, language: string): number {
  if (isSpelled(word)) return word.length;
  const vowels = (word.match(VOWELS)?.length ?? 0) -
    (SILENT_END[baseLanguage(language)]?.test(word) ? 1 : 0);
  return Math.max(vowels, Math.ceil(word.length / 5), 1);
}

/** Against a syllable: a consonant, and a word's being one. Fitted to the offline voices of five languages. */
const CONSONANT = 0.55;
const WORD = 0.3;

/**
 * How long a word of an alphabet is against others: consonants take time too, which evens out over a whole text. Null for
 * figures and for scripts without an alphabet.
 */
export function wordWeight(token: string, language: string): number | null {
  const letters = token.match(/[\p{L}\p{M}'’]+/gu) ?? [];
  if (
    letters.length === 0 ||
    /[\p{N}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(token)
  ) {
    return null;
  }
  return letters.reduce((sum, word) => {
    const consonants = word.replace(VOWELS, "").replace(/[\p{M}'’]/gu, "").length;
    return sum + syllablesOf(word, language) + CONSONANT * consonants;
  }, WORD);
}

/** Seconds of silence behind a token, by the sign that ends it. */
export function pauseSeconds(token: string): number {
  if (/[.!?。！？؟۔।។။][)"'”»]*$/u.test(token)) return SENTENCE_PAUSE_S;
  return /[,;:–—、，；：،؛]$/u.test(token) ? CLAUSE_PAUSE_S : 0;
}

/** Seconds that a text takes to say, its last pause not counted. */
export function speakingSeconds(text: string, language: string): number {
  const tokens = text.split(/\s+/).filter((token) => token !== "");
  return tokens.reduce((sum, token, at) => {
    const inner = (token.slice(0, -1).match(/[、。，；！？]/gu)?.length ?? 0) * CLAUSE_PAUSE_S;
    return sum + tokenSeconds(token, language) + inner + (at < tokens.length - 1 ? pauseSeconds(token) : 0);
  }, 0);
}

/** Before a figure the segmenter sees no beginning of a sentence: "A lamp. 50% off." */
const BEFORE_FIGURE = /(?<=\p{L}{4,}\.)(?<!\b(?:approx|circa)\.)\s+(?=[#\p{N}\p{Sc}])/iu;

/** The sentences of a text, as they are written, each with its ending. */
export function sentencesOf(text: string, language: string): string[] {
  const sentences: string[] = [];
  for (
    const { segment } of new Intl.Segmenter(safeLocale(language), { granularity: "sentence" }).segment(text)
  ) {
    const last = sentences.at(-1);
    // The segmenter parts behind "No." and "St.": a sentence of under two words goes on.
    if (last !== undefined && /^(?:\S{1,3}\.)$/u.test(last.trim())) {
      sentences[sentences.length - 1] = last + segment;
    } else sentences.push(segment);
  }
  return sentences.flatMap((sentence) => sentence.trim().split(BEFORE_FIGURE)).filter((sentence) =>
    sentence !== ""
  );
}

/** One text of sentences: no space stands behind the full stop of a script without spaces. */
export function joinSentences(sentences: string[]): string {
  return sentences.reduce(
    (text, sentence) => text + (text === "" || /[。！？][」』）]*$/u.test(text) ? "" : " ") + sentence,
    "",
  );
}

/** The seconds that a text takes to say. */
export type Measure = (text: string) => number;

/** A time to fill in a language, by this measure of a text's length. */
export interface Room {
  language: string;
  seconds: number;
  measure: Measure;
}

/** A clause of fewer characters says nothing by itself. */
const LEAST_CLAUSE = 12;

/** Drops sentences from the end, then words of the first one, until the text fits. */
export function cutToFit(text: string, { language, seconds, measure }: Room): string {
  const sentences = sentencesOf(text, language);
  while (sentences.length > 1 && measure(joinSentences(sentences)) > seconds) sentences.pop();
  const rest = joinSentences(sentences);
  if (measure(rest) <= seconds) return rest;
  const words = [...new Intl.Segmenter(safeLocale(language), { granularity: "word" }).segment(rest)];
  let kept = "";
  for (const { segment } of words) {
    if (measure(kept + segment) > seconds) break;
    kept += segment;
  }
  if (!/[\p{L}\p{N}]/u.test(kept)) kept = charactersToFit(rest, { seconds, measure });
  const clause = kept.match(/^[\s\S]*[,;:–—、，]/u)?.[0] ?? "";
  const body = clause.length > kept.length * 0.6 ? clause : kept;
  return `${body.replace(/[\s,;:–—、，.]+$/u, "")}.`;
}

/** The sentences that fit, else the clauses of the first one that do; "" where only a fragment would be left. */
export function wholePart(text: string, { language, seconds, measure }: Room): string {
  const sentences = sentencesOf(text, language);
  for (let count = sentences.length; count > 0; count--) {
    const part = joinSentences(sentences.slice(0, count));
    if (measure(part) <= seconds) return part;
  }
  const clauses = (sentences[0] ?? "").split(/(?<=[,;:、，；،؛])(?=\s|\P{ASCII})|\s(?=[–—-]\s)/u);
  for (let count = clauses.length - 1; count > 0; count--) {
    const part = clauses.slice(0, count).join(" ").replace(/[\s,;:、，；،؛–—-]+$/u, "").replace(/\s+/g, " ");
    if (part.length >= LEAST_CLAUSE && measure(part) <= seconds) return part;
  }
  return "";
}

/** For a first word that alone is longer than the video: no name is, but a shop's text may be anything. */
function charactersToFit(text: string, { seconds, measure }: Omit<Room, "language">): string {
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (measure(kept + segment) > seconds) break;
    kept += segment;
  }
  return kept;
}

/** A locale that Intl takes. */
export function safeLocale(language: string): string {
  try {
    return Intl.getCanonicalLocales(language.replaceAll("_", "-"))[0] ?? "en";
  } catch {
    return "en";
  }
}
