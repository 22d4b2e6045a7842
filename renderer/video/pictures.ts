// Pictures: fitted once to a still somewhat larger than the frame, which the motion moves over.

import { Buffer } from "node:buffer";
import sharp, { type Sharp } from "sharp";
import type { PicturePlace, Rect } from "./layout.ts";
import { FRAME } from "./presets.ts";

/** Interleaved RGB, 3 bytes a pixel. */
export interface Pixels {
  data: Uint8Array;
  width: number;
  height: number;
}

/** Stills are this much larger than the frame: less shimmer than 2x, and room for the zoom. */
export const STILL_SCALE = 1.25;
export const STILL = { width: FRAME.width * STILL_SCALE, height: FRAME.height * STILL_SCALE } as const;
/** A picture fills the frame when at most this share of it is cut off: 9:16 and what is near; a model's 2:3 stays whole. */
const MOST_CUT = 0.12;
const SHADOW_DROP = 22;
const SHADOW_BLUR = 8.5;
/** Grey of what a shadow takes: 0.55 of the light. */
const SHADOW_LIGHT = "#8c8c8c";
const BACKDROP_SHRINK = 4;
const BACKDROP_BLUR = 30;
const CORNER = 44 * STILL_SCALE;
/** A very flat or narrow picture keeps its ends: its corners take this share of its shorter side at most. */
const CORNER_SHARE = 0.16;
/** Border pixels this alike (standard deviation) are a studio background, which is carried on instead of a backdrop. */
const PLAIN_DEVIATION = 7;
/** What differs from a plain background by more than this belongs to the product or its shadow. */
const PLAIN_DISTANCE = 10;
/** Kept around a product on a plain background, of its larger side. */
const PRODUCT_MARGIN = 0.05;
/** A product is shown larger by cutting its background down to this share of either side, no further. */
const LEAST_KEPT = 0.4;
/** Enlarging further than this only shows the picture's own grain. */
const MOST_ENLARGED = 8;
/** Threads that work on one picture. */
const MOST_THREADS = 4;

// Nothing is read twice: the cache would only hold memory.
sharp.cache(false);
// Its own choice is one thread on most Linux: the encoder waits for the first picture.
sharp.concurrency(Math.min(navigator.hardwareConcurrency, MOST_THREADS));

function load(pixels: Pixels) {
  const { data, width, height } = pixels;
  return sharp(data, { raw: { width, height, channels: 3 } });
}

async function toPixels(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.removeAlpha().toColourspace("srgb").raw().toBuffer({
    resolveWithObject: true,
  });
  return {
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    width: info.width,
    height: info.height,
  };
}

/** The colour of a picture's border, where it is the same all around; else null. */
export function plainBorder(pixels: Pixels): [number, number, number] | null {
  const { data, width, height } = pixels;
  const sums = [0, 0, 0];
  const squares = [0, 0, 0];
  let count = 0;
  const visit = (x: number, y: number) => {
    for (let channel = 0; channel < 3; channel++) {
      const value = data[(y * width + x) * 3 + channel]!;
      sums[channel]! += value;
      squares[channel]! += value * value;
    }
    count++;
  };
  const inset = Math.max(1, Math.round(Math.min(width, height) * 0.01));
  for (let x = 0; x < width; x += 2) for (const y of [inset, height - 1 - inset]) visit(x, y);
  for (let y = 0; y < height; y += 2) for (const x of [inset, width - 1 - inset]) visit(x, y);
  const means = sums.map((sum) => sum / count) as [number, number, number];
  const alike = means.every((mean, i) =>
    Math.sqrt(Math.max(0, squares[i]! / count - mean * mean)) < PLAIN_DEVIATION
  );
  return alike ? means : null;
}

function cover(pixels: Pixels): Promise<Pixels> {
  const { width, height } = STILL;
  return toPixels(
    load(pixels).resize(width, height, { fit: "cover", position: "attention", kernel: "lanczos3" }),
  );
}

/** The largest size of a ratio inside a box, in whole even pixels; a small picture is not enlarged to mush. */
function fitInside(
  pixels: Pixels,
  box: { width: number; height: number },
): { width: number; height: number } {
  const scale = Math.min(box.width / pixels.width, box.height / pixels.height, MOST_ENLARGED * STILL_SCALE);
  const even = (value: number) => Math.max(2, Math.round(value / 2) * 2);
  return { width: even(pixels.width * scale), height: even(pixels.height * scale) };
}

/** Where a picture goes: in the middle of its place, or further down where that shows it larger. */
function placed(pixels: Pixels, place: PicturePlace) {
  const size = fitInside(pixels, { width: place.width, height: place.lowest - place.y });
  const left = Math.round(place.x + (place.width - size.width) / 2);
  const top = Math.round(place.y + Math.max(0, (place.height - size.height) / 2));
  return { size, left, top };
}

