// The three templates: how each arranges its heading, offer, captions and picture in the platform's free area.

import type { Template } from "../../supabase/functions/_shared/contracts/options.ts";
import type { Block, Layout, Rect, Setting, TextBox } from "./layout.ts";
import { bounds, mirror, priceRow, savingText, textBox, type TextOptions, wholeTextBox } from "./stack.ts";
import { isShortened } from "./text.ts";
import { ZOOM_OF_ONE } from "./motion.ts";
import { FRAME } from "./presets.ts";
import { INK, mixColours, PAPER, readableOn } from "./colour.ts";

type Arranged = Omit<Layout, "free" | "theme" | "rtl" | "end" | "endCaptions">;

const PADDING = 40;
const TIGHT_PADDING = 26;
const GAP = 20;
const RADIUS = 40;
/** Zoomed in, a picture of this width still has a margin in the frame. */
const PICTURE_WIDTH = 920;
const DOTS_HEIGHT = 8;
/** The lowest line that a picture is fitted to: below lie the platform's own texts. */
const PICTURE_BOTTOM = 1660;
/** Height between texts and captions that a picture needs; less, and the captions go elsewhere. */
const ROOM_FOR_PICTURE = 380;
/** A tall picture would be narrow below the captions: it has them over its middle where its head stays free. */
const ROOM_FOR_HEAD = 230;
const TALL = 0.8;
const LEAST_PICTURE = 640;
/** Where captions stand over it, a picture's place is at least this high. */
const LEAST_PLACE = 400;
/** What a saving beside a price takes at most, with the gap. */
const SAVING_WIDTH = 260;
const SAVING_HEIGHT = 124;
/** Kept over and under two prices that stand on one another in a row of fixed height. */
const STACKED_PADDING = 17;

/** Platforms that cover a lot leave less than this: texts are set smaller there. */
const LOW_AREA = 1100;

function isLow(free: Rect): boolean {
  return free.height < LOW_AREA;
}

/** How a template's heading looks. */
interface HeadingLook {
  plate: string;
  opacity: number;
  title: string;
  brand: string;
}

/** A title below this size has earned a higher plate. */
const READABLE_TITLE = 48;
/** The sizes that are tried there: the first that shows the whole title. */
const LONG_TITLE = { sizes: [56, 52, 48, 44, 40], lines: 7 };
/** How high a long title may get: captions keep their place above the product, or find one below the texts. */
const LONG_TITLE_HEIGHT: Record<Template, number> = {
  product_spotlight: 390,
  sale_banner: 316,
  collection_showcase: 350,
};
const LONG_TITLE_LOW_HEIGHT = 300;

/** The title as large as its usual room allows; one that would be hard to read there gets a higher one. */
function titleBox(
  setting: Setting,
  place: { x: number; y: number; width: number; colour: string },
): TextBox {
  const { free, input } = setting;
  const style = { ...place, weight: 800, tracking: -0.012 };
  const box = (room: TextOptions["room"]) =>
    textBox(setting, { part: "title", text: input.title }, { ...style, room });
  const low = isLow(free);
  const usual = box({
    maxHeight: low ? 200 : 304,
    size: low ? 72 : 80,
    minSize: 36,
    lines: 5,
    linesAtMin: 6,
  });
  if (usual.set.size >= READABLE_TITLE) return usual;
  const maxHeight = low ? LONG_TITLE_LOW_HEIGHT : LONG_TITLE_HEIGHT[input.template];
  const { sizes, lines } = LONG_TITLE;
  const larger = sizes.filter((size) => size > usual.set.size)
    .map((size) => box({ maxHeight, size, minSize: size, lines }));
  return larger.find((each) => !isShortened(each.set, input.title)) ?? usual;
}

function headingTexts(setting: Setting, options: { y: number; look: HeadingLook }): TextBox[] {
  const { free, input } = setting;
  const column = { x: free.x + PADDING, width: free.width - 2 * PADDING };
  const { look } = options;
  const texts: TextBox[] = [];
  let { y } = options;
  if (input.brand?.trim()) {
    const box = wholeTextBox(setting, { part: "brand", text: input.brand }, {
      ...column,
      y,
      weight: 700,
      tracking: 0.05,
      colour: look.brand,
      rooms: [
        { maxHeight: 100, size: 38, minSize: 30, lines: 1 },
        { maxHeight: 100, size: 30, minSize: 28, lines: 2 },
      ],
    });
    texts.push(box);
    y += box.height + 4;
  }
  const title = titleBox(setting, { ...column, y, colour: look.title });
  return [...texts, title];
}

/** Brand and title on a plate as wide as they need. */
function heading(setting: Setting, options: { y: number; look: HeadingLook }): Block {
  const { free } = setting;
  const { y, look } = options;
  const set = headingTexts(setting, { y: y + PADDING - 10, look });
  const width = Math.min(free.width - 2 * PADDING, Math.max(...set.map((text) => text.set.width)) + 2);
  const texts = set.map((text) => ({ ...text, width }));
  const inside = bounds(texts);
  const box = {
    x: free.x,
    y,
    width: width + 2 * PADDING,
    height: inside.y + inside.height - y + PADDING - 8,
  };
  const plate = { ...box, colour: look.plate, opacity: look.opacity, radius: RADIUS, shadow: true };
  return { name: "heading", box, plates: [plate], texts };
}

