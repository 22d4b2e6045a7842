// Drawing: blocks of the layout, scrims and captions onto canvases, and from there to layers of the rasteriser.

import { type Canvas, createCanvas, Image, ImageData, type SKRSContext2D } from "@napi-rs/canvas";
import type { Block, Plate, Rect, Scrim, TextBox } from "./layout.ts";
import { withAlpha } from "./colour.ts";
import { drawText } from "./text.ts";
import { FRAME } from "./presets.ts";
import { type LayerPlanes, layerPlanes } from "./yuv.ts";

/** A layer and where its upper left corner lies in the frame. */
export interface Drawn {
  planes: LayerPlanes;
  x: number;
  y: number;
}

/** Room around a block for its shadow and for growing past its size. */
const BLEED = 44;
const SHADOW = { colour: "rgba(8,10,18,0.30)", blur: 36, drop: 12 };
const TEXT_SHADOW = { colour: "rgba(0,0,0,0.55)", blur: 18, drop: 3 };
const SCRIM_ALPHA = 0.66;

const even = (value: number) => Math.round(value / 2) * 2;

/** The even box around a block, inside the frame. */
function bled(box: Rect, bleed: number): Rect {
  const x = even(Math.max(0, box.x - bleed));
  const y = even(Math.max(0, box.y - bleed));
  const right = even(Math.min(FRAME.width, box.x + box.width + bleed));
  const bottom = even(Math.min(FRAME.height, box.y + box.height + bleed));
  return { x, y, width: right - x, height: bottom - y };
}

/** Turns a canvas into a layer. */
export function toLayer(canvas: Canvas, place: { x: number; y: number }): Drawn {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  return { planes: layerPlanes(data, { width, height }), x: place.x, y: place.y };
}

function roundedPath(context: SKRSContext2D, rect: Rect, radius: number): void {
  context.beginPath();
  context.roundRect(
    rect.x,
    rect.y,
    rect.width,
    rect.height,
    Math.min(radius, rect.width / 2, rect.height / 2),
  );
}

function drawPlate(context: SKRSContext2D, plate: Plate): void {
  context.save();
  if (plate.shadow) {
    context.shadowColor = SHADOW.colour;
    context.shadowBlur = SHADOW.blur;
    context.shadowOffsetY = SHADOW.drop;
  }
  context.fillStyle = plate.colour;
  roundedPath(context, plate, plate.radius);
  context.fill();
  context.restore();
}

function drawTextBox(context: SKRSContext2D, text: TextBox): void {
  context.save();
  if (text.shadow) {
    context.shadowColor = TEXT_SHADOW.colour;
    context.shadowBlur = TEXT_SHADOW.blur;
    context.shadowOffsetY = TEXT_SHADOW.drop;
  }
  drawText(context, text.set, text);
  context.restore();
  if (!text.struck) return;
  const middle = text.y + text.height / 2 + text.set.size * 0.04;
  context.strokeStyle = text.colour;
  context.lineWidth = Math.max(4, text.set.size * 0.08);
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(text.x - 6, middle);
  context.lineTo(text.x + text.width + 4, middle);
  context.stroke();
}

/** A picture as canvas can draw it, from interleaved RGB. */
export function drawable(rgb: Uint8Array, size: { width: number; height: number }): Canvas {
  const rgba = new Uint8ClampedArray(size.width * size.height * 4);
  for (let from = 0, to = 0; to < rgba.length; from += 3, to += 4) {
    rgba[to] = rgb[from]!;
    rgba[to + 1] = rgb[from + 1]!;
    rgba[to + 2] = rgb[from + 2]!;
    rgba[to + 3] = 255;
  }
  const canvas = createCanvas(size.width, size.height);
  canvas.getContext("2d").putImageData(new ImageData(rgba, size.width, size.height), 0, 0);
  return canvas;
}

function drawThumbnail(context: SKRSContext2D, block: Block, picture: Canvas): void {
  const place = block.thumbnail!;
  context.save();
  roundedPath(context, place, place.radius);
  context.clip();
  const scale = Math.max(place.width / picture.width, place.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  context.imageSmoothingQuality = "high";
  context.drawImage(
    picture as unknown as Image,
    place.x + (place.width - width) / 2,
    place.y + (place.height - height) / 2,
    width,
    height,
  );
  context.restore();
}

/** A block at a scale about its middle. */
export function drawBlock(block: Block, options: { scale: number; picture: Canvas | null }): Drawn {
  const area = bled(block.box, BLEED);
  const canvas = createCanvas(area.width, area.height);
  const context = canvas.getContext("2d");
  const middleX = block.box.x + block.box.width / 2;
  const middleY = block.box.y + block.box.height / 2;
  context.translate(middleX - area.x, middleY - area.y);
  context.scale(options.scale, options.scale);
  context.translate(-middleX, -middleY);
  for (const plate of block.plates) drawPlate(context, plate);
  if (block.thumbnail && options.picture) drawThumbnail(context, block, options.picture);
  for (const text of block.texts) drawTextBox(context, text);
  return toLayer(canvas, area);
}

/** A scrim over the frame's whole width. */
export function drawScrim(scrim: Scrim): Drawn {
  const height = even(Math.min(scrim.reach, FRAME.height));
  const canvas = createCanvas(FRAME.width, height);
  const context = canvas.getContext("2d");
  const fade = context.createLinearGradient(0, 0, 0, height);
  const at = (share: number) => scrim.edge === "top" ? share : 1 - share;
  const solid = Math.min(scrim.solid / height, 0.98);
  fade.addColorStop(at(0), withAlpha("#05060a", SCRIM_ALPHA));
  fade.addColorStop(at(solid), withAlpha("#05060a", SCRIM_ALPHA));
  // Eased: a straight ramp shows its ends as lines.
  for (let step = 1; step <= 6; step++) {
    const part = step / 6;
    const alpha = SCRIM_ALPHA * (1 - part * part * (3 - 2 * part));
    fade.addColorStop(at(solid + (1 - solid) * part), withAlpha("#05060a", alpha));
  }
  context.fillStyle = fade;
  context.fillRect(0, 0, FRAME.width, height);
  return toLayer(canvas, { x: 0, y: scrim.edge === "top" ? 0 : FRAME.height - height });
}

/** Marks for `count` pictures, the one that shows lit. */
export function drawDots(box: Rect, options: { count: number; lit: number }): Drawn {
  const area = bled(box, 6);
  const canvas = createCanvas(area.width, area.height);
  const context = canvas.getContext("2d");
  const gap = 12;
  const width = (box.width - gap * (options.count - 1)) / options.count;
  for (let i = 0; i < options.count; i++) {
    context.fillStyle = i === options.lit ? "#ffffff" : "rgba(255,255,255,0.38)";
    const rect = { x: box.x - area.x + i * (width + gap), y: box.y - area.y, width, height: box.height };
    roundedPath(context, rect, box.height / 2);
    context.fill();
  }
  return toLayer(canvas, area);
}
