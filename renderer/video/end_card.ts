// The end card: the product once more, its price, and the call to action as a button of its own.

import type { Block, Rect, Setting, TextBox } from "./layout.ts";
import { bounds, mirror, priceRow, wholeTextBox } from "./stack.ts";
import { contrast, INK, mixColours, PAPER } from "./colour.ts";
import type { Room } from "./text.ts";

const PADDING = 44;
const GAP = 28;
const CTA_PADDING = 30;
const THUMBNAIL_LEAST = 150;
/** A very wide picture's place on the card is at least this high, by its width. */
const FLATTEST = 0.45;
/** The button keeps inside its column where it overshoots. */
const CTA_INSET = 28;
const RADIUS = 48;
/** Contrast with the backdrop below which a button needs a line around it to be seen as one. */
const STANDS_OUT = 2;
const BUTTON_EDGE = { colour: PAPER, width: 5 };
/** Beside the texts a picture takes this share of the card's width at most, … */
const BESIDE_SHARE = 0.42;
const BESIDE_GAP = 36;
/** … where that shows it this much larger than over them. */
const BESIDE_GAIN = 1.12;
/** A narrower picture's place there is still this wide, by its height. */
const NARROWEST = 0.5;

/** Rooms for the title, over and beside the picture, … */
const TITLE_ROOMS: Omit<Room, "width">[] = [
  { maxHeight: 250, size: 56, minSize: 44, lines: 3 },
  { maxHeight: 270, size: 44, minSize: 38, lines: 5 },
  { maxHeight: 250, size: 36, minSize: 32, lines: 6 },
];

const BESIDE_ROOMS: typeof TITLE_ROOMS = [
  { maxHeight: 280, size: 56, minSize: 44, lines: 5 },
  { maxHeight: 330, size: 44, minSize: 38, lines: 7 },
  { maxHeight: 330, size: 36, minSize: 34, lines: 7 },
];

/** … and for the call to action: on one line while that can be read. */
const ACTION_ROOMS: Omit<Room, "width">[] = [
  { maxHeight: 150, size: 60, minSize: 44, lines: 1 },
  { maxHeight: 150, size: 50, minSize: 36, lines: 2 },
  { maxHeight: 150, size: 36, minSize: 30, lines: 3 },
];

function button(setting: Setting, column: Rect): Block {
  const { theme, input } = setting;
  const text = wholeTextBox(setting, { part: "cta", text: input.cta_text }, {
    x: column.x + CTA_INSET + PADDING,
    y: 0,
    width: column.width - 2 * CTA_INSET - 2 * PADDING,
    weight: 800,
    colour: theme.onAccent,
    align: "center",
    rooms: ACTION_ROOMS,
  });
  const height = text.height + 2 * CTA_PADDING;
  const edge = contrast(theme.accent, theme.backdrop) < STANDS_OUT ? { edge: BUTTON_EDGE } : {};
  const box = {
    x: column.x + CTA_INSET,
    y: column.y + column.height - height,
    width: column.width - 2 * CTA_INSET,
    height,
  };
  return {
    name: "cta",
    box,
    plates: [{ ...box, ...edge, colour: theme.accent, radius: Math.min(height / 2, 72), shadow: true }],
    texts: [{ ...text, y: box.y + CTA_PADDING }],
  };
}

/** What stands on the card, its upper left corner at the column's, and how high it makes the card. */
interface Content {
  texts: TextBox[];
  thumbnail: Rect | null;
  height: number;
}

/** Title and price, stacked from y 0; `rooms` are those for the title. */
function cardTexts(
  setting: Setting,
  place: { x: number; width: number },
  rooms: typeof TITLE_ROOMS,
): TextBox[] {
  const { title: text } = setting.input;
  const look = { weight: 700, colour: INK, rooms };
  const title = wholeTextBox(setting, { part: "title", text }, { ...place, y: 0, ...look });
  const row = priceRow(setting, {
    ...place,
    y: title.height + 10,
    size: 72,
    colour: INK,
    oldColour: mixColours(INK, PAPER, 0.42),
  });
  return [title, ...row];
}

