// Frames in planar YUV 4:2:0, drawn by the WebAssembly kernel: pictures sampled at sub-pixel positions, layers over them.

import { createHidden } from "./hidden.ts";
import { instantiateKernel } from "./kernel/load.ts";
import type { LayerPart, LayerPlanes, PicturePlanes } from "./yuv.ts";

/** The memory is reserved, not touched: a render uses as much of it as its pictures need. */
const MEMORY_PAGES = 6400;
const PAGE_BYTES = 65_536;
/** The kernel loads 16 bytes at once and may run over a plane's end. */
const PLANE_PADDING_BYTES = 64;
const TAP_RECORD_BYTES = 48;
/** A frame is written while the next one is drawn, and a still beside that. */
const FRAME_BUFFERS = 3;

interface Kernel {
  buildTaps(table: number, count: number, origin: number, step: number, maxIndex: number): void;
  samplePlane(...numbers: number[]): void;
  makeSigned(plane: number, bytes: number): void;
  mixPlanes(target: number, other: number, bytes: number, weight: number): void;
  blendLayer(...numbers: number[]): void;
}

/** A part of a picture that fills the frame: its upper left corner and the picture pixels per frame pixel. */
export interface Crop {
  left: number;
  top: number;
  step: number;
}

export interface LoadedPicture {
  width: number;
  height: number;
  y: number;
  u: number;
  v: number;
}

/** A layer in the rasteriser's memory: where each part of it lies. */
export interface LoadedLayer extends Record<LayerPart, number> {
  /** Size in luma pixels; both even. */
  width: number;
  height: number;
  stride: number;
  address: number;
  bytes: number;
}

/** A layer at a place of the frame (snapped to even pixels), seen through by 0..1. */
export interface Placement {
  x: number;
  y: number;
  opacity: number;
}

/** A layer's share of the picture, in 1/256. */
const WHOLE_GAIN = 256;

function gainOf({ opacity }: Placement): number {
  return Math.round(Math.min(Math.max(opacity, 0), 1) * WHOLE_GAIN);
}

/** Where a layer is laid, in chroma samples: on every second pixel. */
function chromaPlace({ x, y }: Placement): { x: number; y: number } {
  return { x: Math.round(x / 2), y: Math.round(y / 2) };
}

export type Rasteriser = ReturnType<typeof createRasteriser>;

function createAllocator(first: number, limit: number) {
  let next = first;
  const free: { address: number; bytes: number }[] = [];
  return {
    take(bytes: number): { address: number; bytes: number } {
      const rounded = Math.ceil((bytes + PLANE_PADDING_BYTES) / 4096) * 4096;
      // Best fit: layers come in a few sizes, so that what is left over stays small.
      let best = -1;
      for (let i = 0; i < free.length; i++) {
        const block = free[i]!;
        if (block.bytes >= rounded && (best < 0 || block.bytes < free[best]!.bytes)) best = i;
      }
      if (best >= 0) return free.splice(best, 1)[0]!;
      if (next + rounded > limit) throw new Error("the rasteriser's memory is used up");
      const block = { address: next, bytes: rounded };
      next += rounded;
      return block;
    },
    give(block: { address: number; bytes: number }): void {
      free.push(block);
    },
  };
}

