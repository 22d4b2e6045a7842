// Colour in AssemblyScript with SIMD: RGB pictures and RGBA layers to planar YUV 4:2:0, BT.709, limited range.
// `build.ts` compiles it; the result is committed beside it.
// @ts-nocheck: AssemblyScript's types and intrinsics, not TypeScript's
// deno-lint-ignore-file
//
// All pointers are offsets into a memory that the caller owns. Sources are read 16 bytes at once: up to 16 bytes past
// their end. Both sides of a picture or layer are even, and it is at least 4 pixels wide.

import { divided } from "./bytes.as.ts";

// ITU-R BT.709, 8 bit, limited range: luma 16..235, chroma 16..240.
const Y_RED: f32 = 0.2126 * 219 / 255;
const Y_GREEN: f32 = 0.7152 * 219 / 255;
const Y_BLUE: f32 = 0.0722 * 219 / 255;
const U_SCALE: f32 = 224.0 / 255 / 1.8556;
const V_SCALE: f32 = 224.0 / 255 / 1.5748;
const U_RED: f32 = -0.2126 * U_SCALE;
const U_GREEN: f32 = -0.7152 * U_SCALE;
const U_BLUE: f32 = 0.9278 * U_SCALE;
const V_RED: f32 = 0.7874 * V_SCALE;
const V_GREEN: f32 = -0.7152 * V_SCALE;
const V_BLUE: f32 = -0.0722 * V_SCALE;
/** What black has: a premultiplied layer has it by its alpha. */
const Y_BLACK: f32 = 16.0 / 255;
const UV_GREY: f32 = 128.0 / 255;

/** Weights of a dot product: 1/32768 each, so that the largest (0.61) fits 16 bits. */
const WEIGHT_BITS: i32 = 15;
const WEIGHT_ONE: f32 = 32768;
/** A chroma sample is the mean of four pixels. */
const MEAN_BITS: i32 = 2;

function weights(red: f32, green: f32, blue: f32, alpha: f32): v128 {
  const r = i16(nearest(red * WEIGHT_ONE)), g = i16(nearest(green * WEIGHT_ONE));
  const b = i16(nearest(blue * WEIGHT_ONE)), a = i16(nearest(alpha * WEIGHT_ONE));
  let lanes = i16x8.splat(a);
  lanes = i16x8.replace_lane(lanes, 0, r);
  lanes = i16x8.replace_lane(lanes, 1, g);
  lanes = i16x8.replace_lane(lanes, 2, b);
  lanes = i16x8.replace_lane(lanes, 4, r);
  lanes = i16x8.replace_lane(lanes, 5, g);
  return i16x8.replace_lane(lanes, 6, b);
}

/** Two pixels of three bytes each as [r g b 0 r g b 0] in 16 bit. */
function firstPixels(bytes: v128): v128 {
  return i8x16.swizzle(bytes, i8x16(0, -1, 1, -1, 2, -1, -1, -1, 3, -1, 4, -1, 5, -1, -1, -1));
}

function nextPixels(bytes: v128): v128 {
  return i8x16.swizzle(bytes, i8x16(6, -1, 7, -1, 8, -1, -1, -1, 9, -1, 10, -1, 11, -1, -1, -1));
}

/** Dot products of two pairs of pixels, as four i32 in the pixels' order. */
function weigh(first: v128, next: v128, weight: v128): v128 {
  const a = i32x4.dot_i16x8_s(first, weight);
  const b = i32x4.dot_i16x8_s(next, weight);
  return i32x4.add(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7));
}

/** Four values of 16 bytes of lanes stored as four bytes. */
function storeFour(target: usize, values: v128): void {
  const halves = i16x8.narrow_i32x4_u(values, values);
  v128.store32_lane(target, i8x16.narrow_i16x8_u(halves, halves), 0);
}

