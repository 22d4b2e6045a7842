// The script stage: what the voice will say, as it is written on the screen.

import { type ClaimedJob, JobFailure } from "../contracts/jobs.ts";
import { DEFAULT_CTA_TEXT } from "../contracts/options.ts";
import { type PriceTexts, priceTexts } from "../money.ts";
import { shorten, speakable } from "./plain_text.ts";
import type { CallOptions, ScriptWriter, WrittenScript } from "./ports.ts";
import { fillTemplate } from "./script_template.ts";
import { cutToFit, safeLocale, sentencesOf } from "./speaking_time.ts";

/** Silence before the voice. */
export const VOICE_START_S = 0.3;
/** The voice ends this long before the video does. */
export const VOICE_TAIL_S = 0.5;
const SPOKEN_TITLE_MAX = 90;

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

/** The template filled in and cut to the video's length. */
export function quickScript(job: ClaimedJob): string {
  const language = languageOf(job);
  const title = spokenTitle(job.product.title);
  const text = fillTemplate(job.options.voiceover_template, {
    title,
    brand: speakable(job.product.brand ?? "", 80),
    price: pricesOf(job)?.current ?? "",
    description: withoutEnd(speakable(job.product.description ?? "", 1000)),
    cta: speakable(ctaOf(job), 80),
  });
  const script = speakableScript(text) || speakableScript(title);
  if (script === "") {
    throw new JobFailure("script_failed", "The product has no text that a voice could read.");
  }
  return cutToFit(script, { language, seconds: voiceSeconds(job.options.duration_s) });
}

/** An AI's script without the sentences whose numbers are not the product's, cut to the video's length. */
export async function elaborateScript(
  job: ClaimedJob,
  writer: ScriptWriter,
  call: CallOptions,
): Promise<WrittenScript> {
  const language = languageOf(job);
  const prices = pricesOf(job);
  const seconds = voiceSeconds(job.options.duration_s);
  const written = await writer.write({
    product: {
      ...job.product,
      title: speakable(job.product.title, 300),
      brand: speakable(job.product.brand ?? "", 80) || null,
      description: speakable(job.product.description ?? "", 2000) || null,
    },
    language,
    price: prices && { current: prices.current, old: prices.old },
    ctaText: speakable(ctaOf(job), 80),
    maxWords: Math.max(10, Math.floor(seconds * 2.2)),
    durationS: job.options.duration_s,
  }, call);
  const known = knownNumbers(job, prices);
  const sentences = sentencesOf(speakableScript(speakable(written.text, 2000)), language)
    .filter((sentence) => numbersIn(sentence).every((number) => known.has(number)));
  if (sentences.length === 0) {
    throw new JobFailure("script_failed", "The AI's script named figures that are not the product's.");
  }
  return { ...written, text: cutToFit(sentences.join(" "), { language, seconds }) };
}

/** The script as it is said: where a price is written its spoken form stands. Longest first, so none is split. */
export function spokenPrices(prices: PriceTexts | null): [written: string, spoken: string][] {
  if (!prices) return [];
  const pairs: [string, string][] = [[prices.current, prices.spoken]];
  if (prices.old && prices.spoken_old) pairs.push([prices.old, prices.spoken_old]);
  return pairs.sort(([a], [b]) => b.length - a.length);
}

/** Names run on behind commas, dashes and brackets in shops: a long one is said up to the last that fits. */
function spokenTitle(title: string): string {
  const whole = wordsOrNone(withoutEnd(speakable(title, 1000)));
  if (whole.length <= SPOKEN_TITLE_MAX) return whole;
  const head = whole.slice(0, SPOKEN_TITLE_MAX + 1);
  const end = head.search(/\s*(?:[,;:(/]|\s[-–—]\s)[^,;:(/–—]*$/u);
  return end >= 20 ? head.slice(0, end).replace(/[\s,;:(/–—-]+$/u, "") : shorten(whole, SPOKEN_TITLE_MAX);
}

/** Signs alone are no value: nothing of them could be said. */
function wordsOrNone(text: string): string {
  return /[\p{L}\p{N}]/u.test(text) ? text : "";
}

function withoutEnd(text: string): string {
  return text.replace(/[\s.。]+$/u, "");
}

function speakableScript(text: string): string {
  return text.replace(/([.!?])\s*\.(?!\d)/g, "$1").replace(/\s+([,.;:!?])(?=\s|$)/g, "$1").replace(
    /\s+/g,
    " ",
  ).trim();
}

/** Every number that the product's data holds, and its saving. */
function knownNumbers(job: ClaimedJob, prices: PriceTexts | null): Set<string> {
  const { title, brand, description, price, sale_price } = job.product;
  const texts = [title, brand, description, price, sale_price, ctaOf(job), prices?.current, prices?.old];
  const known = new Set(texts.flatMap((text) => numbersIn(text ?? "")));
  if (prices?.saving_percent) known.add(String(prices.saving_percent));
  return known;
}

/** Numbers as plain decimals: "1.249,00", "1 249" and "1,249" are 1249; "49,90" is 49.9. */
function numbersIn(text: string): string[] {
  const latin = text.normalize("NFKC");
  return (latin.match(/\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*/g) ?? []).map(
    (number) => {
      const compact = number.replace(/[\s'’]/g, "");
      const decimal = compact.match(/[.,](\d+)$/);
      const isDecimal = decimal && (decimal[1]?.length !== 3 || /^0[.,]/.test(compact));
      const whole = (isDecimal ? compact.slice(0, decimal.index) : compact).replace(/[.,]/g, "");
      return String(Number(isDecimal ? `${whole}.${decimal[1]}` : whole));
    },
  );
}
