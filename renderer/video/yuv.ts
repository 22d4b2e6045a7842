// Colour: RGB pictures and RGBA layers turned once into planar YUV 4:2:0, BT.709, limited range.

/** A picture's planes; chroma has half the size, each sample the mean of 2x2 pixels. */
export interface PicturePlanes {
  /** Both even. */
  width: number;
  height: number;
  y: Uint8Array;
  u: Uint8Array;
  v: Uint8Array;
}

/** A layer premultiplied by its alpha: one block of bytes and where the planes lie in it. */
export interface LayerPlanes {
  width: number;
  height: number;
  /** Bytes a luma row; chroma rows have half. A multiple of 32, zero beyond the width. */
  stride: number;
  bytes: Uint8Array;
  offsets: Record<"y" | "u" | "v" | "alpha" | "chromaAlpha" | "spans" | "chromaSpans", number>;
}

// ITU-R BT.709, 8 bit, limited range: luma 16..235, chroma 16..240.
const Y_RED = 0.2126 * 219 / 255;
const Y_GREEN = 0.7152 * 219 / 255;
const Y_BLUE = 0.0722 * 219 / 255;
const U_SCALE = 224 / 255 / 1.8556;
const V_SCALE = 224 / 255 / 1.5748;
const U_RED = -0.2126 * U_SCALE;
const U_GREEN = -0.7152 * U_SCALE;
const U_BLUE = 0.9278 * U_SCALE;
const V_RED = 0.7874 * V_SCALE;
const V_GREEN = -0.7152 * V_SCALE;
const V_BLUE = -0.0722 * V_SCALE;

/** Interleaved RGB (3 bytes a pixel), both sides even, to planes. */
export function picturePlanes(rgb: Uint8Array, size: { width: number; height: number }): PicturePlanes {
  const { width, height } = size;
  const y = new Uint8Array(width * height);
  const u = new Uint8Array(width * height / 4);
  const v = new Uint8Array(width * height / 4);
  for (let row = 0; row < height; row += 2) {
    for (let column = 0; column < width; column += 2) {
      const at = row * width + column;
      let red = 0, green = 0, blue = 0;
      for (let i = 0; i < 4; i++) {
        const pixel = at + (i & 1) + (i >> 1) * width;
        const r = rgb[pixel * 3]!, g = rgb[pixel * 3 + 1]!, b = rgb[pixel * 3 + 2]!;
        y[pixel] = 16.5 + Y_RED * r + Y_GREEN * g + Y_BLUE * b;
        red += r;
        green += g;
        blue += b;
      }
      const chroma = (row >> 1) * (width >> 1) + (column >> 1);
      u[chroma] = 128.5 + (U_RED * red + U_GREEN * green + U_BLUE * blue) / 4;
      v[chroma] = 128.5 + (V_RED * red + V_GREEN * green + V_BLUE * blue) / 4;
    }
  }
  return { width, height, y, u, v };
}

function fillSpans(spans: Int32Array, alpha: Uint8Array, stride: number): void {
  for (let row = 0; row * 2 < spans.length; row++) {
    let first = 0;
    let last = stride;
    const start = row * stride;
    while (first < last && alpha[start + first] === 0) first++;
    while (last > first && alpha[start + last - 1] === 0) last--;
    spans[row * 2] = first;
    spans[row * 2 + 1] = last;
  }
}

/** Straight RGBA (4 bytes a pixel), both sides even, to a premultiplied layer. */
export function layerPlanes(
  rgba: Uint8Array | Uint8ClampedArray,
  size: { width: number; height: number },
): LayerPlanes {
  const { width, height } = size;
  const stride = Math.ceil(width / 32) * 32;
  const luma = stride * height;
  const chroma = luma / 4;
  const offsets = {
    spans: 0,
    chromaSpans: height * 8,
    y: height * 12,
    alpha: height * 12 + luma,
    u: height * 12 + 2 * luma,
    v: height * 12 + 2 * luma + chroma,
    chromaAlpha: height * 12 + 2 * luma + 2 * chroma,
  };
  const bytes = new Uint8Array(offsets.chromaAlpha + chroma);
  const plane = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const y = plane(offsets.y, luma), alpha = plane(offsets.alpha, luma);
  const u = plane(offsets.u, chroma), v = plane(offsets.v, chroma);
  const chromaAlpha = plane(offsets.chromaAlpha, chroma);
  for (let row = 0; row < height; row += 2) {
    for (let column = 0; column < width; column += 2) {
      let red = 0, green = 0, blue = 0, opacity = 0;
      for (let i = 0; i < 4; i++) {
        const pixelRow = row + (i >> 1), pixelColumn = column + (i & 1);
        const from = (pixelRow * width + pixelColumn) * 4;
        const a = rgba[from + 3]!;
        if (a === 0) continue;
        const part = a / 255;
        const r = rgba[from]! * part, g = rgba[from + 1]! * part, b = rgba[from + 2]! * part;
        const to = pixelRow * stride + pixelColumn;
        y[to] = 16 * part + Y_RED * r + Y_GREEN * g + Y_BLUE * b + 0.5;
        alpha[to] = a;
        red += r;
        green += g;
        blue += b;
        opacity += a;
      }
      if (opacity === 0) continue;
      const to = (row >> 1) * (stride >> 1) + (column >> 1);
      const middle = 128 * opacity / 255;
      u[to] = (middle + U_RED * red + U_GREEN * green + U_BLUE * blue) / 4 + 0.5;
      v[to] = (middle + V_RED * red + V_GREEN * green + V_BLUE * blue) / 4 + 0.5;
      chromaAlpha[to] = opacity / 4 + 0.5;
    }
  }
  fillSpans(new Int32Array(bytes.buffer, offsets.spans, height * 2), alpha, stride);
  fillSpans(new Int32Array(bytes.buffer, offsets.chromaSpans, height), chromaAlpha, stride / 2);
  return { width, height, stride, bytes, offsets };
}

/** A yuv420p frame back to interleaved RGB, for a still of it. */
export function rgbOfFrame(frame: Uint8Array, size: { width: number; height: number }): Uint8Array {
  const { width, height } = size;
  const rgb = new Uint8ClampedArray(width * height * 3);
  const luma = width * height;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const chroma = (row >> 1) * (width >> 1) + (column >> 1);
      const y = (frame[row * width + column]! - 16) * 255 / 219;
      const u = (frame[luma + chroma]! - 128) * 255 / 224;
      const v = (frame[luma + luma / 4 + chroma]! - 128) * 255 / 224;
      const to = (row * width + column) * 3;
      rgb[to] = y + 1.5748 * v;
      rgb[to + 1] = y - 0.1873 * u - 0.4681 * v;
      rgb[to + 2] = y + 1.8556 * u;
    }
  }
  return new Uint8Array(rgb.buffer);
}