/** Price on a plate of the accent colour, as wide as it needs to be. */
function offerPill(setting: Setting, options: { y: number; size: number; maxWidth: number }): Block | null {
  const { free, theme } = setting;
  const { y, size, maxWidth } = options;
  const texts = priceRow(setting, {
    x: free.x + PADDING,
    y: y + 16,
    width: maxWidth - 2 * PADDING,
    size,
    colour: theme.onAccent,
    oldColour: mixColours(theme.onAccent, theme.accent, 0.15),
  });
  if (texts.length === 0) return null;
  const inside = bounds(texts);
  const box = { x: free.x, y, width: inside.width + 2 * PADDING, height: inside.height + 32 };
  return {
    name: "offer",
    box,
    plates: [{ ...box, colour: theme.accent, radius: Math.min(RADIUS, box.height / 2), shadow: true }],
    texts,
  };
}

/** The saving on a plate of its own, at `x`, `y`. */
function savingPill(
  setting: Setting,
  options: { x: number; y: number; height: number; size: number },
): Block | null {
  const percent = setting.input.price?.saving_percent ?? null;
  if (percent === null) return null;
  const { x, y, height, size } = options;
  const text = textBox(setting, { part: "saving", text: savingText(percent) }, {
    x,
    y,
    width: 400,
    weight: 800,
    colour: INK,
    align: "center",
    room: { maxHeight: height, size, minSize: size, lines: 1 },
  });
  const width = text.set.width + 2 * Math.min(Math.round(height * 0.32), PADDING);
  const box = { x, y, width, height };
  return {
    name: "saving",
    box,
    plates: [{ ...box, colour: PAPER, radius: Math.min(RADIUS, height / 2), shadow: true }],
    texts: [{ ...text, width, y: Math.round(y + (height - text.height) / 2) }],
  };
}

function savingBeside(setting: Setting, offer: Block, size: number): Block | null {
  const { x, y, width, height } = offer.box;
  const own = Math.min(height, SAVING_HEIGHT);
  const middle = y + Math.floor((height - own) / 2);
  return savingPill(setting, { x: x + width + GAP, y: middle, height: own, size });
}

function mirrorBlock(block: Block, column: Rect): Block {
  return {
    ...block,
    box: mirror(block.box, column),
    plates: block.plates.map((plate) => mirror(plate, column)),
    texts: block.texts.map((text) => mirror(text, column)),
  };
}

function inReadingOrder(blocks: (Block | null)[], { free, rtl }: Setting): Block[] {
  const present = blocks.filter((block): block is Block => block !== null);
  return rtl ? present.map((block) => mirrorBlock(block, free)) : present;
}

function below(blocks: (Block | null)[]): number {
  return Math.max(...blocks.map((block) => block ? block.box.y + block.box.height : 0));
}

/**
 * Where captions and picture go, between what stands above and what stands below. Where a platform leaves little height
 * the captions follow the texts above, so that they do not hide the product.
 */
function arrange(
  setting: Setting,
  options: { top: number; bottom: number; lowest?: number },
): Pick<Arranged, "captions" | "picture"> {
  const { captions, free, ratio } = setting;
  const { top, bottom } = options;
  const y = bottom - GAP - captions.height;
  const wide = { x: (FRAME.width - PICTURE_WIDTH) / 2, width: PICTURE_WIDTH };
  if (y - top >= (ratio < TALL ? ROOM_FOR_HEAD : ROOM_FOR_PICTURE)) {
    const start = top + 36;
    // Zoomed in, the picture ends above what stands below.
    const lowest = options.lowest ?? Math.floor(start + (bottom - GAP - start) / ZOOM_OF_ONE);
    const end = Math.min(Math.max(y + captions.height * 0.6, top + LEAST_PICTURE), lowest);
    return { captions: { ...captions, y }, picture: { ...wide, y: start, height: end - start, lowest } };
  }
  const lower = { ...captions, y: top + GAP };
  const start = lower.y + lower.height + GAP;
  // A flat one stands under the captions, not halfway down to the platform's own texts.
  const height = Math.min(PICTURE_BOTTOM - start, Math.max(free.y + free.height - start, LEAST_PLACE));
  return { captions: lower, picture: { ...wide, y: start, height, lowest: PICTURE_BOTTOM } };
}

function productSpotlight(setting: Setting): Arranged {
  const { free, theme } = setting;
  const look = { plate: theme.primary, opacity: 1, title: theme.onPrimary, brand: theme.accentOnPrimary };
  const head = heading(setting, { y: free.y, look });
  const y = below([head]) + GAP;
  const percent = setting.input.price?.saving_percent ?? null;
  const offer = offerPill(setting, {
    y,
    size: 76,
    maxWidth: free.width - (percent === null ? 0 : SAVING_WIDTH),
  });
  const saving = offer && savingBeside(setting, offer, 50);
  const main = inReadingOrder([head, offer, saving], setting);
  const room = { top: below(main), bottom: free.y + free.height, lowest: PICTURE_BOTTOM };
  return { main, dots: null, ...arrange(setting, room) };
}

