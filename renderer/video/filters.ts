// Filters of a still, applied once: denoise, sharpen, colour correction, in this order, as noise must not be sharpened.

import sharp, { type Sharp } from "sharp";
import type { RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { instantiateKernel } from "./kernel/load.ts";
import type { Pixels } from "./pictures.ts";

/** Noise that is looked for, in levels of 255: below, a clean picture would be left as it is; above, it is texture. */
const NOISE = { least: 4, most: 14 } as const;
/** What varies this much more than the noise is an edge and stays. */
const NOISE_MARGIN = 1.2;

/** Applies the filters that are on. */
export async function applyFilters(pixels: Pixels, filters: RenderSpec["filters"]): Promise<Pixels> {
  const { width, height } = pixels;
  const apply = async (current: Pixels, filter: (image: Sharp) => Sharp): Promise<Pixels> => {
    const data = await filter(sharp(current.data, { raw: { width, height, channels: 3 } })).raw().toBuffer();
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), width, height };
  };
  let current = pixels;
  if (filters.denoise) current = denoised(current);
  if (filters.sharpen) {
    current = await apply(current, (image) => image.sharpen({ sigma: 1.4, m1: 1, m2: 3.5 }));
  }
  if (filters.color_correction) {
    const { gain, offset } = stretch(current);
    current = await apply(current, (image) => image.linear(gain, offset).recomb(SATURATED));
  }
  return current;
}

const SATURATION = 1.18;
const LUMA = [0.2126, 0.7152, 0.0722] as const;
/** Away from each pixel's own grey (BT.709): as a turn through LCh has it within a level, at a quarter of the time. */
const SATURATED = [0, 1, 2].map((channel) =>
  LUMA.map((share, from) => (1 - SATURATION) * share + (channel === from ? SATURATION : 0))
) as Parameters<Sharp["recomb"]>[0];
/** A picture may be meant to be pale or dark: its contrast grows by this much at most. */
const MOST_GAIN = 1.4;
/** And by this much at least, or nobody would see that the filter is on. */
const LEAST_GAIN = 1.06;

/** What spreads a picture's levels, all but a hundredth at either end, towards the whole range about their mean. */
function stretch({ data }: Pixels): { gain: number; offset: number } {
  const counts = new Uint32Array(256);
  // Every fifth pixel's green: brightness enough.
  for (let at = 1; at < data.length; at += 15) counts[data[at]!]!++;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = counts.reduce((sum, count, level) => sum + count * level, 0) / total;
  const level = (share: number) => {
    let seen = 0;
    return counts.findIndex((count) => (seen += count) >= share * total);
  };
  const [low, high] = [level(0.01), level(0.99)];
  const gain = Math.min(Math.max(255 / Math.max(1, high - low), LEAST_GAIN), MOST_GAIN);
  const [least, most] = [-low * gain, 255 - high * gain];
  const kept = mean - mean * gain;
  return { gain, offset: least > most ? (least + most) / 2 : Math.min(Math.max(kept, least), most) };
}

interface Kernel {
  workspaceBytes(width: number): number;
  denoise(rgb: number, width: number, height: number, noise: number, target: number, work: number): void;
  noiseSum(rgb: number, width: number, height: number): number;
}

const PAGE_BYTES = 65_536;
/** The kernel reads and writes a few bytes past a picture's end. */
const PADDING_BYTES = 64;

/**
 * Guided filter (He, Sun, Tang 2010), each channel its own guide: where a window varies no more than the noise a pixel
 * becomes the window's mean, where it varies more it stays. A tenth of non-local means' time, at less than half of a
 * median's residue.
 */
function denoised(pixels: Pixels): Pixels {
  const { data, width, height } = pixels;
  // Gone with the picture: a memory that is kept would count for as long as the render lasts.
  const memory = new WebAssembly.Memory({ initial: 1 });
  const kernel = instantiateKernel<Kernel>("denoise", memory);
  const room = Math.ceil((data.length + PADDING_BYTES) / 64) * 64;
  // In place would be wrong: rows that were denoised would be windows of those below.
  const [from, to, work] = [PAGE_BYTES, PAGE_BYTES + room, PAGE_BYTES + 2 * room] as const;
  memory.grow(Math.ceil((2 * room + kernel.workspaceBytes(width)) / PAGE_BYTES));
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(data, from);
  const deviation = noiseOf(kernel.noiseSum(from, width, height), pixels);
  const level = Math.min(Math.max(deviation * NOISE_MARGIN, NOISE.least), NOISE.most);
  kernel.denoise(from, width, height, level ** 2, to, work);
  return { data: bytes.slice(to, to + data.length), width, height };
}

/** Standard deviation of the noise (Immerkær 1996), from the sum of what its mask gives. */
function noiseOf(sum: number, { width, height }: { width: number; height: number }): number {
  if (width < 3 || height < 3) return 0;
  return Math.sqrt(Math.PI / 2) * sum / (6 * (width - 2) * (height - 2));
}
