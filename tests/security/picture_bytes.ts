// Picture files by hand: headers that promise too much, chunks that no encoder writes, frames without end.

import { crc32 } from "node:zlib";

type Bytes = Uint8Array<ArrayBuffer>;

const PNG_SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/** One chunk with its length and checksum. */
export function pngChunk(type: string, data: Iterable<number>): Bytes {
  const content = Uint8Array.from([...new TextEncoder().encode(type), ...data]);
  const bytes = new Uint8Array(content.length + 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length - 4);
  bytes.set(content, 4);
  view.setUint32(content.length + 4, crc32(content));
  return bytes;
}

/** A grey PNG that announces `side` and brings packed `rows`, whatever those hold. */
export function pngOf(options: { side: number; rows: Uint8Array }): Bytes {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, options.side);
  new DataView(header.buffer).setUint32(4, options.side);
  header.set([8, 0, 0, 0, 0], 8);
  const chunks = [pngChunk("IHDR", header), pngChunk("IDAT", options.rows), pngChunk("IEND", [])];
  return Uint8Array.from([...PNG_SIGNATURE, ...chunks.flatMap((chunk) => [...chunk])]);
}

/** A JPEG's beginning up to its scan, of `side` x `side`. */
export function jpegHeader(side: number): Bytes {
  const size = [side >> 8, side & 255, side >> 8, side & 255];
  const quantisation = [0xff, 0xdb, 0, 67, 0, ...Array(64).fill(1)];
  const frame = [0xff, 0xc0, 0, 11, 8, ...size, 1, 1, 0x11, 0];
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
  return Uint8Array.from([0xff, 0xd8, ...quantisation, ...frame, ...scan, ...Array(500).fill(0)]);
}

/** A GIF's screen of `side` x `side` with one frame of that size, cut off. */
export function gifHeader(side: number): Bytes {
  const size = [side & 255, side >> 8, side & 255, side >> 8];
  const frame = [0x2c, 0, 0, 0, 0, ...size, 0, 2, 1, 0, 0];
  return Uint8Array.from([
    ...new TextEncoder().encode("GIF89a"),
    ...size,
    0x80,
    0,
    0,
    0,
    0,
    0,
    255,
    255,
    255,
    ...frame,
    0x3b,
  ]);
}

/** A lossless WebP that announces `side` x `side`, up to 16,383, and brings 5 x 5. */
export function webpHeader(side: number): Bytes {
  const text = (content: string) => [...new TextEncoder().encode(content)];
  const size = (side - 1) | ((side - 1) << 14);
  return Uint8Array.from([
    ...text("RIFF"),
    ...[30, 0, 0, 0],
    ...text("WEBPVP8L"),
    ...[17, 0, 0, 0],
    ...[47, size & 255, (size >> 8) & 255, (size >> 16) & 255, (size >> 24) & 15],
    ...[7, 80, 154, 74, 212, 170, 255, 129, 136, 232, 127, 0, 0],
  ]);
}

/** An animated GIF of two pixels a side: a red frame, then blue ones. */
export function manyFramesGif(count: number): Bytes {
  const size = [2, 0, 2, 0];
  const palette = [220, 30, 40, 30, 40, 220];
  const frame = (colour: 0 | 1) => [
    ...[0x21, 0xf9, 4, 0, 1, 0, 0, 0],
    ...[0x2c, 0, 0, 0, 0, ...size, 0],
    // Codes of three bits: clear, four pixels, end.
    ...[2, 3, ...packCodes([4, colour, colour, colour, colour, 5]), 0],
  ];
  const frames = Array.from({ length: count }, (_, index) => frame(index === 0 ? 0 : 1));
  return Uint8Array.from([
    ...new TextEncoder().encode("GIF89a"),
    ...size,
    ...[0x80, 0, 0, ...palette],
    ...frames.flat(),
    0x3b,
  ]);
}

function packCodes(codes: number[]): number[] {
  // LZW widens its codes after the fourth of them: three bits up to there, four for the last two.
  let bits = 0n;
  let at = 0n;
  codes.forEach((code, index) => {
    bits |= BigInt(code) << at;
    at += index < 4 ? 3n : 4n;
  });
  return [0, 8, 16].map((shift) => Number((bits >> BigInt(shift)) & 255n));
}