/** A row of luma; the last few of a width that is no multiple of 4 are written over each other's edge. */
function lumaRow(source: usize, target: usize, width: i32): void {
  const weight = weights(Y_RED, Y_GREEN, Y_BLUE, 0);
  const offset = i32x4.splat((16 << WEIGHT_BITS) + (1 << (WEIGHT_BITS - 1)));
  for (let x: i32 = 0; x < width; x += 4) {
    const at = min(x, width - 4);
    const bytes = v128.load(source + usize(at * 3));
    const sums = i32x4.add(weigh(firstPixels(bytes), nextPixels(bytes), weight), offset);
    storeFour(target + usize(at), i32x4.shr_s(sums, WEIGHT_BITS));
  }
}

/** Two neighbours of [r g b 0 | r g b 0] added into the first half, of two vectors into one. */
function pairs(first: v128, next: v128): v128 {
  return i16x8.add(v128.shuffle<i64>(first, next, 0, 2), v128.shuffle<i64>(first, next, 1, 3));
}

/** Sums of 2x2 pixels: two of them, from four columns of two rows. */
function squares(upper: v128, lower: v128): v128 {
  return pairs(
    i16x8.add(firstPixels(upper), firstPixels(lower)),
    i16x8.add(nextPixels(upper), nextPixels(lower)),
  );
}

function chromaPair(sums: v128, weight: v128): v128 {
  const offset = i32x4.splat((128 << (WEIGHT_BITS + MEAN_BITS)) + (1 << (WEIGHT_BITS + MEAN_BITS - 1)));
  return i32x4.shr_s(i32x4.add(weigh(sums, sums, weight), offset), WEIGHT_BITS + MEAN_BITS);
}

function chromaRow(upper: usize, lower: usize, u: usize, v: usize, width: i32): void {
  const weightU = weights(U_RED, U_GREEN, U_BLUE, 0);
  const weightV = weights(V_RED, V_GREEN, V_BLUE, 0);
  for (let x: i32 = 0; x < width; x += 4) {
    const at = min(x, width - 4);
    const sums = squares(v128.load(upper + usize(at * 3)), v128.load(lower + usize(at * 3)));
    const us = chromaPair(sums, weightU), vs = chromaPair(sums, weightV);
    const target = usize(at >> 1);
    store<u8>(u + target, u8(i32x4.extract_lane(us, 0)));
    store<u8>(u + target + 1, u8(i32x4.extract_lane(us, 1)));
    store<u8>(v + target, u8(i32x4.extract_lane(vs, 0)));
    store<u8>(v + target + 1, u8(i32x4.extract_lane(vs, 1)));
  }
}

/** Interleaved RGB (3 bytes a pixel, at least 4 pixels wide) to planes; chroma is the mean of 2x2 pixels. */
export function convertPicture(rgb: usize, width: i32, height: i32, y: usize, u: usize, v: usize): void {
  const stride = usize(width * 3);
  for (let row: i32 = 0; row < height; row += 2) {
    const upper = rgb + usize(row) * stride;
    lumaRow(upper, y + usize(row * width), width);
    lumaRow(upper + stride, y + usize((row + 1) * width), width);
    const chroma = usize((row >> 1) * (width >> 1));
    chromaRow(upper, upper + stride, u + chroma, v + chroma, width);
  }
}

/** The alphas of four pixels, as the bytes that hold them. */
function alphasOf(bytes: v128): v128 {
  return v128.and(bytes, i32x4.splat(0xff000000));
}

/** Two pixels of straight RGBA in 16 bit, premultiplied; `alphas` has their alpha in each lane of colour. */
function premultiplied(pixels: v128, alphas: v128): v128 {
  // Alpha itself times 255, divided by 255.
  const factors = v128.or(alphas, i16x8(0, 0, 0, 255, 0, 0, 0, 255));
  return divided(i16x8.mul(pixels, factors));
}

function firstOfLayer(bytes: v128): v128 {
  const alphas = i8x16.swizzle(bytes, i8x16(3, -1, 3, -1, 3, -1, -1, -1, 7, -1, 7, -1, 7, -1, -1, -1));
  return premultiplied(i16x8.extend_low_i8x16_u(bytes), alphas);
}

function nextOfLayer(bytes: v128): v128 {
  const alphas = i8x16.swizzle(bytes, i8x16(11, -1, 11, -1, 11, -1, -1, -1, 15, -1, 15, -1, 15, -1, -1, -1));
  return premultiplied(i16x8.extend_high_i8x16_u(bytes), alphas);
}

