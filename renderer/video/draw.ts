// Drawing: blocks of the layout, scrims and captions onto canvases, and from there to layers of the rasteriser.

import { type Canvas, createCanvas, Image, ImageData, type SKRSContext2D } from "@napi-rs/canvas";
import type { Block, Plate, Rect, TextBox } from "./layout.ts";
import { isDark, withAlpha } from "./colour.ts";
import { drawText } from "./text.ts";
import { type Pixels, plainBorder } from "./pictures.ts";
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

const FAINT_EDGE = { colour: "rgba(255,255,255,0.2)", width: 2 };

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
  context.fillStyle = withAlpha(plate.colour, plate.opacity ?? 1);
  roundedPath(context, plate, plate.radius);
  context.fill();
  context.restore();
  // On a dark picture a dark plate shows by its edge.
  const edge = plate.edge ?? (isDark(plate.colour) ? FAINT_EDGE : null);
  if (!edge) return;
  const { width } = edge;
  const inner = {
    x: plate.x + width / 2,
    y: plate.y + width / 2,
    width: plate.width - width,
    height: plate.height - width,
  };
  context.strokeStyle = edge.colour;
  context.lineWidth = width;
  roundedPath(context, inner, plate.radius - width / 2);
  context.stroke();
}

function drawTextBox(context: SKRSContext2D, text: TextBox): void {
  drawText(context, text.set, text);
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

/** The product's picture as the end card shows it. */
export interface Product {
  canvas: Canvas;
  /** What lies around it where it does not fill its place; null: itself, out of focus. */
  background: string | null;
}

/** A picture for the end card. */
export function productPicture(pixels: Pixels): Product {
  const border = plainBorder(pixels);
  return {
    canvas: drawable(pixels.data, pixels),
    background: border && `rgb(${border.map(Math.round).join(",")})`,
  };
}

function drawable(rgb: Uint8Array, size: { width: number; height: number }): Canvas {
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

/** A picture fills its place where this little of it is cut off; else it stands whole in front of itself, blurred. */
const THUMBNAIL_ZOOM = 1.1;
const THUMBNAIL_BLUR = 26;
const THUMBNAIL_INSET = 20;
/** A very flat or narrow picture keeps its ends. */
const SHARE_IN_CORNERS = 0.16;

function drawScaled(context: SKRSContext2D, canvas: Canvas, place: Rect): void {
  context.drawImage(canvas as unknown as Image, place.x, place.y, place.width, place.height);
}

function centred(canvas: Canvas, place: Rect, scale: number): Rect {
  const width = canvas.width * scale;
  const height = canvas.height * scale;
  return {
    x: place.x + (place.width - width) / 2,
    y: place.y + (place.height - height) / 2,
    width,
    height,
  };
}

function drawThumbnail(context: SKRSContext2D, block: Block, picture: Product): void {
  const place = block.thumbnail!;
  const { canvas, background } = picture;
  const scales = [place.width / canvas.width, place.height / canvas.height];
  const covering = Math.max(...scales), whole = Math.min(...scales);
  context.save();
  roundedPath(context, place, place.radius);
  context.clip();
  context.imageSmoothingQuality = "high";
  if (background) {
    context.fillStyle = background;
    context.fillRect(place.x, place.y, place.width, place.height);
    drawScaled(context, canvas, centred(canvas, place, whole));
  } else if (covering <= whole * THUMBNAIL_ZOOM) {
    drawScaled(context, canvas, centred(canvas, place, covering));
  } else {
    context.filter = `blur(${THUMBNAIL_BLUR}px)`;
    drawScaled(context, canvas, centred(canvas, place, covering * 1.1));
    context.filter = "none";
    const shown = centred(canvas, place, whole * (1 - 2 * THUMBNAIL_INSET / place.height));
    roundedPath(
      context,
      shown,
      Math.min(place.radius - 8, SHARE_IN_CORNERS * Math.min(shown.width, shown.height)),
    );
    context.clip();
    drawScaled(context, canvas, shown);
  }
  context.restore();
}

/** A canvas for a block with room around it, on which the frame's own places are drawn at a scale about the block's middle. */
function blockCanvas(block: Block, scale: number) {
  const area = bled(block.box, BLEED);
  const canvas = createCanvas(area.width, area.height);
  const context = canvas.getContext("2d");
  const middleX = block.box.x + block.box.width / 2;
  const middleY = block.box.y + block.box.height / 2;
  context.translate(middleX - area.x, middleY - area.y);
  context.scale(scale, scale);
  context.translate(-middleX, -middleY);
  return { area, canvas, context };
}

/** A block at any scale. Smaller ones are shown for a frame each: copies of the whole block, not drawn anew. */
export function createBlockDrawing(block: Block, picture: () => Product | null): (scale: number) => Drawn {
  let whole: ReturnType<typeof blockCanvas> | null = null;

  function draw(scale: number) {
    const drawn = blockCanvas(block, scale);
    for (const plate of block.plates) drawPlate(drawn.context, plate);
    const product = picture();
    if (block.thumbnail && product) drawThumbnail(drawn.context, block, product);
    for (const text of block.texts) drawTextBox(drawn.context, text);
    return drawn;
  }

  return (scale) => {
    if (scale > 1) {
      const { canvas, area } = draw(scale);
      return toLayer(canvas, area);
    }
    whole ??= draw(1);
    if (scale === 1) return toLayer(whole.canvas, whole.area);
    const { canvas, context, area } = blockCanvas(block, scale);
    drawScaled(context, whole.canvas, whole.area);
    return toLayer(canvas, area);
  };
}

/** Marks for `count` pictures, the one that shows lit. */
export function drawDots(box: Rect, options: { count: number; lit: number }): Drawn {
  const area = bled(box, 6);
  const canvas = createCanvas(area.width, area.height);
  const context = canvas.getContext("2d");
  const gap = 12;
  const width = (box.width - gap * (options.count - 1)) / options.count;
  for (let i = 0; i < options.count; i++) {
    const isLit = i === options.lit;
    const rect = { x: box.x - area.x + i * (width + gap), y: box.y - area.y, width, height: box.height };
    // White marks need an edge on a white picture.
    const edge = { x: rect.x - 2, y: rect.y - 2, width: rect.width + 4, height: rect.height + 4 };
    context.fillStyle = isLit ? "rgba(13,14,19,0.62)" : "rgba(13,14,19,0.26)";
    roundedPath(context, edge, edge.height / 2);
    context.fill();
    context.fillStyle = isLit ? "#ffffff" : "rgba(255,255,255,0.38)";
    roundedPath(context, rect, box.height / 2);
    context.fill();
  }
  return toLayer(canvas, area);
}