/** First what is saved and what it costs now, over the whole width; then what it is. */
function saleBanner(setting: Setting): Arranged {
  const { free, theme } = setting;
  const top = saleRow(setting);
  const look = { plate: PAPER, opacity: 1, title: INK, brand: readableOn(PAPER, theme.accent) };
  const head = heading(setting, { y: top.length > 0 ? below(top) + GAP : free.y, look });
  const main = inReadingOrder([...top, head], setting);
  const room = { top: below(main), bottom: free.y + free.height, lowest: PICTURE_BOTTOM };
  return { main, dots: null, ...arrange(setting, room) };
}

/** Saving and price side by side, the price as wide as what the saving leaves. Nothing where there is no price. */
function saleRow(setting: Setting): Block[] {
  const { free, theme } = setting;
  const place = { x: free.x, y: free.y };
  const sizes = isLow(free) ? { height: 166, size: 84, price: 76 } : { height: 192, size: 96, price: 88 };
  const pill = savingPill(setting, { ...place, height: sizes.height, size: sizes.size });
  const left = pill ? pill.box.width + GAP : 0;
  const width = free.width - left;
  const maxWidth = width + 2 * (PADDING - TIGHT_PADDING);
  const offer = offerPill(setting, { y: free.y, size: sizes.price, maxWidth });
  if (!offer) return [];
  const inside = bounds(offer.texts);
  const height = pill ? Math.max(sizes.height, inside.height + 2 * STACKED_PADDING) : offer.box.height;
  const box = { x: free.x + left, y: free.y, width, height };
  const [current, old] = offer.texts;
  const stacked = old !== undefined && old.x === current!.x;
  // The price stands in the middle of what is its own.
  const shift = {
    x: Math.round(box.x + (width - inside.width) / 2 - inside.x),
    y: Math.round(box.y + (height - inside.height) / 2 - inside.y),
  };
  const price = recoloured({
    ...offer,
    box,
    plates: offer.plates.map((plate) => ({ ...plate, ...box, radius: RADIUS })),
    texts: offer.texts.map((text) => ({
      ...text,
      x: stacked ? Math.round(box.x + (width - text.width) / 2) : text.x + shift.x,
      y: text.y + shift.y,
    })),
  }, { plate: theme.primary, text: theme.onPrimary });
  if (!pill) return [price];
  return [recoloured(heightened(pill, height), { plate: theme.accent, text: theme.onAccent }), price];
}

/** A block of one line, its box made higher about it. */
function heightened(block: Block, height: number): Block {
  const more = height - block.box.height;
  return {
    ...block,
    box: { ...block.box, height },
    plates: block.plates.map((plate) => ({ ...plate, height })),
    texts: block.texts.map((text) => ({ ...text, y: text.y + Math.round(more / 2) })),
  };
}

function recoloured(block: Block, colours: { plate: string; text: string }): Block {
  const muted = mixColours(colours.text, colours.plate, 0.2);
  return {
    ...block,
    plates: block.plates.map((plate) => ({ ...plate, colour: colours.plate })),
    texts: block.texts.map((text) => ({ ...text, colour: text.part === "old_price" ? muted : colours.text })),
  };
}

function collectionShowcase(setting: Setting): Arranged {
  const { free, theme, pictures } = setting;
  const look = { plate: INK, opacity: 0.86, title: PAPER, brand: readableOn(INK, theme.accent) };
  const head = heading(setting, { y: free.y, look });
  const dots = pictures > 1
    ? {
      x: free.x + PADDING,
      y: below([head]) + GAP,
      width: free.width - 2 * PADDING,
      height: DOTS_HEIGHT,
    }
    : null;
  const under = dots ? dots.y + DOTS_HEIGHT + GAP : below([head]) + GAP;
  const bottom = free.y + free.height;
  const percent = setting.input.price?.saving_percent ?? null;
  const pills = (y: number) => {
    const offer = offerPill(setting, {
      y,
      size: 70,
      maxWidth: free.width - (percent === null ? 0 : SAVING_WIDTH),
    });
    return [offer, offer && savingBeside(setting, offer, 46)];
  };
  const height = pills(0)[0]?.box.height ?? -GAP;
  const room = arrange(setting, {
    top: under,
    bottom: bottom - height,
    lowest: height > 0 ? undefined : PICTURE_BOTTOM,
  });
  // Above a price at the lower edge a tall picture would be narrow.
  if (setting.ratio >= TALL && room.captions.y > under + ROOM_FOR_PICTURE) {
    return { main: inReadingOrder([head, ...pills(bottom - height)], setting), dots, ...room };
  }
  const main = inReadingOrder([head, ...pills(under)], setting);
  const top = Math.max(under, below(main));
  return { main, dots, ...arrange(setting, { top, bottom, lowest: PICTURE_BOTTOM }) };
}

export const LAYOUTS: Record<Template, (setting: Setting) => Arranged> = {
  product_spotlight: productSpotlight,
  sale_banner: saleBanner,
  collection_showcase: collectionShowcase,
};
