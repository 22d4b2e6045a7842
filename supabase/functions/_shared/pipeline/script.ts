// The script stage: what the voice will say, as it is written on the screen.

import { type ClaimedJob, JobFailure } from "../contracts/jobs.ts";
import { DEFAULT_CTA_TEXT } from "../contracts/options.ts";
import { baseLanguage, type PriceTexts, priceTexts } from "../money.ts";
import { LONGEST_TEXT, shorten, speakable, speakableProse } from "./plain_text.ts";
import type { CallOptions, ScriptWriter, WrittenScript } from "./ports.ts";
import { fillTemplate } from "./script_template.ts";
import { knownFigures, saysOnlyKnown } from "./figures.ts";
import { numberWordsOf } from "./number_words.ts";
import {
  cutToFit,
  joinSentences,
  type Room,
  safeLocale,
  sentencesOf,
  speakingSeconds,
  wholePart,
} from "./speaking_time.ts";

/** Silence before the voice. */
export const VOICE_START_S = 0.3;
/** The voice ends this long before the video does. */
export const VOICE_TAIL_S = 0.5;
const SPOKEN_TITLE_MAX = 90;
/** A title is said shorter before a price is left out. */
const SHORTER_TITLES = [60, 40, 25];
/** With less time left a description is not begun. */
const DESCRIPTION_NEEDS_S = 1.5;
const DESCRIPTION_MARGINS_S = [0.5, 1.2, 2.5];
const FILLED_MAX = 3000;
/** An AI's script is tightened by sentences: one that runs on loses none of its last ones before that. */
const WRITTEN_MAX = 8000;

/** Seconds of a video that are the voice's. */
export function voiceSeconds(durationS: number): number {
  return durationS - VOICE_START_S - VOICE_TAIL_S;
}

/** The language of the product's texts: its own, the profile's, else English. */
export function languageOf(job: ClaimedJob): string {
  for (const language of [job.product.language, job.profile.language]) {
    const trimmed = language?.trim() ?? "";
    if (/^[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8})*$/.test(trimmed) && trimmed.length <= 35) {
      return safeLocale(trimmed);
    }
  }
  return "en";
}

export function pricesOf(job: ClaimedJob): PriceTexts | null {
  return priceTexts(job.product, languageOf(job));
}

export function ctaOf(job: ClaimedJob): string {
  return job.options.cta_text || job.profile.cta_text?.trim() || DEFAULT_CTA_TEXT;
}

/** What a script is made of: its checkpoint holds only while this is the same. */
export function scriptInputs(job: ClaimedJob): Record<string, unknown> {
  const { product, options } = job;
  return {
    title: product.title,
    brand: product.brand,
    description: product.description,
    price: product.price,
    sale_price: product.sale_price,
    currency: product.currency,
    language: languageOf(job),
    cta: ctaOf(job),
    duration_s: options.duration_s,
    how: options.voiceover_mode === "quick" ? options.voiceover_template : options.ai_provider,
    mode: options.voiceover_mode,
  };
}

/** What the voice may take of the video, by an unhurried voice of the language. */
export function roomOf(job: ClaimedJob): Room {
  const language = languageOf(job);
  return {
    language,
    seconds: voiceSeconds(job.options.duration_s),
    measure: (text) => speakingSeconds(text, language),
  };
}

/** The template filled in, and brought to the video's length: the description is cut first, then title and brand. */
export function quickScript(job: ClaimedJob, room = roomOf(job)): string {
  const { seconds, measure } = room;
  const fits = (script: string) => script !== "" && measure(script) <= seconds;
  const description = withoutEnd(speakableProse(job.product.description ?? "", 1000));
  const whole = filled(job, { title: SPOKEN_TITLE_MAX, description });
  if (fits(whole)) return whole;
  const bare = filled(job, { title: SPOKEN_TITLE_MAX, description: "" });
  const left = seconds - measure(bare);
  if (bare !== "" && left > DESCRIPTION_NEEDS_S) {
    // A template says more of its own words around a description than without one.
    for (const margin of DESCRIPTION_MARGINS_S) {
      const cut = withoutEnd(wholePart(description, { ...room, seconds: left - margin }));
      const script = filled(job, { title: SPOKEN_TITLE_MAX, description: cut });
      if (fits(script)) return script;
    }
    return bare;
  }
  const scripts = [
    bare,
    ...SHORTER_TITLES.map((title) => filled(job, { title, description: "" })),
    // At last without the brand: the price is what a shop would not leave out.
    filled(job, { title: SHORTER_TITLES.at(-1) ?? 0, description: "", brand: "" }),
  ].filter((script) => script !== "");
  const names = namesOf(job);
  const essential = scripts.map((script) => withoutAsides(job, { script, room, names }));
  const script = wordsOrNone(
    essential.find(fits) ?? essential.map((script) => upToNames(script, { room, names })).find(fits) ??
      cutToFit(scripts.at(-1) ?? whole, room),
  );
  if (script === "") {
    throw new JobFailure("script_failed", "The product has no text that a voice could read.");
  }
  return script;
}

