// Glyphs: which signs of a text no installed font can draw, and texts rid of those that carry no letter.

import { createCanvas } from "@napi-rs/canvas";
import type {
  Caption,
  RenderSpec,
  TimedWord,
} from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { fontStack } from "./fonts.ts";
import { hyphenBetween, wordParts } from "./hyphenation.ts";

const SIDE = 48;
const SIZE = 28;
/** Never a character: what is drawn for it is the box that stands for any missing glyph. */
const NEVER = "\u{10fffe}";
/** Joiners, selectors and tags draw nothing by themselves. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{M}\s]/u;

/** Tells for one language's fonts what can be drawn. */
export interface Glyphs {
  /** Letters and digits that would be drawn as boxes, each once. */
  missing(texts: string[]): string[];
  /** The text without signs that no font has; full-width signs become ordinary ones where only those are there. */
  drawable(text: string): string;
}

export function createGlyphs(language: string): Glyphs {
  const context = createCanvas(SIDE, SIDE).getContext("2d");
  const stack = fontStack({ language, family: null });
  const known = new Map<string, boolean>();

  function pixels(sign: string): string {
    context.clearRect(0, 0, SIDE, SIDE);
    context.font = `800 ${SIZE}px ${stack}`;
    context.fillText(sign, 4, 36);
    return String.fromCharCode(...context.getImageData(0, 0, SIDE, SIDE).data.filter((_, i) => i % 4 === 3));
  }

  const box = pixels(NEVER);
  function isDrawn(sign: string): boolean {
    if (sign <= "\u024f" || INVISIBLE.test(sign)) return true;
    let drawn = known.get(sign);
    if (drawn === undefined) known.set(sign, drawn = pixels(sign) !== box);
    return drawn;
  }

  function replaced(sign: string): string {
    if (isDrawn(sign)) return sign;
    const plain = sign.normalize("NFKC");
    if (plain !== sign && [...plain].every(isDrawn)) return plain;
    return /[\p{L}\p{N}]/u.test(sign) ? sign : "";
  }

  return {
    missing(texts) {
      const signs = new Set(texts.flatMap((text) => [...text.normalize("NFC")]));
      return [...signs].filter((sign) =>
        /[\p{L}\p{N}]/u.test(sign) && replaced(sign) === sign && !isDrawn(sign)
      );
    },
    drawable(text) {
      return [...text.normalize("NFC")].map(replaced).join("");
    },
  };
}

/** Letters that a line of captions holds at a size that can be read. */
const LONGEST_WORD = 28;
/** More parts than these fit no page: no word of a language is that long. */
const MOST_PARTS = 4;

/** A part may be this much longer or shorter than the others for the sake of the place where it ends. */
const MOST_SHIFT = 3;

function lettersOf(text: string): string[] {
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
}

/** A word that no line holds, in parts that share its time. */
function divided(word: TimedWord, language: string): TimedWord[] {
  const all = lettersOf(word.text);
  const most = MOST_PARTS * LONGEST_WORD;
  const letters = all.length > most ? [...all.slice(0, most - 1), "…"] : all;
  const count = Math.ceil(letters.length / LONGEST_WORD);
  if (count <= 1) return [word];
  let end = 0;
  const places = wordParts(word.text, language).map((part) => end += lettersOf(part).length);
  const cutAfter = (part: number) => {
    const even = Math.round(letters.length * part / count);
    return places.find((place) => Math.abs(place - even) <= MOST_SHIFT) ?? even;
  };
  const inner = Array.from({ length: count - 1 }, (_, part) => cutAfter(part + 1));
  const cuts = [0, ...inner, letters.length];
  const texts = cuts.slice(1).map((cut, part) => letters.slice(cuts[part], cut).join(""));
  const at = (part: number) => word.start_s + (word.end_s - word.start_s) * part / count;
  return texts.map((text, part) => ({
    text: text + hyphenBetween(text, texts[part + 1] ?? ""),
    start_s: at(part),
    end_s: at(part + 1),
  }));
}

/** Of a word in more parts than two lines hold each is a page of its own, in letters that can be read. */
function pagesOf(caption: Caption, language: string): Caption[] {
  const parts = caption.words.map((word) => divided(word, language));
  const words = parts.flat();
  if (parts.every(({ length }) => length <= 2)) return words.length > 0 ? [{ ...caption, words }] : [];
  return words.map((word, at) => ({
    words: [word],
    start_s: at === 0 ? caption.start_s : word.start_s,
    end_s: words[at + 1]?.start_s ?? caption.end_s,
  }));
}

/** A spec whose texts hold only what can be drawn; letters without a font stay, as boxes, and are warned of. */
export function withDrawableTexts(spec: RenderSpec): RenderSpec {
  const { drawable } = createGlyphs(spec.language);
  const brand = drawable(spec.brand ?? "").trim();
  const captions = spec.captions.flatMap((caption) => {
    const words = caption.words.map((word) => ({ ...word, text: drawable(word.text) }));
    return pagesOf({ ...caption, words: words.filter((word) => word.text.trim() !== "") }, spec.language);
  });
  return {
    ...spec,
    title: drawable(spec.title).trim() || brand || "–",
    brand: brand || null,
    price: spec.price && {
      ...spec.price,
      current: drawable(spec.price.current),
      old: spec.price.old && drawable(spec.price.old),
    },
    cta_text: drawable(spec.cta_text).trim() || "→",
    captions,
  };
}
