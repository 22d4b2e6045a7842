// Reads the texts of a frame, for tests: crops known rectangles and gives them to tesseract, offline.

import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { createWorker, PSM } from "tesseract.js";
import type { Rect } from "../../renderer/video/layout.ts";

/** A whole frame, interleaved RGB. */
export interface FramePicture {
  data: Uint8Array;
  width: number;
  height: number;
}

export interface Reader {
  /** The text inside a rectangle of the frame; `inks` are its letters' colours, where it stands on a picture. */
  read(frame: FramePicture, place: Rect, inks?: string[]): Promise<string>;
  close(): Promise<void>;
}

/** What of a colour counts as the letter's: the sum of the channels' differences. */
const INK_DISTANCE = 90;
/** Letters of this height are what it was trained on. */
const SCALE = 0.6;

export async function createReader(): Promise<Reader> {
  const folder = dirname(createRequire(import.meta.url).resolve("@tesseract.js-data/eng/package.json"));
  const worker = await createWorker("eng", 1, {
    langPath: join(folder, "4.0.0_best_int"),
    cacheMethod: "none",
  });
  await worker.setParameters({ tessedit_pageseg_mode: PSM.SINGLE_BLOCK, user_defined_dpi: "150" });
  return {
    async read(frame, place, inks) {
      const { data, width, height } = inks ? blackOnWhite(frame, inks) : frame;
      const left = Math.max(0, Math.floor(place.x)), top = Math.max(0, Math.floor(place.y));
      const area = {
        left,
        top,
        width: Math.min(width - left, Math.ceil(place.width)),
        height: Math.min(height - top, Math.ceil(place.height)),
      };
      const crop = await sharp(data, { raw: { width, height, channels: 3 } }).extract(area)
        .resize(Math.round(area.width * SCALE)).png().toBuffer();
      return (await worker.recognize(Buffer.from(crop))).data.text.replace(/\s+/g, " ").trim();
    },
    close: async () => void await worker.terminate(),
  };
}

function blackOnWhite(frame: FramePicture, inks: string[]): FramePicture {
  const colours = inks.map((ink) => [1, 3, 5].map((at) => Number.parseInt(ink.slice(at, at + 2), 16)));
  const data = new Uint8Array(frame.data.length).fill(255);
  for (let at = 0; at < data.length; at += 3) {
    const isInk = colours.some(([r, g, b]) =>
      Math.abs(frame.data[at]! - r!) + Math.abs(frame.data[at + 1]! - g!) +
          Math.abs(frame.data[at + 2]! - b!) <
        INK_DISTANCE
    );
    if (isInk) data.fill(0, at, at + 3);
  }
  return { ...frame, data };
}

/** How much of a text was read, 0 to 1: letters and digits in their order, whatever stands between them. */
export function likeness(read: string, written: string): number {
  const [a, b] = [read, written].map((text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "")) as [
    string,
    string,
  ];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return 1 - row[b.length]! / Math.max(a.length, b.length, 1);
}