/** Luma and alpha of four pixels. */
function layerLuma(bytes: v128, first: v128, next: v128, y: usize, alpha: usize): void {
  const half = i32x4.splat(1 << (WEIGHT_BITS - 1));
  const sums = i32x4.add(weigh(first, next, weights(Y_RED, Y_GREEN, Y_BLUE, Y_BLACK)), half);
  storeFour(y, i32x4.shr_s(sums, WEIGHT_BITS));
  storeFour(alpha, i32x4.shr_u(bytes, 24));
}

/** Two chroma values from the sums of two squares. */
function storeChroma(target: usize, sums: v128, weight: v128): void {
  const half = i32x4.splat(1 << (WEIGHT_BITS + MEAN_BITS - 1));
  const values = i32x4.shr_s(i32x4.add(weigh(sums, sums, weight), half), WEIGHT_BITS + MEAN_BITS);
  store<u8>(target, u8(i32x4.extract_lane(values, 0)));
  store<u8>(target + 1, u8(i32x4.extract_lane(values, 1)));
}

/**
 * Straight RGBA (4 bytes a pixel) to a layer premultiplied by its alpha, in planes that are zero before. Luma rows have
 * `stride` bytes, chroma rows half of it.
 */
export function convertLayer(
  rgba: usize,
  width: i32,
  height: i32,
  stride: i32,
  y: usize,
  alpha: usize,
  u: usize,
  v: usize,
  chromaAlpha: usize,
): void {
  const weightU = weights(U_RED, U_GREEN, U_BLUE, UV_GREY);
  const weightV = weights(V_RED, V_GREEN, V_BLUE, UV_GREY);
  const line = usize(width * 4);
  for (let row: i32 = 0; row < height; row += 2) {
    const upper = rgba + usize(row) * line;
    for (let x: i32 = 0; x < width; x += 4) {
      const column = min(x, width - 4);
      const above = v128.load(upper + usize(column * 4)), under = v128.load(upper + line + usize(column * 4));
      if (!v128.any_true(alphasOf(v128.or(above, under)))) continue;
      const at = usize(row * stride + column), below = at + usize(stride);
      const a = firstOfLayer(above), b = nextOfLayer(above), c = firstOfLayer(under), d = nextOfLayer(under);
      layerLuma(above, a, b, y + at, alpha + at);
      layerLuma(under, c, d, y + below, alpha + below);
      const sums = pairs(i16x8.add(a, c), i16x8.add(b, d));
      const chroma = usize((row >> 1) * (stride >> 1) + (column >> 1));
      storeChroma(u + chroma, sums, weightU);
      storeChroma(v + chroma, sums, weightV);
      const opacity = i16x8.shr_u(i16x8.add(sums, i16x8.splat(2)), MEAN_BITS);
      store<u8>(chromaAlpha + chroma, u8(i16x8.extract_lane_u(opacity, 3)));
      store<u8>(chromaAlpha + chroma + 1, u8(i16x8.extract_lane_u(opacity, 7)));
    }
  }
}

/** First and last used column of each row of `alpha`, two i32 a row; rows have `stride` bytes, a multiple of 16. */
export function findSpans(alpha: usize, stride: i32, rows: i32, spans: usize): void {
  for (let row: i32 = 0; row < rows; row++) {
    const start = alpha + usize(row * stride);
    let first: i32 = 0, last: i32 = stride;
    while (first < last && !v128.any_true(v128.load(start + usize(first)))) first += 16;
    while (last > first && !v128.any_true(v128.load(start + usize(last - 16)))) last -= 16;
    while (first < last && load<u8>(start + usize(first)) == 0) first++;
    while (last > first && load<u8>(start + usize(last - 1)) == 0) last--;
    store<i32>(spans + usize(row * 8), first);
    store<i32>(spans + usize(row * 8) + 4, last);
  }
}

