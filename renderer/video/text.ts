// Typesetting: measuring, wrapping by the language's own words, shrinking until it fits, direction of a paragraph.

import { createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import { hyphenBetween, SEPARATE, wordParts } from "./hyphenation.ts";

/** How a text is set. `tracking` is extra space between letters, in ems (never for joined scripts). */
export interface TextStyle {
  stack: string;
  weight: number;
  language: string;
  tracking?: number;
}

/** A text broken into lines at one size. Lengths in pixels. */
export interface SetText {
  lines: string[];
  size: number;
  lineHeight: number;
  width: number;
  height: number;
  rtl: boolean;
}

/** The side of its box that a text stands on: its own beginning, or the other one in a layout of the other direction. */
export type TextAlign = "start" | "end" | "center";

/** Room for a text: sizes are tried from the largest down, with as many lines as `lines` and the height allow. */
export interface Room {
  width: number;
  maxHeight: number;
  size: number;
  minSize: number;
  lines: number;
  /** Lines at the smallest size, where even that is not enough for `lines`. */
  linesAtMin?: number;
}

const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const STRONG = /[\p{L}]/u;
const CURRENCY_SIGN = /\p{Sc}/u;
const LINE_HEIGHT = 1.22;
/** Scripts whose tall or stacked marks need more room between lines. */
const TALL = /[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Thai}\p{Script=Hebrew}\u1ea0-\u1ef9]/u;
const TALL_LINE_HEIGHT = 1.46;
/** Arabic with its vowel signs, above and below. */
const VOCALISED = /[\u064b-\u065f\u0670]/u;
const VOCALISED_LINE_HEIGHT = 1.7;
/** How far below the top of its line a text stands, as shares of the size; descenders and marks have the rest. */
const BASELINE = 0.97;
const TALL_BASELINE = 1.17;
const VOCALISED_BASELINE = 1.22;
/** Scripts that write without spaces. */
export const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** Whether a space stands between two words: as they say, else as their scripts do it. */
export function isSpaced(before: string, after: { text: string; spaced?: boolean | undefined }): boolean {
  return after.spaced ?? !(UNSPACED.test(before.slice(-1)) && UNSPACED.test(after.text.slice(0, 1)));
}

const SIZE_STEP = 2;
const ELLIPSIS = "…";

const pen: SKRSContext2D = createCanvas(8, 8).getContext("2d");

/** Languages that are written from right to left. */
const RIGHT_TO_LEFT_LANGUAGE = /^(?:ar|he|iw|fa|ur|yi|ps|ckb|sd|ug|dv)(?:-|$)/i;

/**
 * Whether a paragraph runs from right to left: its first letter decides; in a language that does so any such letter, for
 * a foreign name may come first, and a price without letters, whose sign stands on the left of its number there.
 */
export function isRightToLeft(text: string, language = ""): boolean {
  if (RIGHT_TO_LEFT_LANGUAGE.test(language)) {
    return RIGHT_TO_LEFT.test(text) || (CURRENCY_SIGN.test(text) && !STRONG.test(text));
  }
  const first = STRONG.exec(text);
  return first !== null && RIGHT_TO_LEFT.test(first[0]);
}

/** Whether extra space between letters breaks nothing: a joined emoji counts as many letters, too. */
function isTrackable(text: string): boolean {
  return !text.includes("\u200d") && [...text].every((sign) => !STRONG.test(sign) || SEPARATE.test(sign));
}

/** Sets a pen's font for a size; joined scripts are never tracked. */
export function applyFont(
  context: SKRSContext2D,
  style: TextStyle,
  options: { size: number; text: string },
): void {
  context.font = `${style.weight} ${options.size}px ${style.stack}`;
  const tracking = style.tracking && isTrackable(options.text) ? style.tracking : 0;
  context.letterSpacing = `${tracking * options.size}px`;
}

/** Width of one line, in pixels. */
export function textWidth(text: string, style: TextStyle & { size: number }): number {
  applyFont(pen, style, { size: style.size, text });
  return pen.measureText(text).width;
}

