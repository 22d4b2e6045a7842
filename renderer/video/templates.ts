// The three templates: how each arranges its heading, offer, captions and picture in the platform's free area.

import type { Template } from "../../supabase/functions/_shared/contracts/options.ts";
import type { Block, Layout, Rect, Setting, TextBox } from "./layout.ts";
import { bounds, mirror, mirrored, priceRow, savingText, textBox } from "./stack.ts";
import { FRAME } from "./presets.ts";
import { mixColours } from "./colour.ts";

type Arranged = Omit<Layout, "free" | "theme" | "end">;

const PADDING = 40;
const GAP = 20;
const RADIUS = 40;
const SIDE_OF_PICTURE = 60;
const DOTS_HEIGHT = 8;
/** The lowest line that a picture may reach: below lie the platform's own texts. */
const PICTURE_BOTTOM = 1640;

function withBrand(
  setting: Setting,
  options: { x: number; y: number; width: number; onPlate: boolean },
): TextBox[] {
  const { brand, title } = setting.input;
  const { x, width, onPlate } = options;
  const { theme } = setting;
  const texts: TextBox[] = [];
  let y = options.y;
  if (brand?.trim()) {
    const box = textBox(setting, { part: "brand", text: brand }, {
      x,
      y,
      width,
      weight: 700,
      tracking: 0.06,
      colour: onPlate ? theme.accentOnPrimary : "#ffffff",
      room: { maxHeight: 100, size: 34, minSize: 24, lines: 1 },
      shadow: !onPlate,
    });
    texts.push(box);
    y += box.height + 6;
  }
  texts.push(textBox(setting, { part: "title", text: title }, {
    x,
    y,
    width,
    weight: 800,
    tracking: -0.01,
    colour: onPlate ? theme.onPrimary : "#ffffff",
    room: { maxHeight: 290, size: onPlate ? 66 : 78, minSize: 36, lines: 3, linesAtMin: 6 },
    shadow: !onPlate,
  }));
  return texts;
}

function headingPlate(setting: Setting, top: number): Block {
  const { free, theme } = setting;
  const texts = withBrand(setting, {
    x: free.x + PADDING,
    y: top + PADDING - 8,
    width: free.width - 2 * PADDING,
    onPlate: true,
  });
  const { y, height } = bounds(texts);
  const box = { x: free.x, y: top, width: free.width, height: y + height - top + PADDING - 8 };
  return {
    name: "heading",
    box,
    plates: [{ ...box, colour: theme.primary, radius: RADIUS, shadow: true }],
    texts,
  };
}

function headingOnScrim(setting: Setting, top: number): Block {
  const { free } = setting;
  const texts = withBrand(setting, { x: free.x, y: top, width: free.width, onPlate: false });
  return { name: "heading", box: bounds(texts), plates: [], texts };
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
    colour: "#14151a",
    align: "center",
    room: { maxHeight: height, size, minSize: size, lines: 1 },
  });
  const width = text.set.width + 2 * Math.round(height * 0.32);
  const box = { x, y, width, height };
  return {
    name: "saving",
    box,
    plates: [{ ...box, colour: "#ffffff", radius: Math.min(RADIUS, height / 2), shadow: true }],
    texts: [{ ...text, width, y: Math.round(y + (height - text.height) / 2) }],
  };
}

function mirrorBlock(block: Block, column: Rect): Block {
  return {
    ...block,
    box: mirror(block.box, column),
    plates: block.plates.map((plate) => mirror(plate, column)),
    texts: block.texts.map((text) => mirror(text, column)),
  };
}

function inReadingOrder(blocks: (Block | null)[], column: Rect): Block[] {
  const present = blocks.filter((block): block is Block => block !== null);
  const rtl = mirrored(present.flatMap((block) => block.texts));
  return rtl ? present.map((block) => mirrorBlock(block, column)) : present;
}

function pictureBelow(top: number, bottom = PICTURE_BOTTOM): Rect {
  return {
    x: SIDE_OF_PICTURE,
    y: top,
    width: FRAME.width - 2 * SIDE_OF_PICTURE,
    height: Math.max(bottom - top, 480),
  };
}

