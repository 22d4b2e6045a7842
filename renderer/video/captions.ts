// Captions: a page's words set in two lines at most, and drawn twice: the still page, and each word as it is spoken.

import { createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import type { Caption } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import type { Rect } from "./layout.ts";
import { foreignWords, isTurned } from "./caption_direction.ts";
import { applyFont, isRightToLeft, isSpaced, type TextStyle, textWidth } from "./text.ts";
import { type Drawn, toLayer } from "./draw.ts";
import { PAPER } from "./colour.ts";

/** A word at its place: `x` is its left edge, `baseline` where it stands. */
export interface PlacedWord {
  text: string;
  x: number;
  baseline: number;
  width: number;
  rtl: boolean;
}

export interface CaptionPage {
  size: number;
  words: PlacedWord[];
  /** Ink and stroke of the whole page. */
  box: Rect;
}

const LARGEST = 108;
const SMALLEST = 40;
/** Only a page of far too many words gets as small as this. */
const TINIEST = 16;
const LINE_HEIGHT = 1.16;
const STROKE_SHARE = 0.15;
const STROKE_COLOUR = "#0d0e13";
const MOST_LINES = 2;

interface Line {
  words: number[];
  width: number;
}

/** A word and whether a space stands before it in its line. */
interface Word {
  text: string;
  spaced: boolean;
}

function breakLines(words: Word[], widths: number[], options: { width: number; space: number }): Line[] {
  const lines: Line[] = [];
  let line: Line = { words: [], width: 0 };
  words.forEach(({ spaced }, index) => {
    const gap = line.words.length > 0 && spaced ? options.space : 0;
    if (line.words.length > 0 && line.width + gap + widths[index]! > options.width) {
      lines.push(line);
      line = { words: [index], width: widths[index]! };
    } else {
      line.words.push(index);
      line.width += gap + widths[index]!;
    }
  });
  if (line.words.length > 0) lines.push(line);
  return lines;
}

/** Words in the order they stand from left to right: in a right-to-left line, foreign runs keep their own order. */
function visualOrder(words: number[], isForeign: boolean[] | null): number[] {
  if (!isForeign) return words;
  const runs: number[][] = [];
  for (const word of words) {
    const run = runs.at(-1);
    if (run && isForeign[word] && isForeign[run[0]!]) run.push(word);
    else runs.push([word]);
  }
  return runs.reverse().flat();
}

/** A word that is wider than a line even at the smallest size ends in dots. */
function shortened(text: string, style: TextStyle, width: number): string {
  if (textWidth(text, { ...style, size: SMALLEST }) <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && textWidth(letters.join("") + "…", { ...style, size: SMALLEST }) > width) {
    letters.pop();
  }
  return letters.join("") + "…";
}

/** Sets a page in its box, as large as two lines allow. */
export function setCaption(caption: Caption, box: Rect, style: TextStyle): CaptionPage {
  const narrowest = box.width - 2 * Math.ceil(SMALLEST * STROKE_SHARE);
  const texts = caption.words.map((word) => shortened(word.text, style, narrowest));
  const shown = texts.map((text, at): Word => ({
    text,
    spaced: isSpaced(texts[at - 1] ?? "", { text, spaced: caption.words[at]?.spaced }),
  }));
  const isForeign = isRightToLeft(texts.join(" "), style.language) ? foreignWords(texts) : null;
  for (let size = LARGEST;; size -= 4) {
    const stroke = Math.ceil(size * STROKE_SHARE);
    const widths = texts.map((text) => textWidth(text, { ...style, size }));
    const space = size * 0.27;
    const room = box.width - 2 * stroke;
    // Balanced: the narrowest column that needs no more lines.
    let lines = breakLines(shown, widths, { width: room, space });
    for (let narrower = room - size / 2; narrower > room / 2; narrower -= size / 2) {
      const tried = breakLines(shown, widths, { width: narrower, space });
      if (tried.length > lines.length || tried.some((line) => line.width > narrower)) break;
      lines = tried;
    }
    const lineHeight = Math.round(size * LINE_HEIGHT);
    const fits = lines.every((line) => line.width <= room) && lines.length <= MOST_LINES &&
      lines.length * lineHeight + 2 * stroke <= box.height;
    if (!fits && size > TINIEST) continue;
    const height = lines.length * lineHeight;
    const top = box.y + (box.height - height) / 2;
    const words: PlacedWord[] = new Array(texts.length);
    lines.forEach((line, row) => {
      let x = box.x + (box.width - line.width) / 2;
      const order = visualOrder(line.words, isForeign);
      order.forEach((index, position) => {
        if (position > 0) {
          // Of two neighbours the one that is said later knows.
          if (shown[Math.max(order[position - 1]!, index)]!.spaced) x += space;
        }
        words[index] = {
          text: texts[index]!,
          x,
          baseline: top + row * lineHeight + size * 0.9,
          width: widths[index]!,
          rtl: isTurned(texts, { index, isForeign, line: line.words }),
        };
        x += widths[index]!;
      });
    });
    const widest = Math.max(...lines.map((line) => line.width));
    return {
      size,
      words,
      box: {
        x: box.x + (box.width - widest) / 2 - stroke,
        y: top - stroke,
        width: widest + 2 * stroke,
        height: height + 2 * stroke,
      },
    };
  }
}

function paintWord(
  context: SKRSContext2D,
  word: PlacedWord,
  options: { style: TextStyle; size: number; colour: string; shadow: boolean },
): void {
  const { style, size, colour } = options;
  applyFont(context, style, { size, text: word.text });
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.direction = word.rtl ? "rtl" : "ltr";
  context.lineJoin = "round";
  context.lineWidth = size * STROKE_SHARE;
  context.strokeStyle = STROKE_COLOUR;
  if (options.shadow) {
    context.shadowColor = "rgba(0,0,0,0.45)";
    context.shadowBlur = size * 0.16;
    context.shadowOffsetY = size * 0.04;
  }
  context.strokeText(word.text, word.x, word.baseline);
  context.shadowColor = "transparent";
  context.fillStyle = colour;
  context.fillText(word.text, word.x, word.baseline);
}

function canvasFor(box: Rect, margin: number) {
  const x = Math.max(0, Math.floor((box.x - margin) / 2) * 2);
  const y = Math.max(0, Math.floor((box.y - margin) / 2) * 2);
  const width = Math.ceil((box.x + box.width + margin - x) / 2) * 2;
  const height = Math.ceil((box.y + box.height + margin - y) / 2) * 2;
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  context.translate(-x, -y);
  return { canvas, context, x, y };
}

/** The still page: every word white. */
export function drawPage(page: CaptionPage, style: TextStyle): Drawn {
  const { canvas, context, x, y } = canvasFor(page.box, 20);
  // Strokes first: a word's stroke must not run over its neighbour's letters.
  for (const shadow of [true, false]) {
    for (const word of page.words) {
      paintWord(context, word, { style, size: page.size, colour: PAPER, shadow });
    }
  }
  return toLayer(canvas, { x, y });
}

/** One word in the accent colour, to lie over its page. */
export function drawSpokenWord(
  page: CaptionPage,
  index: number,
  options: { style: TextStyle; colour: string },
): Drawn {
  const word = page.words[index]!;
  const stroke = Math.ceil(page.size * STROKE_SHARE);
  const box = {
    x: word.x - stroke,
    y: word.baseline - page.size * 1.05 - stroke,
    width: word.width + 2 * stroke,
    height: page.size * 1.4 + 2 * stroke,
  };
  const { canvas, context, x, y } = canvasFor(box, 4);
  paintWord(context, word, { style: options.style, size: page.size, colour: options.colour, shadow: false });
  return toLayer(canvas, { x, y });
}
