// Colour: RGB pictures and RGBA layers turned once into planar YUV 4:2:0, BT.709, limited range.

import { instantiateKernel } from "./kernel/load.ts";

/** A picture's planes; chroma has half the size, each sample the mean of 2x2 pixels. */
export interface PicturePlanes {
  /** Both even. */
  width: number;
  height: number;
  y: Uint8Array;
  u: Uint8Array;
  v: Uint8Array;
}

/** Its planes; and of each row of either size two i32: what is used of it, and what nothing is seen through. */
export type LayerPart =
  | ("y" | "u" | "v" | "alpha" | "chromaAlpha")
  | ("spans" | "chromaSpans" | "solids" | "chromaSolids");

/** A layer premultiplied by its alpha: one block of bytes and where the planes lie in it. */
export interface LayerPlanes {
  width: number;
  height: number;
  /** Bytes a luma row; chroma rows have half. A multiple of 32, zero beyond the width. */
  stride: number;
  bytes: Uint8Array;
  offsets: Record<LayerPart, number>;
}

interface Kernel {
  convertPicture(rgb: number, width: number, height: number, y: number, u: number, v: number): void;
  convertLayer(...numbers: number[]): void;
  convertFrame(y: number, u: number, v: number, width: number, height: number, rgb: number): void;
  findSpans(alpha: number, stride: number, rows: number, spans: number): void;
  findSolids(alpha: number, stride: number, rows: number, solids: number): void;
}

const PAGE_BYTES = 65_536;
/** The kernel reads 16 bytes at once and may run over a source's end. */
const PADDING_BYTES = 64;

const memory = new WebAssembly.Memory({ initial: 1 });
const kernel = instantiateKernel<Kernel>("colour", memory);

/** Room for a source and what becomes of it, after the kernel's own first page. Results are valid until the next one. */
function workspace(source: Uint8Array | Uint8ClampedArray, resultBytes: number) {
  const from = PAGE_BYTES;
  // Rows of spans are read as whole numbers: they must be aligned.
  const to = Math.ceil((from + source.length + PADDING_BYTES) / 64) * 64;
  const missing = to + resultBytes + PADDING_BYTES - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(source, from);
  return { from, to, result: () => bytes.subarray(to, to + resultBytes) };
}

/** Interleaved RGB (3 bytes a pixel), both sides even, to planes: valid until something else is converted. */
export function picturePlanes(rgb: Uint8Array, size: { width: number; height: number }): PicturePlanes {
  const { width, height } = size;
  const luma = width * height;
  const { from, to, result } = workspace(rgb, luma * 3 / 2);
  kernel.convertPicture(from, width, height, to, to + luma, to + luma * 5 / 4);
  const bytes = result();
  return {
    width,
    height,
    y: bytes.subarray(0, luma),
    u: bytes.subarray(luma, luma * 5 / 4),
    v: bytes.subarray(luma * 5 / 4),
  };
}

/** Straight RGBA (4 bytes a pixel), both sides even, to a premultiplied layer: valid until something else is converted. */
export function layerPlanes(
  rgba: Uint8Array | Uint8ClampedArray,
  size: { width: number; height: number },
): LayerPlanes {
  const { width, height } = size;
  const stride = Math.ceil(width / 32) * 32;
  const luma = stride * height;
  const chroma = luma / 4;
  const planes = height * 24;
  const offsets = {
    spans: 0,
    chromaSpans: height * 8,
    solids: height * 12,
    chromaSolids: height * 20,
    y: planes,
    alpha: planes + luma,
    u: planes + 2 * luma,
    v: planes + 2 * luma + chroma,
    chromaAlpha: planes + 2 * luma + 2 * chroma,
  };
  const { from, to, result } = workspace(rgba, offsets.chromaAlpha + chroma);
  result().fill(0);
  const at = (name: keyof typeof offsets) => to + offsets[name];
  kernel.convertLayer(
    from,
    width,
    height,
    stride,
    at("y"),
    at("alpha"),
    at("u"),
    at("v"),
    at("chromaAlpha"),
  );
  kernel.findSpans(at("alpha"), stride, height, at("spans"));
  kernel.findSpans(at("chromaAlpha"), stride / 2, height / 2, at("chromaSpans"));
  kernel.findSolids(at("alpha"), stride, height, at("solids"));
  kernel.findSolids(at("chromaAlpha"), stride / 2, height / 2, at("chromaSolids"));
  return { width, height, stride, bytes: result(), offsets };
}

/** A yuv420p frame back to interleaved RGB, for a still of it; at least 8 pixels wide. */
export function rgbOfFrame(frame: Uint8Array, size: { width: number; height: number }): Uint8Array {
  const { width, height } = size;
  const luma = width * height;
  const { from, to, result } = workspace(frame, luma * 3);
  kernel.convertFrame(from, from + luma, from + luma * 5 / 4, width, height, to);
  return result().slice();
}