/** Pieces that a line may be broken between; a piece keeps its trailing space and closing punctuation. */
function breakable(text: string, language: string): string[] {
  let segmenter: Intl.Segmenter;
  try {
    segmenter = new Intl.Segmenter(language, { granularity: "word" });
  } catch {
    segmenter = new Intl.Segmenter("en", { granularity: "word" });
  }
  const pieces: string[] = [];
  let open = "";
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    const last = pieces.at(-1);
    // A dash or a bar between two parts ends a line; none begins with it.
    if (last !== undefined && open === "" && /^[–—|·•-]$/u.test(segment) && /\s$/u.test(last)) {
      pieces[pieces.length - 1] = last + segment;
      continue;
    }
    const opens = /^[\p{Ps}\p{Pi}¿¡#$€£¥@]+$/u.test(segment);
    // Without a space between them two segments stay together, but for scripts that write without spaces.
    const glued = last !== undefined && open === "" && !/\s$/u.test(last) && !/\s/u.test(segment) &&
      !(isWordLike && UNSPACED.test(segment));
    if (opens && !glued) open += segment;
    else if (last !== undefined && open === "" && (glued || /^\s+$/u.test(segment))) {
      pieces[pieces.length - 1] = last + segment;
    } else {
      pieces.push(open + segment);
      open = "";
    }
  }
  if (open) pieces.push(open);
  return pieces;
}

type Fits = (text: string) => boolean;

/** A piece that no line holds: at the places that its language has for it, else between any two letters. */
function breakLong(piece: string, language: string, fits: Fits): string[] {
  const lines: string[] = [];
  let line = "";
  // Behind a letter a hyphen may have to stand, as the next sign will show.
  const hasRoom = (text: string) => fits(text + (SEPARATE.test(text.at(-1) ?? "") ? "-" : ""));
  const add = (part: string) => {
    if (line !== "" && !hasRoom(line + part)) {
      lines.push(line + hyphenBetween(line, part));
      line = part;
    } else line += part;
  };
  for (const part of wordParts(piece, language)) {
    if (hasRoom(part)) add(part);
    else for (const { segment } of new Intl.Segmenter("en").segment(part)) add(segment);
  }
  if (line) lines.push(line);
  return lines;
}

function wrap(pieces: string[], language: string, fits: Fits): string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of pieces) {
    if (fits((line + piece).trimEnd())) {
      line += piece;
      continue;
    }
    if (line !== "") lines.push(line.trimEnd());
    const parts = fits(piece.trimEnd()) ? [piece] : breakLong(piece, language, fits);
    lines.push(...parts.slice(0, -1));
    line = parts.at(-1) ?? "";
  }
  if (line.trim() !== "") lines.push(line.trimEnd());
  return lines;
}

/** Evens the lines out: the narrowest column that needs no more lines, so that no word stands alone. */
function balance(
  pieces: string[],
  room: { width: number; lines: number; language: string; measure: (text: string) => number },
) {
  let narrow = room.width * 0.55;
  let wide = room.width;
  for (let i = 0; i < 6; i++) {
    const middle = (narrow + wide) / 2;
    const tooNarrow = pieces.some((piece) => room.measure(piece.trimEnd()) > middle);
    if (
      !tooNarrow && wrap(pieces, room.language, (text) => room.measure(text) <= middle).length <= room.lines
    ) {
      wide = middle;
    } else narrow = middle;
  }
  return wrap(pieces, room.language, (text) => room.measure(text) <= wide);
}

function shorten(line: string, fits: (text: string) => boolean): string {
  let words = line.split(" ");
  while (words.length > 1 && !fits(words.join(" ") + ELLIPSIS)) words = words.slice(0, -1);
  let text = words.join(" ").replace(/[\s\p{P}]+$/u, "");
  while (text.length > 1 && !fits(text + ELLIPSIS)) text = [...text].slice(0, -1).join("");
  return text + ELLIPSIS;
}

/** No room takes more of a text than this: what is beyond would be shortened anyway. */
const MOST_CHARACTERS = 320;

function cleaned(text: string): string {
  const clean = text.replace(/\s+/gu, " ").trim();
  return clean.length <= MOST_CHARACTERS ? clean : [...clean].slice(0, MOST_CHARACTERS).join("");
}

/** Widths at any size from one measurement of each string: they grow evenly, as nothing is hinted. */
function createMeasure(style: TextStyle): (text: string, size: number) => number {
  const reference = 100;
  const widths = new Map<string, number>();
  return (text, size) => {
    let width = widths.get(text);
    if (width === undefined) widths.set(text, width = textWidth(text, { ...style, size: reference }));
    return width * size / reference;
  };
}

