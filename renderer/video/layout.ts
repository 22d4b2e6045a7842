// Layout: where every text, plate, picture and caption of a video lies, as boxes, before anything is drawn.

import type { RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { FRAME, PRESETS } from "./presets.ts";
import { fontStack } from "./fonts.ts";
import { createTheme, type Theme } from "./colour.ts";
import { isRightToLeft, type SetText, type TextAlign, type TextStyle } from "./text.ts";
import { LAYOUTS } from "./templates.ts";
import { endCard } from "./end_card.ts";

/** Whole pixels of the frame. */
export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where a picture that does not fill the frame goes; a tall one may reach down to `lowest`, under the captions. */
export interface PicturePlace extends Rect {
  lowest: number;
}

export const PARTS = ["brand", "title", "price", "old_price", "saving", "captions", "cta"] as const;
export type Part = (typeof PARTS)[number];

/** A text in its box: the box holds every line with ascenders and descenders. */
export interface TextBox extends Rect {
  part: Part;
  set: SetText;
  style: TextStyle;
  colour: string;
  align: TextAlign;
  struck?: boolean;
}

export interface Plate extends Rect {
  colour: string;
  /** Less than 1: the picture shimmers through. */
  opacity?: number;
  /** A line around it; dark plates have a faint one of their own. */
  edge?: { colour: string; width: number };
  radius: number;
  shadow: boolean;
}

/** What enters and leaves as one: plates below, texts above. */
export interface Block {
  name: "heading" | "offer" | "saving" | "card" | "cta";
  box: Rect;
  plates: Plate[];
  texts: TextBox[];
  /** Where the end card shows the product again. */
  thumbnail?: Rect & { radius: number };
}

export interface Layout {
  /** The area that the platform leaves free. */
  free: Rect;
  theme: Theme;
  /** Mirrored: what comes first is on the right. */
  rtl: boolean;
  /** Shown from the start until the end card. */
  main: Block[];
  /** The end card. */
  end: Block[];
  /** Two lines of captions, before the end card and over it (null where nothing is said then). */
  captions: Rect;
  endCaptions: Rect | null;
  picture: PicturePlace;
  /** Marks for several pictures, or null. */
  dots: Rect | null;
}

/** What a layout is made of. */
export type LayoutInput = Pick<
  RenderSpec,
  | "template"
  | "encoding_preset"
  | "language"
  | "title"
  | "brand"
  | "price"
  | "cta_text"
  | "primary_color"
  | "accent_color"
  | "font"
>;

/** What templates work with. */
export interface Setting {
  input: LayoutInput;
  free: Rect;
  theme: Theme;
  /** Whether the whole layout is mirrored: the product's title decides. */
  rtl: boolean;
  style(weight: number, tracking?: number): TextStyle;
  /** Captions at the lower edge of the free area. */
  captions: Rect;
  pictures: number;
  /** The first picture's width by its height. */
  ratio: number;
  /** Whether the voice goes on over the end card. */
  spokenEnd: boolean;
}

/** Two lines of the largest captions and their stroke. */
const CAPTIONS_HEIGHT = 268;
/** Over the end card they are smaller: the call to action comes first there. */
const END_CAPTIONS_HEIGHT = 196;
const END_GAP = 20;
/** Nothing touches the covered area, not even where it pulses: blocks stay this far from it. */
const BREATHING = 12;

/** The free area of a platform. */
export function freeArea(preset: RenderSpec["encoding_preset"]): Rect {
  const { top, right, bottom, left } = PRESETS[preset].covered;
  return { x: left, y: top, width: FRAME.width - left - right, height: FRAME.height - top - bottom };
}

/** Lays a video out. `pictures` is how many there are, `ratio` the first one's width by its height. */
export function layOut(
  input: LayoutInput,
  options: { pictures: number; ratio?: number; spokenEnd?: boolean },
): Layout {
  const area = freeArea(input.encoding_preset);
  const free = {
    x: area.x + BREATHING,
    y: area.y + BREATHING,
    width: area.width - 2 * BREATHING,
    height: area.height - 2 * BREATHING,
  };
  const stack = fontStack({ language: input.language, family: input.font });
  const theme = createTheme({ primary: input.primary_color, accent: input.accent_color });
  const setting: Setting = {
    input,
    free,
    theme,
    rtl: isRightToLeft(input.title, input.language),
    style: (weight, tracking = 0) => ({ stack, weight, tracking, language: input.language }),
    captions: {
      x: free.x,
      y: free.y + free.height - CAPTIONS_HEIGHT,
      width: free.width,
      height: CAPTIONS_HEIGHT,
    },
    pictures: options.pictures,
    ratio: options.ratio ?? 1,
    spokenEnd: options.spokenEnd ?? true,
  };
  const bottom = free.y + free.height;
  const endCaptions = setting.spokenEnd
    ? { ...setting.captions, y: bottom - END_CAPTIONS_HEIGHT, height: END_CAPTIONS_HEIGHT }
    : null;
  const end = endCard(setting, endCaptions ? endCaptions.y - free.y - END_GAP : free.height);
  return { free: area, theme, rtl: setting.rtl, end, endCaptions, ...LAYOUTS[input.template](setting) };
}