/** The picture over the texts, as wide as the card; left out where they leave no room for it. */
function pictureAbove(setting: Setting, column: Rect, most: number): Content {
  const place = { x: column.x + PADDING, width: column.width - 2 * PADDING };
  const wanted = (column.width - PADDING) * Math.max(1 / setting.ratio, FLATTEST) - PADDING / 2;
  const sets = TITLE_ROOMS.map((_, from) => () => {
    const texts = cardTexts(setting, place, TITLE_ROOMS.slice(from));
    const inside = bounds(texts);
    const side = Math.round(Math.min(wanted, most - 2 * PADDING - inside.height - GAP));
    return { texts, inside, shown: side >= THUMBNAIL_LEAST ? side : 0 };
  });
  // The title gives way to the product's picture before that is left out.
  let set = sets[0]!();
  for (const smaller of sets.slice(1)) if (set.shown === 0) set = smaller();
  const { texts, inside, shown } = set;
  const top = column.y + PADDING + (shown ? shown + GAP - 12 : -8);
  return {
    texts: texts.map((text) => ({ ...text, y: text.y + top })),
    thumbnail: shown === 0 ? null : {
      x: column.x + PADDING / 2,
      y: column.y + PADDING / 2,
      width: column.width - PADDING,
      height: shown + PADDING / 2,
    },
    height: inside.height + 2 * PADDING - 8 + (shown ? shown + GAP : 0),
  };
}

/** The picture beside the texts; null where that would break a word or leave one out. */
function pictureBeside(setting: Setting, column: Rect, most: number): Content | null {
  const ratio = Math.max(setting.ratio, NARROWEST);
  const width = Math.round(Math.min(column.width * BESIDE_SHARE, (most - PADDING) * ratio));
  const height = Math.round(width / ratio);
  const x = column.x + PADDING / 2 + width + BESIDE_GAP;
  const place = { x, width: column.x + column.width - PADDING - x };
  const texts = cardTexts(setting, place, BESIDE_ROOMS);
  const { lines } = texts[0]!.set;
  const inside = bounds(texts);
  const bare = (text: string) => text.replace(/\s/gu, "");
  if (bare(lines.join("")) !== bare(setting.input.title) || inside.height + 2 * PADDING > most) return null;
  const tall = Math.max(height + PADDING, inside.height + 2 * PADDING);
  const middle = (own: number) => column.y + Math.round((tall - own) / 2);
  return {
    texts: texts.map((text) => ({ ...text, y: text.y + middle(inside.height) })),
    thumbnail: { x: column.x + PADDING / 2, y: middle(height), width, height },
    height: tall,
  };
}

/** How high the picture itself is shown: its place is often wider. */
function shownHeight({ thumbnail }: Content, ratio: number): number {
  return thumbnail ? Math.min(thumbnail.height, thumbnail.width / ratio) : 0;
}

/** The card, in the middle of what of its column the button leaves. */
function card(setting: Setting, column: Rect, most: number): Block {
  const above = pictureAbove(setting, column, most);
  const beside = pictureBeside(setting, column, most);
  const gain = beside ? shownHeight(beside, setting.ratio) / shownHeight(above, setting.ratio) : 0;
  const content = beside && gain >= BESIDE_GAIN ? beside : above;
  const { height } = content;
  const turned = <R extends Rect>(rect: R) => setting.rtl ? mirror(rect, column) : rect;
  const box = { ...column, height };
  const thumbnail = content.thumbnail && { ...turned(content.thumbnail), radius: RADIUS - 14 };
  return {
    name: "card",
    box,
    plates: [{ ...box, colour: PAPER, radius: RADIUS, shadow: true }],
    texts: content.texts.map(turned),
    ...(thumbnail ? { thumbnail } : {}),
  };
}

function lowered(block: Block, by: number): Block {
  const move = <R extends Rect>(rect: R): R => ({ ...rect, y: rect.y + by });
  return {
    ...block,
    box: move(block.box),
    plates: block.plates.map(move),
    texts: block.texts.map(move),
    ...(block.thumbnail ? { thumbnail: move(block.thumbnail) } : {}),
  };
}

/** The end card's blocks in the upper `height` of the free area. */
export function endCard(setting: Setting, height: number): Block[] {
  const { free } = setting;
  const column = { x: free.x, y: free.y, width: free.width, height };
  const cta = button(setting, column);
  const above = card(setting, column, height - cta.box.height - GAP);
  // Card and button together stand in the middle of their column.
  const slack = Math.max(0, Math.floor((height - above.box.height - GAP - cta.box.height) / 2));
  return [lowered(above, slack), lowered(cta, slack + above.box.y + above.box.height + GAP - cta.box.y)];
}
