// What of a frame is hidden under layers through which nothing is seen: it need not be drawn.

import type { LoadedLayer } from "./rasteriser.ts";

/** A layer at its place in chroma samples. */
export interface Cover {
  layer: LoadedLayer;
  x: number;
  y: number;
}

/** The kernel draws this many columns at once. */
const STEP = 16;

interface Plane {
  width: number;
  height: number;
  table: Int32Array;
}

/** `solids` of a cover's rows, at its place in a plane. */
interface Part {
  x: number;
  y: number;
  height: number;
  solids: Int32Array;
}

/**
 * Tables for the kernel in its own memory, at `luma` and `chroma`: for every two rows of a plane the columns from and to
 * which nothing is drawn; both the width where all is. Of covers side by side the widest counts.
 */
export function createHidden(
  memory: ArrayBuffer,
  { width, height, luma, chroma }: { width: number; height: number; luma: number; chroma: number },
) {
  const lumaPlane = { width, height, table: new Int32Array(memory, luma, height) };
  const chromaPlane = {
    width: width / 2,
    height: height / 2,
    table: new Int32Array(memory, chroma, height / 2),
  };
  let known: Cover[] | null = null;

  function rowsOf(address: number, rows: number): Int32Array {
    return new Int32Array(memory, address, rows * 2);
  }

  function set(covers: Cover[]): void {
    if (known && isSame(covers, known)) return;
    known = covers;
    fill(
      lumaPlane,
      covers.map(({ layer, x, y }) => ({
        x: 2 * x,
        y: 2 * y,
        height: layer.height,
        solids: rowsOf(layer.solids, layer.height),
      })),
    );
    fill(
      chromaPlane,
      covers.map(({ layer, x, y }) => ({
        x,
        y,
        height: layer.height / 2,
        solids: rowsOf(layer.chromaSolids, layer.height / 2),
      })),
    );
  }

  set([]);
  return { luma, chroma, set };
}

function isSame(covers: Cover[], known: Cover[]): boolean {
  return covers.length === known.length &&
    covers.every(({ layer, x, y }, i) => layer === known[i]!.layer && x === known[i]!.x && y === known[i]!.y);
}

function fill({ width, table }: Plane, parts: Part[]): void {
  table.fill(width);
  for (const { x, y, height, solids } of parts) {
    for (let row = y + y % 2; row + 2 <= y + height; row += 2) {
      const at = (row - y) * 2;
      const from = Math.ceil((x + Math.max(solids[at]!, solids[at + 2]!)) / STEP) * STEP;
      const to = Math.floor((x + Math.min(solids[at + 1]!, solids[at + 3]!)) / STEP) * STEP;
      // Two i32 for every two rows: a row's number is its pair's place.
      if (to - from <= table[row + 1]! - table[row]!) continue;
      table[row] = from;
      table[row + 1] = to;
    }
  }
}