/** The whole picture as a card with round corners and a soft shadow over its own blurred backdrop. */
async function card(pixels: Pixels, place: PicturePlace): Promise<Pixels> {
  const { size, left, top } = placed(pixels, place);
  const [body, still] = await Promise.all([
    toPixels(load(pixels).resize(size.width, size.height, { fit: "fill", kernel: "lanczos3" })),
    backdrop(pixels, { ...size, x: left, y: top }),
  ]);
  pasteRounded(body, still, { left, top, radius: cornerOf(size) });
  return still;
}

/** A picture out of focus over the whole frame, with a card's shadow: both soft, so made small and enlarged. */
async function backdrop(pixels: Pixels, card: Rect): Promise<Pixels> {
  const small = { width: quarter(STILL.width), height: quarter(STILL.height) };
  const [blurred, shade] = await Promise.all([
    toPixels(
      load(pixels).resize(small.width, small.height, { fit: "cover" }).blur(BACKDROP_BLUR)
        .modulate({ brightness: 0.86, saturation: 1.04 }),
    ),
    shadow(small, card),
  ]);
  const { data } = blurred;
  for (let i = 0; i < data.length; i++) data[i] = data[i]! * (255 - shade.data[i]!) / 255;
  return await toPixels(
    // So soft that a finer kernel shows no difference, for twice the time.
    load(blurred).resize(STILL.width, STILL.height, { kernel: "linear", fit: "fill" }),
  );
}

function cornerOf({ width, height }: { width: number; height: number }): number {
  return Math.min(CORNER, CORNER_SHARE * Math.min(width, height));
}

const quarter = (value: number) => Math.max(1, Math.round(value / BACKDROP_SHRINK));

