// Small pieces that every template is put together from: a text in its box, rows of prices, bounds of blocks.

import type { Part, Rect, Setting, TextBox } from "./layout.ts";
import { type Room, setText, textWidth } from "./text.ts";

/** How a part is set in a column. */
export interface TextOptions {
  weight: number;
  colour: string;
  room: Omit<Room, "width">;
  align?: "start" | "center";
  tracking?: number;
  struck?: boolean;
}

/** A text at the top of a column; its box is as wide as the column and as high as its lines. */
export function textBox(
  setting: Setting,
  content: { part: Part; text: string },
  options: TextOptions & { x: number; y: number; width: number },
): TextBox {
  const { x, y, width, weight, colour, tracking, struck, align = "start" } = options;
  const style = setting.style(weight, tracking);
  const set = setText(content.text, style, { ...options.room, width });
  return { part: content.part, x, y, width, height: set.height, set, style, colour, align, struck };
}

/** Whether the product's texts run from right to left: its title decides for the whole layout. */
export function mirrored(texts: TextBox[]): boolean {
  return texts.some((text) => text.part === "title" && text.set.rtl);
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

/**
 * Price and, where there is one, the old price after it in one row; the sizes shrink together until the row fits.
 * The boxes are as wide as their texts.
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
  let scale = 1;
  const oldSize = () => Math.round(size * scale * 0.58);
  const widths = () =>
    [
      textWidth(price.current, { ...strong, size: Math.round(size * scale) }),
      price.old === null ? 0 : textWidth(price.old, { ...plain, size: oldSize() }) + GAP,
    ] as const;
  while (scale > 0.4 && widths()[0] + widths()[1] > width) scale -= 0.04;
  const now = Math.round(size * scale);
  const [nowWidth, oldWidth] = widths();
  const room = (points: number) => ({ maxHeight: 400, size: points, minSize: 14, lines: 1 });
  const current = textBox(setting, { part: "price", text: price.current }, {
    x,
    y,
    width: Math.min(Math.ceil(nowWidth) + 2, width),
    weight: 800,
    colour,
    room: room(now),
  });
  if (price.old === null) return [current];
  const old = textBox(setting, { part: "old_price", text: price.old }, {
    x: current.x + current.width + GAP,
    y,
    width: Math.ceil(oldWidth - GAP) + 2,
    weight: 600,
    colour: oldColour,
    room: room(oldSize()),
    struck: true,
  });
  // Both stand on one line: the smaller one is lowered to the larger one's baseline.
  const baseline = (box: TextBox) => (box.set.lineHeight - box.set.size) / 2 + box.set.size * 0.86;
  return [current, { ...old, y: Math.round(y + baseline(current) - baseline(old)) }];
}

/** "−20%", as every language reads it. */
export function savingText(percent: number): string {
  return `−${percent}%`;
}