/** A drawing board of one frame size (even on both sides). Not shared: one per render. */
export function createRasteriser(size: { width: number; height: number }) {
  const { width, height } = size;
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
  const kernel = instantiateKernel<Kernel>("rasteriser", memory);
  const bytes = new Uint8Array(memory.buffer);
  const allocator = createAllocator(PAGE_BYTES, MEMORY_PAGES * PAGE_BYTES);
  const lumaBytes = width * height;
  const chromaBytes = lumaBytes / 4;
  const frameBytes = lumaBytes + 2 * chromaBytes;
  const buffers = Array.from({ length: FRAME_BUFFERS }, () => allocator.take(frameBytes).address);
  const other = allocator.take(frameBytes).address;
  const taps = allocator.take((width / 8 + 2) * TAP_RECORD_BYTES).address;
  const hidden = createHidden(memory.buffer, {
    ...size,
    luma: allocator.take(height * 4).address,
    chroma: allocator.take(height * 2).address,
  });
  let current = 0;

  function sample(picture: LoadedPicture, crop: Crop, target: number): void {
    const { left, top, step } = crop;
    // Pixel centres: the frame's first pixel lies half a step inside the crop.
    const x = left + step / 2 - 0.5;
    const y = top + step / 2 - 0.5;
    kernel.buildTaps(taps, width, x, step, picture.width - 1);
    kernel.samplePlane(
      picture.y,
      picture.width,
      picture.height,
      target,
      width,
      height,
      y,
      step,
      taps,
      hidden.luma,
    );
    // H.264's chroma lies on the left luma pixel; the picture's own was averaged over 2x2 and lies between them.
    const chromaWidth = picture.width / 2;
    const chromaRow = (y + 0.5 * step - 0.5) / 2;
    kernel.buildTaps(taps, width / 2, (x - 0.5) / 2, step, chromaWidth - 1);
    for (const [source, offset] of [[picture.u, lumaBytes], [picture.v, lumaBytes + chromaBytes]] as const) {
      const plane = target + offset;
      kernel.samplePlane(
        source,
        chromaWidth,
        picture.height / 2,
        plane,
        width / 2,
        height / 2,
        chromaRow,
        step,
        taps,
        hidden.chroma,
      );
    }
  }

  function store(plane: Uint8Array): number {
    const { address } = allocator.take(plane.length);
    bytes.set(plane, address);
    kernel.makeSigned(address, plane.length);
    return address;
  }

  return {
    addPicture(planes: PicturePlanes): LoadedPicture {
      return {
        width: planes.width,
        height: planes.height,
        y: store(planes.y),
        u: store(planes.u),
        v: store(planes.v),
      };
    },
    addLayer(planes: LayerPlanes): LoadedLayer {
      const block = allocator.take(planes.bytes.length);
      bytes.set(planes.bytes, block.address);
      const parts = Object.entries(planes.offsets).map(([part, offset]) => [part, block.address + offset]);
      const { width, height, stride } = planes;
      return { width, height, stride, ...block, ...Object.fromEntries(parts) as Record<LayerPart, number> };
    },
    dropLayer(layer: LoadedLayer): void {
      allocator.give({ address: layer.address, bytes: layer.bytes });
    },
    /**
     * What lies under these layers where nothing is seen through them is not drawn, until others are told: each must be
     * blended into every frame.
     */
    hideUnder(layers: (Placement & { layer: LoadedLayer })[]): void {
      hidden.set(
        layers.filter((each) => gainOf(each) === WHOLE_GAIN).map((each) => ({
          layer: each.layer,
          ...chromaPlace(each),
        })),
      );
    },
    /** Starts the next frame with a picture over all of it. */
    drawPicture(picture: LoadedPicture, crop: Crop): void {
      current = (current + 1) % FRAME_BUFFERS;
      sample(picture, crop, buffers[current]!);
    },
    /** Fades a second picture in: `weight` 0 leaves the frame as it is, 1 shows only the second. */
    mixPicture(picture: LoadedPicture, crop: Crop, weight: number): void {
      sample(picture, crop, other);
      kernel.mixPlanes(buffers[current]!, other, frameBytes, Math.round(weight * 256));
    },
    blend(layer: LoadedLayer, placement: Placement): void {
      const { x, y } = chromaPlace(placement);
      const gain = gainOf(placement);
      if (gain === 0) return;
      if (x < 0 || y < 0 || 2 * x + layer.width > width || 2 * y + layer.height > height) {
        throw new Error(`a layer of ${layer.width}x${layer.height} at ${2 * x},${2 * y} leaves the frame`);
      }
      const { stride, spans, solids, alpha, chromaAlpha, chromaSpans, chromaSolids } = layer;
      const frame = buffers[current]!;
      const half = width / 2;
      const corner = frame + 2 * y * width + 2 * x;
      kernel.blendLayer(corner, width, layer.y, alpha, stride, layer.height, spans, solids, gain);
      for (const [plane, offset] of [[layer.u, lumaBytes], [layer.v, lumaBytes + chromaBytes]] as const) {
        const start = frame + offset + y * half + x;
        kernel.blendLayer(
          start,
          half,
          plane,
          chromaAlpha,
          stride / 2,
          layer.height / 2,
          chromaSpans,
          chromaSolids,
          gain,
        );
      }
    },
    /** The frame as yuv420p bytes: valid until two more were drawn. */
    frame(): Uint8Array<ArrayBuffer> {
      return bytes.subarray(buffers[current]!, buffers[current]! + frameBytes) as Uint8Array<ArrayBuffer>;
    },
  };
}