/**
 * Of a template with more words of its own than fit: sentences that name neither product nor price go, the last ones
 * first and the call to action after the others.
 */
function withoutAsides(
  job: ClaimedJob,
  { script, room, names }: { script: string; room: Room; names: string[] },
): string {
  const sentences = sentencesOf(script, room.language);
  const isAside = (sentence: string) => !names.some((name) => sentence.includes(name));
  const cta = speakable(ctaOf(job), 80);
  while (sentences.length > 1 && room.measure(joinSentences(sentences)) > room.seconds) {
    const aside = sentences.findLastIndex((sentence) => isAside(sentence) && !sentence.includes(cta));
    const at = aside >= 0 ? aside : sentences.findLastIndex(isAside);
    if (at < 0) break;
    sentences.splice(at, 1);
  }
  return joinSentences(sentences);
}

/** Of each sentence no more than its clauses up to the one that names product or price. */
function upToNames(script: string, { room, names }: { room: Room; names: string[] }): string {
  const sentences = sentencesOf(script, room.language).map((sentence) => {
    const ends = names.map((name) => sentence.lastIndexOf(name) + name.length)
      .filter((end, at) => end >= (names[at]?.length ?? 0));
    const from = Math.max(0, ...ends);
    const length = from === 0 ? -1 : sentence.slice(from).search(/[,;:、，；،؛](?!\d)|\s[–—-]\s/u);
    return length < 0 ? sentence : `${sentence.slice(0, from + length).trimEnd()}.`;
  });
  return joinSentences(sentences);
}

/** What of a script says the product's name, and its price. */
function namesOf(job: ClaimedJob): string[] {
  const title = spokenTitle(job.product.title, SHORTER_TITLES.at(-1) ?? 0);
  return [title, pricesOf(job)?.current ?? ""].filter((name) => name !== "");
}

/** The template with the product's values, its title no longer than so many characters; "" where nothing could be said. */
function filled(
  job: ClaimedJob,
  values: { title: number; description: string; brand?: string },
): string {
  const title = spokenTitle(job.product.title, values.title);
  const text = fillTemplate(job.options.voiceover_template, {
    title,
    brand: wordsOrNone(speakable(values.brand ?? brandOf(job), 80)),
    price: pricesOf(job)?.current ?? "",
    description: wordsOrNone(values.description) && values.description + endBehindDescription(job),
    cta: wordsOrNone(speakable(ctaOf(job), 80)),
  });
  const language = languageOf(job);
  // The template is the shop's text too.
  return wordsOrNone(speakableScript(speakable(text, FILLED_MAX), language)) ||
    speakableScript(title, language);
}

/** An AI's script without the sentences whose numbers are not the product's, cut to the video's length. */
export async function elaborateScript(
  job: ClaimedJob,
  writer: ScriptWriter,
  call: CallOptions,
): Promise<WrittenScript> {
  const language = languageOf(job);
  const prices = pricesOf(job);
  const room = roomOf(job);
  const written = await writer.write({
    product: {
      ...job.product,
      title: speakable(job.product.title, 300),
      brand: speakable(brandOf(job), 80) || null,
      description: speakableProse(job.product.description ?? "", 2000) || null,
    },
    language,
    price: prices && { current: prices.current, old: prices.old },
    ctaText: speakable(ctaOf(job), 80),
    maxWords: Math.max(10, Math.floor(room.seconds * 2.2)),
    durationS: job.options.duration_s,
  }, call);
  const { title, brand, description, price, sale_price } = job.product;
  const shown = [prices?.current ?? null, prices?.old ?? null];
  // A bare price is money, whatever stands beside it.
  const money = [price, sale_price].map((amount) => amount === null ? null : `¤${amount}`);
  const context = { prices, words: await numberWordsOf(baseLanguage(language)) };
  const texts = [title, brand, description, ctaOf(job)].map((text) => text?.slice(0, LONGEST_TEXT) ?? null);
  const known = knownFigures([...texts, ...shown, ...money], context);
  const text = speakableProse(withoutDirections(written.text), WRITTEN_MAX);
  const sentences = sentencesOf(speakableScript(text, language), language)
    .filter((sentence) => saysOnlyKnown(sentence, { known, ...context }));
  if (sentences.length === 0) {
    throw new JobFailure("script_failed", "The AI's script named figures that are not the product's.");
  }
  return { ...written, text: tightenScript(job, { script: joinSentences(sentences), room }) };
}

