// A scene: stills, layers and captions of one video, drawn frame by frame.

import type { Caption, RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { type CaptionPage, drawPage, drawSpokenWord, setCaption } from "./captions.ts";
import { createBlockDrawing, drawDots, type Drawn, type Product, productPicture } from "./draw.ts";
import { withDrawableTexts } from "./glyphs.ts";
import { type Block, type Layout, layOut } from "./layout.ts";
import {
  actionAppearance,
  type Appearance,
  appearance,
  cropAt,
  eased,
  nudged,
  planTiming,
  shotCrop,
  type Timing,
  TRANSITION_FRAMES,
} from "./motion.ts";
import {
  END_STILL,
  endStill,
  fillsFrame,
  fitStill,
  type Pixels,
  smallCopy,
  STILL,
  withoutExcess,
  withoutMargins,
} from "./pictures.ts";
import { rgbOf } from "./colour.ts";
import { applyFilters } from "./filters.ts";
import { FRAME } from "./presets.ts";
import { createRasteriser, type LoadedLayer, type LoadedPicture, type Rasteriser } from "./rasteriser.ts";
import { fontStack } from "./fonts.ts";
import type { TextStyle } from "./text.ts";
import { picturePlanes } from "./yuv.ts";

/** Frames after its beginning (or the end card's) that each block enters at. */
const ENTERS = { heading: 2, offer: 7, saving: 12, card: 3, cta: 9 } as const;
const END_FADE_FRAMES = 10;
/** A word stays lit this long after it was spoken, unless the next one begins. */
const AFTERGLOW_S = 0.25;
const CAPTION_WEIGHT = 800;
/** Pixels of the product's picture on the end card. */
const PRODUCT_SIDE = 860;

export type Scene = Awaited<ReturnType<typeof createScene>>;

interface Placed {
  layer: LoadedLayer;
  x: number;
  y: number;
}

function place(rasteriser: Rasteriser, drawn: Drawn): Placed {
  return { layer: rasteriser.addLayer(drawn.planes), x: drawn.x, y: drawn.y };
}

/** Blocks by scale: each scale is drawn when it is first needed and kept. */
function createBlocks(rasteriser: Rasteriser, stills: { product: Product | null }) {
  const drawings = new Map<Block, (scale: number) => Placed>();

  function drawingOf(block: Block): (scale: number) => Placed {
    const draw = createBlockDrawing(block, () => stills.product);
    const kept = new Map<number, Placed>();
    return (scale) => {
      let placed = kept.get(scale);
      if (!placed) kept.set(scale, placed = place(rasteriser, draw(scale)));
      return placed;
    };
  }

  return (block: Block, look: Appearance) => {
    let drawing = drawings.get(block);
    if (!drawing) drawings.set(block, drawing = drawingOf(block));
    return { ...drawing(look.scale), opacity: look.opacity };
  };
}

/** Captions: the page that is shown and its spoken word are drawn when they come, and dropped when they go. */
function createCaptions(
  rasteriser: Rasteriser,
  options: { captions: Caption[]; layout: Layout; style: TextStyle },
) {
  const { captions, layout, style } = options;
  let shown: { index: number; ending: boolean; page: CaptionPage; placed: Placed } | null = null;
  let lit: { key: string; placed: Placed } | null = null;

  function light(page: CaptionPage, key: string, word: number): Placed {
    if (lit?.key === key) return lit.placed;
    if (lit) rasteriser.dropLayer(lit.placed.layer);
    const drawn = drawSpokenWord(page, word, { style, colour: layout.theme.spoken });
    lit = { key, placed: place(rasteriser, drawn) };
    return lit.placed;
  }

  return (time_s: number, ending: boolean): void => {
    const index = captions.findIndex((caption) => caption.start_s <= time_s && time_s < caption.end_s);
    if (index < 0) return;
    const caption = captions[index]!;
    if (shown?.index !== index || shown.ending !== ending) {
      if (shown) rasteriser.dropLayer(shown.placed.layer);
      const page = setCaption(caption, ending && layout.endCaptions || layout.captions, style);
      shown = { index, ending, page, placed: place(rasteriser, drawPage(page, style)) };
    }
    rasteriser.blend(shown.placed.layer, { ...shown.placed, opacity: 1 });
    const word = caption.words.findLastIndex((each) => each.start_s <= time_s);
    if (word < 0 || time_s > caption.words[word]!.end_s + AFTERGLOW_S) return;
    const placed = light(shown.page, `${index}:${word}:${ending}`, word);
    rasteriser.blend(placed.layer, { ...placed, opacity: 1 });
  };
}

/** Reads a picture when its turn comes: six large ones at once would take a gigabyte. */
export type PictureSource = () => Pixels | Promise<Pixels>;

function captionStyle({ language, font }: RenderSpec): TextStyle {
  return { stack: fontStack({ language, family: font }), weight: CAPTION_WEIGHT, language };
}

/** A picture without needless pixels and empty margins, filtered. */
async function prepared(source: PictureSource, filters: RenderSpec["filters"]): Promise<Pixels> {
  return await applyFilters(await withoutExcess(await withoutMargins(await source())), filters);
}

/** What frames are drawn from, filled in as it is prepared. */
interface Stills {
  pictures: LoadedPicture[];
  product: Product | null;
  ending: LoadedPicture | null;
}

/**
 * Fits the first picture, and goes on with the others while frames are drawn already: `pictures[i]` is resolved when
 * the picture is there, `ending` when the end card's parts are.
 */
async function loadPictures(
  rasteriser: Rasteriser,
  options: { layout: Layout; first: Pixels; rest: (() => Promise<Pixels>)[] },
): Promise<{ stills: Stills; ready: { pictures: Promise<unknown>[]; ending: Promise<void> } }> {
  const { layout, first, rest } = options;
  let still = await fitStill(first, layout.picture);
  const stills: Stills = { pictures: [], product: null, ending: null };
  stills.pictures.push(rasteriser.addPicture(picturePlanes(still.data, STILL)));
  let last: Promise<unknown> = Promise.resolve();
  const pictures = rest.map((next) =>
    last = last.then(async () => {
      still = await fitStill(await next(), layout.picture);
      stills.pictures.push(rasteriser.addPicture(picturePlanes(still.data, STILL)));
    })
  );
  const ending = last.then(async () => {
    stills.product = productPicture(await smallCopy(first, PRODUCT_SIDE));
    const end = await endStill(still, rgbOf(layout.theme.backdrop));
    stills.ending = rasteriser.addPicture(picturePlanes(end.data, END_STILL));
  });
  const ready = { pictures: [Promise.resolve(), ...pictures], ending };
  // Whoever draws such a frame awaits it; an abort before that must not be an unhandled failure.
  for (const each of [...pictures, ending]) each.catch(() => {});
  return { stills, ready };
}

/** The marks with each picture's lit, in the order that the texts are read in; none for a single picture. */
function createDots(rasteriser: Rasteriser, { layout, count }: { layout: Layout; count: number }): Placed[] {
  const box = layout.dots;
  if (box === null) return [];
  return Array.from({ length: count }, (_, picture) => {
    const lit = layout.rtl ? count - 1 - picture : picture;
    return place(rasteriser, drawDots(box, { count, lit }));
  });
}

/** The pictures in their motion, and the end card's backdrop over them. */
function createMoving(
  rasteriser: Rasteriser,
  { stills, timing, layout }: { stills: Stills; timing: Timing; layout: Layout },
) {
  const shotsAt = (frame: number) => timing.shots.filter((shot) => shot.first <= frame && frame < shot.last);

  function drawPictures(frame: number): number {
    const [from, to] = shotsAt(frame);
    rasteriser.drawPicture(stills.pictures[from!.picture]!, shotCrop(from!, frame, layout.picture));
    if (to) {
      const weight = eased((frame - to.first + 1) / (TRANSITION_FRAMES + 1));
      rasteriser.mixPicture(stills.pictures[to.picture]!, shotCrop(to, frame, layout.picture), weight);
    }
    return (to ?? from)!.picture;
  }

  function drawEnding(frame: number): void {
    const since = frame - timing.end;
    if (since < 0) return;
    const zoom = 1 + 0.05 * since / (timing.frames - timing.end);
    const crop = cropAt(zoom, {
      x: FRAME.width / 2,
      y: FRAME.height / 2,
      scale: END_STILL.width / FRAME.width,
    });
    if (since >= END_FADE_FRAMES) rasteriser.drawPicture(stills.ending!, crop);
    else rasteriser.mixPicture(stills.ending!, crop, eased((since + 1) / (END_FADE_FRAMES + 1)));
  }

  return { shotsAt, drawPictures, drawEnding };
}

/** Prepares a video whole: any frame can be drawn. */
export async function createScene(given: RenderSpec, sources: PictureSource[]) {
  const scene = await openScene(given, sources);
  await scene.prepared;
  return scene;
}

/** Prepares a video as far as its first frames need it; `prepare` says when a later frame can be drawn. */
export async function openScene(given: RenderSpec, sources: PictureSource[]) {
  const spec = withDrawableTexts(given);
  const [first, ...rest] = sources.map((source) => () => prepared(source, spec.filters));
  if (!first) throw new Error("a video needs a picture");
  const picture = await first();
  const timing = planTiming({
    template: spec.template,
    duration_s: spec.duration_s,
    pictures: sources.length,
    fills: fillsFrame(picture),
  });
  const layout = layOut(spec, {
    pictures: sources.length,
    ratio: picture.width / picture.height,
    spokenEnd: spec.captions.some((caption) => caption.end_s * FRAME.rate > timing.end),
  });
  const rasteriser = await createRasteriser(FRAME);
  const { stills, ready } = await loadPictures(rasteriser, { layout, first: picture, rest });
  const placeBlock = createBlocks(rasteriser, stills);
  const drawCaptions = createCaptions(rasteriser, {
    captions: spec.captions,
    layout,
    style: captionStyle(spec),
  });
  const dots = createDots(rasteriser, { layout, count: sources.length });
  const { shotsAt, drawPictures, drawEnding } = createMoving(rasteriser, { stills, timing, layout });
  /** Resolved when all that a frame shows is there. */
  async function prepare(frame: number): Promise<void> {
    for (const shot of shotsAt(frame)) await ready.pictures[shot.picture];
    if (frame >= timing.end) await ready.ending;
  }

  /** The blocks that a frame shows, each as it looks then. */
  function blocksAt(frame: number) {
    const main = layout.main.map((block) => {
      const span = { first: ENTERS[block.name], last: timing.end + 2 };
      const look = block.name === "offer" ? nudged(frame, span) : appearance(frame, span);
      return look && placeBlock(block, look);
    });
    const end = layout.end.map((block) => {
      const enters = timing.end + ENTERS[block.name];
      const look = block.name === "cta"
        ? actionAppearance(frame, enters)
        : appearance(frame, { first: enters, last: timing.frames + ENTERS.cta });
      return look && placeBlock(block, look);
    });
    return [...main, ...end].filter((placed) => placed !== null);
  }

  /** Draws a frame; the bytes are valid until two more were drawn. */
  function draw(frame: number, options: { captions?: boolean } = {}): Uint8Array<ArrayBuffer> {
    const blocks = blocksAt(frame);
    rasteriser.hideUnder(blocks);
    const whole = frame - timing.end >= END_FADE_FRAMES;
    const picture = whole ? 0 : drawPictures(frame);
    drawEnding(frame);
    const fading = 1 - eased((frame - timing.end + 1) / END_FADE_FRAMES);
    const mark = dots[picture];
    if (mark) rasteriser.blend(mark.layer, { ...mark, opacity: fading });
    for (const block of blocks) rasteriser.blend(block.layer, block);
    if (options.captions !== false) drawCaptions(frame / FRAME.rate, frame >= timing.end);
    return rasteriser.frame();
  }

  return { layout, timing, prepare, prepared: ready.ending, draw };
}