function below(blocks: (Block | null)[]): number {
  return Math.max(...blocks.map((block) => block ? block.box.y + block.box.height : 0));
}

function productSpotlight(setting: Setting): Arranged {
  const { free, captions } = setting;
  const heading = headingPlate(setting, free.y);
  const y = below([heading]) + GAP;
  const percent = setting.input.price?.saving_percent ?? null;
  const offer = offerPill(setting, { y, size: 72, maxWidth: free.width - (percent === null ? 0 : 230) });
  const saving = offer &&
    savingPill(setting, { x: offer.box.x + offer.box.width + GAP, y, height: offer.box.height, size: 48 });
  const main = inReadingOrder([heading, offer, saving], free);
  return { main, captions, scrims: [], picture: pictureBelow(below(main) + 36), dots: null };
}

function saleBanner(setting: Setting): Arranged {
  const { free, captions } = setting;
  const saving = savingPill(setting, { x: free.x, y: free.y, height: 148, size: 104 });
  const heading = headingOnScrim(setting, saving ? below([saving]) + GAP : free.y);
  const { offer, top } = banner(setting);
  const accented = saving &&
    { ...saving, plates: saving.plates.map((p) => ({ ...p, colour: setting.theme.accent })) };
  const inked = accented && {
    ...accented,
    texts: accented.texts.map((text) => ({ ...text, colour: setting.theme.onAccent })),
  };
  const main = inReadingOrder([inked, heading, offer], free);
  const end = below([heading]);
  return {
    main,
    captions: { ...captions, y: top - GAP - captions.height },
    scrims: [{ edge: "top", solid: end, reach: end + 260 }],
    picture: pictureBelow(end + 40),
    dots: null,
  };
}

/** The price over the whole width at the lower edge of the free area. */
function banner(setting: Setting): { offer: Block | null; top: number } {
  const { free, theme } = setting;
  const bottom = free.y + free.height;
  const options = { x: free.x + PADDING, width: free.width - 2 * PADDING, size: 92 };
  const colours = { colour: theme.onPrimary, oldColour: mixColours(theme.onPrimary, theme.primary, 0.2) };
  const measured = priceRow(setting, { ...options, ...colours, y: 0 });
  if (measured.length === 0) return { offer: null, top: bottom };
  const inside = bounds(measured);
  const box = { x: free.x, y: bottom - inside.height - 44, width: free.width, height: inside.height + 44 };
  // The row stands in the middle of its banner.
  const shift = Math.round((options.width - inside.width) / 2);
  const texts = measured.map((text) => ({ ...text, x: text.x + shift, y: text.y + box.y + 22 - inside.y }));
  const plates = [{ ...box, colour: theme.primary, radius: RADIUS, shadow: true }];
  return { offer: { name: "offer", box, plates, texts }, top: box.y };
}

function collectionShowcase(setting: Setting): Arranged {
  const { free, captions, pictures } = setting;
  const dots = pictures > 1 ? { x: free.x, y: free.y, width: free.width, height: DOTS_HEIGHT } : null;
  const heading = headingOnScrim(setting, free.y + (dots ? DOTS_HEIGHT + GAP + 8 : 0));
  const probe = offerPill(setting, { y: 0, size: 68, maxWidth: free.width - 200 });
  const top = free.y + free.height - (probe?.box.height ?? -GAP);
  const offer = probe && offerPill(setting, { y: top, size: 68, maxWidth: free.width - 200 });
  const saving = offer &&
    savingPill(setting, {
      x: offer.box.x + offer.box.width + GAP,
      y: top,
      height: offer.box.height,
      size: 46,
    });
  const end = below([heading]);
  return {
    main: inReadingOrder([heading, offer, saving], free),
    captions: { ...captions, y: top - GAP - captions.height },
    scrims: [{ edge: "top", solid: end, reach: end + 260 }],
    picture: pictureBelow(end + 40),
    dots,
  };
}

export const LAYOUTS: Record<Template, (setting: Setting) => Arranged> = {
  product_spotlight: productSpotlight,
  sale_banner: saleBanner,
  collection_showcase: collectionShowcase,
};