/** The longest run of columns of each row of `alpha` that nothing is seen through, in steps of 16, two i32 a row. */
export function findSolids(alpha: usize, stride: i32, rows: i32, solids: usize): void {
  const full = i8x16.splat(-1);
  for (let row: i32 = 0; row < rows; row++) {
    const start = alpha + usize(row * stride);
    let first: i32 = 0, last: i32 = 0;
    for (let x: i32 = 0, since: i32 = 0; x < stride; x += 16) {
      if (!i8x16.all_true(i8x16.eq(v128.load(start + usize(x)), full))) since = x + 16;
      else if (x + 16 - since > last - first) {
        first = since;
        last = x + 16;
      }
    }
    store<i32>(solids + usize(row * 8), first);
    store<i32>(solids + usize(row * 8) + 4, last);
  }
}

/** Values of a frame in 1/64: sums of two fit 16 bits, and where they do not they are far beyond white. */
const FINE_BITS: i32 = 6;
const FINE_HALF: i16 = 32;
/** What of a value goes on top of it, in 1/32768: limited luma to full, and chroma to red and blue. */
const LUMA_MORE: i16 = 5387;
const RED_MORE: i16 = 25977;
const BLUE_MORE: i16 = 3683;
/** What chroma takes from green, in 1/32768. */
const GREEN_BY_U: i16 = 6987;
const GREEN_BY_V: i16 = 17462;

/** Eight values in 1/64 as bytes, rounded, in the first half. */
function asBytes(values: v128): v128 {
  const rounded = i16x8.shr_s(i16x8.add_sat_s(values, i16x8.splat(FINE_HALF)), FINE_BITS);
  return i8x16.narrow_i16x8_u(rounded, rounded);
}

/** Four chroma values, each for two pixels, less 128, in 1/64. */
function chromaOfEight(source: usize): v128 {
  const four = v128.load32_zero(source);
  const eight = i8x16.swizzle(four, i8x16(0, 0, 1, 1, 2, 2, 3, 3, -1, -1, -1, -1, -1, -1, -1, -1));
  return i16x8.shl(i16x8.sub(i16x8.extend_low_i8x16_u(eight), i16x8.splat(128)), FINE_BITS);
}

function more(value: v128, share: i16): v128 {
  return i16x8.q15mulr_sat_s(value, i16x8.splat(share));
}

/** A frame in planes, at least 8 pixels wide, to interleaved RGB (3 bytes a pixel). */
export function convertFrame(y: usize, u: usize, v: usize, width: i32, height: i32, rgb: usize): void {
  for (let row: i32 = 0; row < height; row++) {
    const luma = y + usize(row * width);
    const chroma = (row >> 1) * (width >> 1);
    for (let x: i32 = 0; x < width; x += 8) {
      // The last of a width that is no multiple of 8 are made twice.
      const at = min(x, width - 8);
      const grey = i16x8.sub(i16x8.extend_low_i8x16_u(v128.load64_zero(luma + usize(at))), i16x8.splat(16));
      const fine = i16x8.shl(grey, FINE_BITS);
      const light = i16x8.add(fine, more(fine, LUMA_MORE));
      const us = chromaOfEight(u + usize(chroma + (at >> 1)));
      const vs = chromaOfEight(v + usize(chroma + (at >> 1)));
      const red = asBytes(i16x8.add_sat_s(light, i16x8.add(vs, more(vs, RED_MORE))));
      const green = asBytes(i16x8.sub_sat_s(i16x8.sub(light, more(us, GREEN_BY_U)), more(vs, GREEN_BY_V)));
      const twice = i16x8.add_sat_s(us, us);
      const blue = asBytes(i16x8.add_sat_s(light, i16x8.add_sat_s(twice, more(us, BLUE_MORE))));
      const both = v128.shuffle<i64>(red, green, 0, 2);
      const to = rgb + usize((row * width + at) * 3);
      v128.store(
        to,
        v128.shuffle<i8>(both, blue, 0, 8, 16, 1, 9, 17, 2, 10, 18, 3, 11, 19, 4, 12, 20, 5),
      );
      v128.store64_lane(
        to + 16,
        v128.shuffle<i8>(both, blue, 13, 21, 6, 14, 22, 7, 15, 23, 0, 0, 0, 0, 0, 0, 0, 0),
        0,
      );
    }
  }
}
