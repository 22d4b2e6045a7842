// The end card: the product once more, its price, and the call to action as a button of its own.

import type { Block, Rect, Setting, TextBox } from "./layout.ts";
import { bounds, mirror, mirrored, priceRow, wholeTextBox } from "./stack.ts";
import { INK, mixColours, PAPER } from "./colour.ts";
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

/** Rooms for the title, … */
const TITLE_ROOMS: Omit<Room, "width">[] = [
  { maxHeight: 250, size: 56, minSize: 44, lines: 3 },
  { maxHeight: 270, size: 44, minSize: 38, lines: 5 },
  { maxHeight: 250, size: 36, minSize: 32, lines: 6 },
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
  const box = {
    x: column.x + CTA_INSET,
    y: column.y + column.height - height,
    width: column.width - 2 * CTA_INSET,
    height,
  };
  return {
    name: "cta",
    box,
    plates: [{ ...box, colour: theme.accent, radius: Math.min(height / 2, 72), shadow: true }],
    texts: [{ ...text, y: box.y + CTA_PADDING }],
  };
}

/** Title and price, stacked from y 0; `rooms` are those for the title. */
function cardTexts(setting: Setting, column: Rect, rooms: typeof TITLE_ROOMS): TextBox[] {
  const x = column.x + PADDING;
  const width = column.width - 2 * PADDING;
  const { title: text } = setting.input;
  const look = { weight: 700, colour: INK, rooms };
  const title = wholeTextBox(setting, { part: "title", text }, { x, y: 0, width, ...look });
  const row = priceRow(setting, {
    x,
    y: title.height + 10,
    width,
    size: 72,
    colour: INK,
    oldColour: mixColours(INK, PAPER, 0.42),
  });
  const texts = [title, ...row];
  return mirrored(texts) ? texts.map((text) => mirror(text, column)) : texts;
}

/** The end card's blocks in the upper `height` of the free area. */
export function endCard(setting: Setting, height: number): Block[] {
  const { free } = setting;
  const column = { x: free.x, y: free.y, width: free.width, height };
  const cta = button(setting, column);
  const room = cta.box.y - GAP - column.y - 2 * PADDING;
  const wanted = (column.width - PADDING) * Math.max(1 / setting.ratio, FLATTEST) - PADDING / 2;
  const sets = TITLE_ROOMS.map((_, from) => () => {
    const texts = cardTexts(setting, column, TITLE_ROOMS.slice(from));
    const inside = bounds(texts);
    const side = Math.round(Math.min(wanted, room - inside.height - GAP));
    return { texts, inside, shown: side >= THUMBNAIL_LEAST ? side : 0 };
  });
  // The title gives way to the product's picture before that is left out.
  let set = sets[0]!();
  for (const smaller of sets.slice(1)) if (set.shown === 0) set = smaller();
  const { texts, inside, shown } = set;
  const tall = inside.height + 2 * PADDING - 8 + (shown ? shown + GAP : 0);
  // Card and button together stand in the middle of their column.
  const slack = Math.max(0, Math.floor((column.height - tall - GAP - cta.box.height) / 2));
  const box = { x: column.x, y: column.y + slack, width: column.width, height: tall };
  const lift = (rect: Rect) => box.y + tall + GAP - rect.y;
  const top = box.y + PADDING + (shown ? shown + GAP - 12 : -8);
  const card: Block = {
    name: "card",
    box,
    plates: [{ ...box, colour: PAPER, radius: RADIUS, shadow: true }],
    texts: texts.map((text) => ({ ...text, y: text.y + top })),
    ...(shown
      ? {
        thumbnail: {
          x: box.x + PADDING / 2,
          y: box.y + PADDING / 2,
          width: box.width - PADDING,
          height: shown + PADDING / 2,
          radius: RADIUS - 14,
        },
      }
      : {}),
  };
  const move = lift(cta.box);
  const moved = { ...cta.box, y: cta.box.y + move };
  return [card, {
    ...cta,
    box: moved,
    plates: cta.plates.map((plate) => ({ ...plate, y: plate.y + move })),
    texts: cta.texts.map((text) => ({ ...text, y: text.y + move })),
  }];
}