/** What an AI was asked not to write: who speaks, what else is heard, tags, quotation marks around it all. */
function withoutDirections(text: string): string {
  return text.replace(
    /^\s*[*_]*(?:script|voice-?\s?over|narrator|narration|speaker|vo)[*_]*\s*:[*_]*/gimu,
    "",
  )
    .replace(/\[[^\]\n]{0,80}\]/g, " ")
    .replace(/\([^()]*\b(?:music|pause|beat|sfx|sound effect|fade)s?\b[^()]*\)/giu, " ")
    .replace(/(?<![\p{L}\p{N}])#\p{L}[\p{L}\p{N}_]*/gu, " ")
    .replace(/^\s*["“„«]([\s\S]*)["”“»]\s*$/u, "$1");
}

/** A script without the sentences that it can do without: neither its first nor its last, nor the one with the price. */
export function tightenScript(
  job: ClaimedJob,
  { script, room }: { script: string; room: Room },
): string {
  const sentences = sentencesOf(script, room.language);
  const price = pricesOf(job)?.current;
  const isKept = (sentence: string, at: number) =>
    at === 0 || at === sentences.length - 1 || (price !== undefined && sentence.includes(price));
  while (room.measure(joinSentences(sentences)) > room.seconds) {
    const at = sentences.findLastIndex((sentence, index) => !isKept(sentence, index));
    if (at < 0) break;
    sentences.splice(at, 1);
  }
  return cutToFit(joinSentences(sentences), room);
}

/** A description that runs into other words of the template ends as a sentence. */
function endBehindDescription(job: ClaimedJob): string {
  return /\{description\}\s+[^\s.,;:!?)–—-]/u.test(job.options.voiceover_template) ? "." : "";
}

/** The script as it is said: where a price is written its spoken form stands. Longest first, so none is split. */
export function spokenPrices(prices: PriceTexts | null): [written: string, spoken: string][] {
  if (!prices) return [];
  const pairs: [string, string][] = [[prices.current, prices.spoken]];
  if (prices.old && prices.spoken_old) pairs.push([prices.old, prices.spoken_old]);
  return pairs.sort(([a], [b]) => b.length - a.length);
}

/** Names run on behind commas, dashes and brackets in shops: a long one is said up to the last that fits. */
function spokenTitle(title: string, max: number): string {
  const whole = wordsOrNone(withoutEnd(speakable(title, 1000)));
  if (whole.length <= max) return whole;
  const head = whole.slice(0, max + 1);
  const end = head.search(/\s*(?:[,;:(/]|\s[-–—]\s)[^,;:(/–—]*$/u);
  const cut = end >= Math.min(20, max / 2)
    ? head.slice(0, end).replace(/[\s,;:(/–—-]+$/u, "")
    : shorten(whole, max);
  return wordsOrNone(cut);
}

/** Signs alone are no value, nor do they begin or end one: nothing of them could be said. */
function wordsOrNone(text: string): string {
  if (!/[\p{L}\p{N}]/u.test(text)) return "";
  return text.replace(/^(?:[\s,;:/&|–—]|-(?!\d))+|[\s,;:/&|([–—-]+$/gu, "");
}

/** What feeds write where a product has no brand. */
const NO_BRAND = /^(?:n\/?a|none|null|undefined|unknown|generic|unbranded|no[ -]?brand|not applicable)\.?$/i;

/** The product's brand, as it is written; "" where it has none. */
export function brandOf(job: ClaimedJob): string {
  const brand = job.product.brand?.trim() ?? "";
  return NO_BRAND.test(brand) ? "" : brand;
}

function withoutEnd(text: string): string {
  return text.replace(/[\s.。]+$/u, "");
}

function speakableScript(text: string, language: string): string {
  const isFrench = /^fr\b/i.test(language);
  return text.replace(/\s+/g, " ").replace(/([.!?]) ?\.(?!\d)/g, "$1")
    .replace(isFrench ? / ([,.])(?=\s|$)/g : / ([,.;:!?])(?=\s|$)/g, "$1")
    .replace(/ (?=[。、，！？])/g, "").trim();
}