function lineFactor(text: string): number {
  if (VOCALISED.test(text)) return VOCALISED_LINE_HEIGHT;
  return TALL.test(text) ? TALL_LINE_HEIGHT : LINE_HEIGHT;
}

/** Fewer lines are worth this much of the size: no word stands alone for a few pixels. */
const FEWER_LINES_SHARE = 0.86;
const FEWER_LINES_MOST = 3;
/** … and a last line of less than this share of the widest one is, with more lines too. */
const LONELY_SHARE = 0.3;

/** Sets a text in a room: as large as it fits, balanced; only where the smallest size is too large it is shortened. */
export function setText(text: string, style: TextStyle, room: Room): SetText {
  const clean = cleaned(text);
  const pieces = breakable(clean, style.language);
  const widthAt = createMeasure(style);
  const factor = lineFactor(clean);
  let largest: SetText | null = null;
  for (let size = room.size;; size -= SIZE_STEP) {
    if (largest && size < largest.size * FEWER_LINES_SHARE) return largest;
    const last = size <= room.minSize;
    const measure = (part: string) => widthAt(part, size);
    const fits = (part: string) => measure(part) <= room.width;
    const lineHeight = Math.round(size * factor);
    const most = last ? room.linesAtMin ?? room.lines : room.lines;
    const allowed = Math.max(1, Math.min(most, Math.floor(room.maxHeight / lineHeight)));
    // Too much for its lines even without a gap: not worth breaking.
    if (!last && measure(clean) > room.width * allowed) continue;
    const wordBroken = !last && pieces.some((piece) => !fits(piece.trimEnd()));
    let lines = wordBroken ? [] : wrap(pieces, style.language, fits);
    if (!last && (wordBroken || lines.length > allowed)) continue;
    if (largest && lines.length >= largest.lines.length) {
      if (last) return largest;
      continue;
    }
    if (lines.length > allowed) {
      lines = [...lines.slice(0, allowed - 1), shorten(lines.slice(allowed - 1).join(" "), fits)];
    } else if (lines.length > 1) {
      lines = balance(pieces, { width: room.width, lines: lines.length, language: style.language, measure });
    }
    const width = Math.ceil(Math.max(...lines.map(measure)));
    const height = lineHeight * lines.length;
    const set = { lines, size, lineHeight, width, height, rtl: isRightToLeft(clean, style.language) };
    const isLonely = lines.length > 1 && measure(lines.at(-1)!) < width * LONELY_SHARE;
    const isLong = lines.length > FEWER_LINES_MOST && !isLonely;
    if (largest || last || lines.length === 1 || isLong) return set;
    largest = set;
  }
}

/** Whether a text ends in dots that are not its own. */
export function isShortened(set: SetText, text: string): boolean {
  return Boolean(set.lines.at(-1)?.endsWith(ELLIPSIS)) && !text.trimEnd().endsWith(ELLIPSIS);
}

/** Where the first line stands below its box's top, in pixels. */
export function baselineOf(set: SetText): number {
  const factor = set.lineHeight / set.size;
  return set.size * (factor > 1.55 ? VOCALISED_BASELINE : factor > 1.35 ? TALL_BASELINE : BASELINE);
}

/** Draws lines whose box starts at `x`, `y` and is `width` wide; the baseline keeps descenders inside. */
export function drawText(
  context: SKRSContext2D,
  set: SetText,
  options: {
    style: TextStyle;
    x: number;
    y: number;
    width: number;
    align: TextAlign;
    colour: string;
  },
): void {
  const { style, x, y, width, align, colour } = options;
  context.textBaseline = "alphabetic";
  context.fillStyle = colour;
  context.direction = set.rtl ? "rtl" : "ltr";
  context.textAlign = align;
  const at = align === "center" ? x + width / 2 : (align === "start") === set.rtl ? x + width : x;
  set.lines.forEach((line, index) => {
    applyFont(context, style, { size: set.size, text: line });
    context.fillText(line, at, y + index * set.lineHeight + baselineOf(set));
  });
  context.letterSpacing = "0px";
}
