// A scene: stills, layers and captions of one video, drawn frame by frame.

import type { Caption, RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { type CaptionPage, drawPage, drawSpokenWord, setCaption } from "./captions.ts";
import { drawBlock, drawDots, type Drawn, type Product, productPicture } from "./draw.ts";
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
  TRANSITION_FRAMES,
} from "./motion.ts";
import {
  applyFilters,
  END_STILL,
  endStill,
  fitStill,
  type Pixels,
  smallCopy,
  STILL,
  withoutExcess,
  withoutMargins,
} from "./pictures.ts";
import { rgbOf } from "./colour.ts";
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
function createBlocks(rasteriser: Rasteriser, picture: Product | null) {
  const kept = new Map<Block, Map<number, Placed>>();
  return (block: Block, look: Appearance): void => {
    let scales = kept.get(block);
    if (!scales) kept.set(block, scales = new Map());
    let placed = scales.get(look.scale);
    if (!placed) {
      placed = place(rasteriser, drawBlock(block, { scale: look.scale, picture }));
      scales.set(look.scale, placed);
    }
    rasteriser.blend(placed.layer, { x: placed.x, y: placed.y, opacity: look.opacity });
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

/** A picture without needless pixels and empty margins, filtered. */
async function prepared(source: PictureSource, filters: RenderSpec["filters"]): Promise<Pixels> {
  return await applyFilters(await withoutExcess(await withoutMargins(await source())), filters);
}

async function loadPictures(
  rasteriser: Rasteriser,
  options: { layout: Layout; first: Pixels; rest: (() => Promise<Pixels>)[] },
): Promise<{ pictures: LoadedPicture[]; ending: LoadedPicture; product: Product }> {
  const { layout, first, rest } = options;
  const product = productPicture(await smallCopy(first, PRODUCT_SIDE));
  let still = await fitStill(first, layout.picture);
  const pictures = [rasteriser.addPicture(picturePlanes(still.data, STILL))];
  for (const next of rest) {
    still = await fitStill(await next(), layout.picture);
    pictures.push(rasteriser.addPicture(picturePlanes(still.data, STILL)));
  }
  const end = await endStill(still, rgbOf(layout.theme.backdrop));
  return { pictures, ending: rasteriser.addPicture(picturePlanes(end.data, END_STILL)), product };
}

/** Prepares a video: fits the pictures, lays out, and gives a function that draws any frame. */
export async function createScene(given: RenderSpec, sources: PictureSource[]) {
  const spec = withDrawableTexts(given);
  const [first, ...rest] = sources.map((source) => () => prepared(source, spec.filters));
  if (!first) throw new Error("a video needs a picture");
  const picture = await first();
  const timing = planTiming({
    template: spec.template,
    duration_s: spec.duration_s,
    pictures: sources.length,
  });
  const layout = layOut(spec, {
    pictures: sources.length,
    ratio: picture.width / picture.height,
    spokenEnd: spec.captions.some((caption) => caption.end_s * FRAME.rate > timing.end),
  });
  const rasteriser = await createRasteriser(FRAME);
  const { pictures, ending, product } = await loadPictures(rasteriser, { layout, first: picture, rest });
  const drawBlockAt = createBlocks(rasteriser, product);
  const stack = fontStack({ language: spec.language, family: spec.font });
  const style = { stack, weight: CAPTION_WEIGHT, language: spec.language };
  const drawCaptions = createCaptions(rasteriser, { captions: spec.captions, layout, style });
  const dots = layout.dots === null
    ? []
    : sources.map((_, lit) => place(rasteriser, drawDots(layout.dots!, { count: sources.length, lit })));

  function drawPictures(frame: number): number {
    const shots = timing.shots.filter((shot) => shot.first <= frame && frame < shot.last);
    const [from, to] = shots;
    rasteriser.drawPicture(pictures[from!.picture]!, shotCrop(from!, frame, layout.picture));
    if (to) {
      const weight = eased((frame - to.first + 1) / (TRANSITION_FRAMES + 1));
      rasteriser.mixPicture(pictures[to.picture]!, shotCrop(to, frame, layout.picture), weight);
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
    if (since >= END_FADE_FRAMES) rasteriser.drawPicture(ending, crop);
    else rasteriser.mixPicture(ending, crop, eased((since + 1) / (END_FADE_FRAMES + 1)));
  }

  /** Draws a frame; the bytes are valid until the frame after the next is drawn. */
  function draw(frame: number, options: { captions?: boolean } = {}): Uint8Array<ArrayBuffer> {
    const whole = frame - timing.end >= END_FADE_FRAMES;
    const picture = whole ? 0 : drawPictures(frame);
    drawEnding(frame);
    const fading = 1 - eased((frame - timing.end + 1) / END_FADE_FRAMES);
    const mark = dots[picture];
    if (mark) rasteriser.blend(mark.layer, { ...mark, opacity: fading });
    for (const block of layout.main) {
      const span = { first: ENTERS[block.name], last: timing.end + 2 };
      const look = block.name === "offer" ? nudged(frame, span) : appearance(frame, span);
      if (look) drawBlockAt(block, look);
    }
    for (const block of layout.end) {
      const enters = timing.end + ENTERS[block.name];
      const look = block.name === "cta"
        ? actionAppearance(frame, enters)
        : appearance(frame, { first: enters, last: timing.frames + ENTERS.cta });
      if (look) drawBlockAt(block, look);
    }
    if (options.captions !== false) drawCaptions(frame / FRAME.rate, frame >= timing.end);
    return rasteriser.frame();
  }

  return { layout, timing, draw };
}
