// Small pieces that every template is put together from: a text in its box, rows of prices, bounds of blocks.

import type { Part, Rect, Setting, TextBox } from "./layout.ts";
import {
  baselineOf,
  isShortened,
  type Room,
  setText,
  type TextAlign,
  type TextStyle,
  textWidth,
} from "./text.ts";

/** How a part is set in a column. */
export interface TextOptions {
  weight: number;
  colour: string;
  room: Omit<Room, "width">;
  align?: TextAlign;
  tracking?: number;
  struck?: boolean;
}

/** A text at the top of a column; its box is as wide as the column and as high as its lines. */
export function textBox(
  setting: Setting,
  content: { part: Part; text: string },
  options: TextOptions & { x: number; y: number; width: number },
): TextBox {
  const { x, y, width, weight, colour, tracking, struck } = options;
  const style = setting.style(weight, tracking);
  const set = setText(content.text, style, { ...options.room, width });
  const align = options.align ?? (set.rtl === setting.rtl ? "start" : "end");
  return { part: content.part, x, y, width, height: set.height, set, style, colour, align, struck };
}

/** A text in the first of several rooms in which all of it is shown, else in the last one. */
export function wholeTextBox(
  setting: Setting,
  content: { part: Part; text: string },
  options: Omit<TextOptions, "room"> & { rooms: TextOptions["room"][]; x: number; y: number; width: number },
): TextBox {
  const { rooms, ...rest } = options;
  const boxes = rooms.map((room) => () => textBox(setting, content, { ...rest, room }));
  const last = boxes.pop();
  for (const make of boxes) {
    const box = make();
    if (!isShortened(box.set, content.text)) return box;
  }
  return last!();
}

/** A box on the other side of its column, for texts that run from right to left. */
export function mirror<R extends Rect>(rect: R, column: Rect): R {
  return { ...rect, x: 2 * column.x + column.width - rect.x - rect.width };
}

/** The smallest box around others. */
export function bounds(rects: Rect[]): Rect {
  const x = Math.min(...rects.map((rect) => rect.x));
  const y = Math.min(...rects.map((rect) => rect.y));
  const right = Math.max(...rects.map((rect) => rect.x + rect.width));
  const bottom = Math.max(...rects.map((rect) => rect.y + rect.height));
  return { x, y, width: right - x, height: bottom - y };
}

const GAP = 28;
/** A row that would have to shrink further than this becomes two. */
const LEAST_SCALE = 0.85;
/** The old price's size by the current one's. */
const OLD_SHARE = 0.58;

/**
 * Price and, where there is one, the old price after it; the sizes shrink together until the row fits, and where that
 * would make them too small the old price goes below. The boxes are as wide as their texts.
 */
export function priceRow(
  setting: Setting,
  options: { x: number; y: number; width: number; size: number; colour: string; oldColour: string },
): TextBox[] {
  const { price } = setting.input;
  if (!price) return [];
  const { x, y, width, size, colour, oldColour } = options;
  const strong = setting.style(800);
  const plain = setting.style(600);
  const nowWidth = textWidth(price.current, { ...strong, size });
  const oldWidth = price.old === null ? 0 : textWidth(price.old, { ...plain, size: size * OLD_SHARE });
  const row = price.old === null ? nowWidth : nowWidth + GAP + oldWidth;
  const stacked = width / row < LEAST_SCALE && price.old !== null;
  const scale = Math.max(Math.min(1, width / (stacked ? Math.max(nowWidth, oldWidth) : row)), 0.4);
  const now = Math.floor(size * scale);
  const old = Math.floor(size * scale * OLD_SHARE);
  const room = (points: number) => ({ maxHeight: 400, size: points, minSize: 14, lines: 1 });
  const fitted = (text: string, style: TextStyle & { size: number }) =>
    Math.min(Math.ceil(textWidth(text, style)) + 2, width);
  const current = textBox(setting, { part: "price", text: price.current }, {
    x,
    y,
    width: fitted(price.current, { ...strong, size: now }),
    weight: 800,
    colour,
    room: room(now),
  });
  if (price.old === null) return [current];
  const before = textBox(setting, { part: "old_price", text: price.old }, {
    x: stacked ? x : current.x + current.width + GAP,
    y: stacked ? y + current.height : y,
    width: fitted(price.old, { ...plain, size: old }),
    weight: 600,
    colour: oldColour,
    room: room(old),
    struck: true,
  });
  if (stacked) return [current, before];
  // Both stand on one line: the smaller one is lowered to the larger one's baseline.
  return [current, { ...before, y: Math.round(y + baselineOf(current.set) - baselineOf(before.set)) }];
}

/** "−20%", as every language reads it. */
export function savingText(percent: number): string {
  return `−${percent}%`;
}