/** How much of the light a card's shadow takes, in grey. */
async function shadow(frame: { width: number; height: number }, card: Rect): Promise<Pixels> {
  const corner = quarter(cornerOf(card));
  const width = quarter(card.width), height = quarter(card.height);
  const body = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<rect width="${width}" height="${height}" rx="${corner}" fill="${SHADOW_LIGHT}"/></svg>`;
  const background = { create: { ...frame, channels: 3 as const, background: "#000" } };
  const drawn = await toPixels(
    sharp(background).composite([
      { input: Buffer.from(body), left: quarter(card.x), top: quarter(card.y + SHADOW_DROP) },
    ]),
  );
  // A step of its own: sharp blurs before it composites, whatever the order of the calls.
  return await toPixels(load(drawn).blur(SHADOW_BLUR));
}

/** Puts a picture over another one, its corners cut round. */
function pasteRounded(
  body: Pixels,
  onto: Pixels,
  options: { left: number; top: number; radius: number },
): void {
  const { width, height } = body;
  const { radius } = options;
  for (let y = 0; y < height; y++) {
    const from = y * width * 3;
    const to = ((options.top + y) * onto.width + options.left) * 3;
    const rise = Math.max(radius - y - 0.5, y + 0.5 - (height - radius), 0);
    const corner = rise > 0 ? Math.ceil(radius) : 0;
    onto.data.set(body.data.subarray(from + corner * 3, from + (width - corner) * 3), to + corner * 3);
    for (let x = 0; x < corner; x++) {
      const share = Math.min(Math.max(radius + 0.5 - Math.hypot(radius - x - 0.5, rise), 0), 1);
      for (const column of [x, width - 1 - x]) {
        for (let channel = column * 3; channel < column * 3 + 3; channel++) {
          const below = onto.data[to + channel]!;
          onto.data[to + channel] = below + (body.data[from + channel]! - below) * share;
        }
      }
    }
  }
}

/** The picture on its own background colour, carried on over the whole frame. */
function onPlain(pixels: Pixels, colour: [number, number, number], place: PicturePlace): Promise<Pixels> {
  const [r, g, b] = colour.map(Math.round) as [number, number, number];
  const { size, left, top } = placed(pixels, place);
  return toPixels(
    load(pixels).resize(size.width, size.height, { fit: "fill", kernel: "lanczos3" }).extend({
      top,
      bottom: STILL.height - top - size.height,
      left,
      right: STILL.width - size.width - left,
      background: { r, g, b },
    }),
  );
}

/** Whether a picture fills the frame, with a little cut off; others are shown whole. */
export function fillsFrame(pixels: Pixels): boolean {
  return cutToFill(pixels) <= MOST_CUT && !plainBorder(pixels);
}

/** A still of `STILL` size from any picture: `place` (in frame pixels) is where one that does not fill the frame goes. */
export async function fitStill(pixels: Pixels, place: PicturePlace): Promise<Pixels> {
  const plain = plainBorder(pixels);
  if (!plain && cutToFill(pixels) <= MOST_CUT) return await cover(pixels);
  const scaled: PicturePlace = {
    x: Math.round(place.x * STILL_SCALE),
    y: Math.round(place.y * STILL_SCALE),
    width: Math.round(place.width * STILL_SCALE),
    height: Math.round(place.height * STILL_SCALE),
    lowest: Math.round(place.lowest * STILL_SCALE),
  };
  return plain ? await onPlain(pixels, plain, scaled) : await card(pixels, scaled);
}

/** A product on a plain background without the empty margins that make it look small. */
export async function withoutMargins(pixels: Pixels): Promise<Pixels> {
  const plain = plainBorder(pixels);
  if (!plain) return pixels;
  const { width, height } = pixels;
  const product = differing(pixels, plain);
  if (!product) return pixels;
  const margin = Math.ceil(Math.max(product.width, product.height) * PRODUCT_MARGIN);
  const [left, right] = kept(product.x - margin, product.x + product.width + margin, width);
  const [top, bottom] = kept(product.y - margin, product.y + product.height + margin, height);
  if (right - left === width && bottom - top === height) return pixels;
  return await toPixels(load(pixels).extract({ left, top, width: right - left, height: bottom - top }));
}

/** A span inside `0..length`, widened about its middle to the least that is kept. */
function kept(from: number, to: number, length: number): [number, number] {
  const missing = Math.max(0, LEAST_KEPT * length - (to - from)) / 2;
  return [Math.max(0, Math.floor(from - missing)), Math.min(length, Math.ceil(to + missing))];
}

/** The box around all that is not of a colour; null where nothing is. */
function differing(pixels: Pixels, colour: [number, number, number]): Rect | null {
  const { data, width, height } = pixels;
  let left = width, right = -1, top = height, bottom = -1;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const apart = Math.abs(data[at]! - colour[0]) > PLAIN_DISTANCE ||
        Math.abs(data[at + 1]! - colour[1]) > PLAIN_DISTANCE ||
        Math.abs(data[at + 2]! - colour[2]) > PLAIN_DISTANCE;
      if (!apart) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** The end card's backdrop is out of focus: half the frame's size holds all of it. */
export const END_STILL = { width: FRAME.width / 2, height: FRAME.height / 2 } as const;

/** What of the picture is left in the end card's backdrop; the rest is the tint. */
const BACKDROP_SHARE = 0.28;

/** The still behind the end card: out of focus, about the shop's colour, however bright the picture itself is. */
export async function endStill(still: Pixels, tint: [number, number, number]): Promise<Pixels> {
  const small = await toPixels(
    load(still).resize(STILL.width / 6, STILL.height / 6, { fit: "fill" }).blur(12),
  );
  const mean = meanColour(small);
  const tinted = load(small).linear(
    tint.map(() => BACKDROP_SHARE),
    tint.map((channel, i) => channel - BACKDROP_SHARE * mean[i]!),
  );
  return await toPixels(
    load(await toPixels(tinted)).resize(END_STILL.width, END_STILL.height, { kernel: "cubic", fit: "fill" }),
  );
}

function meanColour({ data }: Pixels): number[] {
  const sums = [0, 0, 0];
  for (let i = 0; i < data.length; i++) sums[i % 3]! += data[i]!;
  return sums.map((sum) => sum * 3 / data.length);
}

/** What of a picture is cut off where it fills the frame, 0..1. */
function cutToFill(pixels: Pixels): number {
  const ratio = pixels.width / pixels.height;
  const frameRatio = FRAME.width / FRAME.height;
  return 1 - Math.min(ratio / frameRatio, frameRatio / ratio);
}

/** A picture no larger than a still needs it: filters and fits cost by the pixel. */
export async function withoutExcess(pixels: Pixels): Promise<Pixels> {
  const fills = cutToFill(pixels) <= MOST_CUT;
  const larger = [pixels.width > STILL.width, pixels.height > STILL.height];
  if (fills ? !larger.every(Boolean) : !larger.some(Boolean)) return pixels;
  const fit = fills ? "outside" : "inside";
  return await toPixels(load(pixels).resize(STILL.width, STILL.height, { fit, kernel: "lanczos3" }));
}

/** A small copy, for the end card. */
export async function smallCopy(pixels: Pixels, side: number): Promise<Pixels> {
  return await toPixels(
    load(pixels).resize(side, side, { fit: "inside", withoutEnlargement: true, kernel: "lanczos3" }),
  );
}
