// The inner loops of a frame, in AssemblyScript with SIMD: sampling a picture at sub-pixel positions, mixing two frames,
// blending a premultiplied layer. `build.ts` compiles it; the result is committed beside it.
// @ts-nocheck: AssemblyScript's types and intrinsics, not TypeScript's
// deno-lint-ignore-file
//
// All pointers are offsets into a memory that the caller owns. Planes are 8-bit, padded by at least 64 bytes at their
// end, because 16 bytes are loaded at once.

import { divided } from "./bytes.as.ts";

/** Rows are weighed in 1/256. */
const ROW_SCALE: f64 = 256.0;
/** Weights of 1/256 as `q15mulr` takes them, in 1/32768: `(difference * weight * 128 + 16384) >> 15`. */
const WEIGHT_SHIFT: i32 = 7;
/** A whole weight does not fit 15 bits; 32767/32768 of a byte's difference rounds to all of it. */
const WHOLE_WEIGHT: i32 = 32767;
/** Neighbours in a row are weighed in 1/127: the two weights are the 7-bit side of a dot product. */
const COLUMN_SCALE: i32 = 127;
/** 1/127 in 1/32768: takes a weighed sample back to a byte's size, within 0.01. */
const UNWEIGHED: i16 = 258;
/** Planes to sample hold a byte less 128: the other side of that dot product is signed. */
const SIGN_BIT: u8 = 0x80;
/**
 * A tap table has, for `groups` groups of 8 outputs, one kind after another:
 *   16 x u8    twice 128, then twice `UNWEIGHED` (8 x i16): what is loaded stays in a register, a constant is built anew
 *   16 x u8    a group's byte shuffle that gives the neighbours, left and right in turns
 *   16 x i8    their weights, in 1/127
 *   i32        index of the group's first source byte
 * Each is read at an address of its own: where the runtime checks bounds in code, an offset makes the check twice as long.
 */
const LANES: usize = 16;
const CONSTANTS_BYTES: usize = 2 * LANES;
const BASE_BYTES: usize = 4;
const OUTPUTS_PER_TAP: i32 = 8;
/** A layer's gain at which nothing of it is taken away. */
const WHOLE_GAIN: i32 = 256;

/** Fills the table for `count` outputs at `origin + i * step`, clamped to the row. Steps above 1.85 do not fit a group. */
export function buildTaps(table: usize, count: i32, origin: f64, step: f64, maxIndex: i32): void {
  v128.store(table, i8x16.splat(SIGN_BIT));
  v128.store(table, i16x8.splat(UNWEIGHED), LANES);
  const groups = usize((count + OUTPUTS_PER_TAP - 1) / OUTPUTS_PER_TAP);
  let shuffle = table + CONSTANTS_BYTES;
  let weights = shuffle + groups * LANES;
  let base = weights + groups * LANES;
  for (let group: i32 = 0; group < count; group += OUTPUTS_PER_TAP) {
    let first: i32 = 0;
    for (let i: i32 = 0; i < OUTPUTS_PER_TAP; i++) {
      const position = Math.min(Math.max(origin + f64(group + i) * step, 0), f64(maxIndex));
      const scaled = i32(position * f64(COLUMN_SCALE) + 0.5);
      const index = scaled / COLUMN_SCALE;
      const right = scaled - index * COLUMN_SCALE;
      if (i == 0) first = index;
      const lane = usize(i) * 2;
      store<u8>(shuffle + lane, u8(index - first));
      store<u8>(shuffle + lane + 1, u8(index - first + 1));
      store<i8>(weights + lane, i8(COLUMN_SCALE - right));
      store<i8>(weights + lane + 1, i8(right));
    }
    store<i32>(base, first);
    shuffle += LANES;
    weights += LANES;
    base += BASE_BYTES;
  }
}

/** `from` moved towards `to` by a weight of 1/32768, rounded: three instructions for eight lanes. */
function between(from: v128, to: v128, weight: v128): v128 {
  return i16x8.add(from, i16x8.relaxed_q15mulr_s(i16x8.sub(to, from), weight));
}

/** Eight outputs less 128: each row's neighbours are weighed first, then the two rows; rounded once, or slow motion trembles. */
function sampleGroup(
  upper: usize,
  lower: usize,
  shuffle: v128,
  weights: v128,
  weight: v128,
  unweighed: v128,
): v128 {
  const a = i16x8.relaxed_dot_i8x16_i7x16_s(i8x16.relaxed_swizzle(v128.load(upper), shuffle), weights);
  const b = i16x8.relaxed_dot_i8x16_i7x16_s(i8x16.relaxed_swizzle(v128.load(lower), shuffle), weights);
  return i16x8.relaxed_q15mulr_s(between(a, b, weight), unweighed);
}

/** Where an output row lies in the source, in 1/256 of its rows. */
function rowPosition(origin: f64, y: i32, step: f64, rows: i32): i32 {
  return i32(Math.min(Math.max(origin + f64(y) * step, 0), f64(rows - 1)) * ROW_SCALE + 0.5);
}

/**
 * What was read ahead, all of it together. It is kept where others may ask for it, because a load of which nothing comes
 * is left out.
 */
export let readAhead: i32 = 0;

/** Stores the first eight or four of sixteen bytes. */
function storePart(target: usize, bytes: v128, count: i32): void {
  if (count >= OUTPUTS_PER_TAP) v128.store64_lane(target, bytes, 0);
  else v128.store32_lane(target, bytes, 0);
}

/**
 * Columns `from` (a multiple of 16) to `to` of two output rows, which share what is known of their columns. Meanwhile
 * `aheadBytes` of the source are read from end to end: a processor fetches ahead of one long walk through memory, but not
 * of four short ones, and beside an encoder nothing of a picture stays in its caches from frame to frame.
 */
function samplePair(
  upperA: usize,
  lowerA: usize,
  upperB: usize,
  lowerB: usize,
  weightA: v128,
  weightB: v128,
  rowA: usize,
  rowB: usize,
  from: i32,
  to: i32,
  taps: usize,
  groups: usize,
  ahead: usize,
  aheadBytes: i32,
): void {
  const sign = v128.load(taps);
  const unweighed = v128.load(taps, LANES);
  const first = usize(from / OUTPUTS_PER_TAP);
  let shuffleAt = taps + CONSTANTS_BYTES + first * LANES;
  let weightsAt = shuffleAt + groups * LANES;
  let baseAt = taps + CONSTANTS_BYTES + 2 * groups * LANES + first * BASE_BYTES;
  const stepAhead = usize(aheadBytes / max((to - from) >> 4, 1));
  let seen = sign;
  let x = from;
  for (; x + 16 <= to; x += 16) {
    seen = v128.or(seen, v128.load(ahead));
    ahead += stepAhead;
    let base = usize(load<i32>(baseAt));
    let shuffle = v128.load(shuffleAt);
    let weights = v128.load(weightsAt);
    const leftA = sampleGroup(upperA + base, lowerA + base, shuffle, weights, weightA, unweighed);
    const leftB = sampleGroup(upperB + base, lowerB + base, shuffle, weights, weightB, unweighed);
    baseAt += BASE_BYTES;
    shuffleAt += LANES;
    weightsAt += LANES;
    base = usize(load<i32>(baseAt));
    shuffle = v128.load(shuffleAt);
    weights = v128.load(weightsAt);
    const rightA = sampleGroup(upperA + base, lowerA + base, shuffle, weights, weightA, unweighed);
    const rightB = sampleGroup(upperB + base, lowerB + base, shuffle, weights, weightB, unweighed);
    v128.store(rowA + usize(x), v128.xor(i8x16.narrow_i16x8_s(leftA, rightA), sign));
    v128.store(rowB + usize(x), v128.xor(i8x16.narrow_i16x8_s(leftB, rightB), sign));
    baseAt += BASE_BYTES;
    shuffleAt += LANES;
    weightsAt += LANES;
  }
  for (; x < to; x += OUTPUTS_PER_TAP) {
    const base = usize(load<i32>(baseAt));
    const shuffle = v128.load(shuffleAt);
    const weights = v128.load(weightsAt);
    const a = sampleGroup(upperA + base, lowerA + base, shuffle, weights, weightA, unweighed);
    const b = sampleGroup(upperB + base, lowerB + base, shuffle, weights, weightB, unweighed);
    storePart(rowA + usize(x), v128.xor(i8x16.narrow_i16x8_s(a, a), sign), to - x);
    storePart(rowB + usize(x), v128.xor(i8x16.narrow_i16x8_s(b, b), sign), to - x);
    baseAt += BASE_BYTES;
    shuffleAt += LANES;
    weightsAt += LANES;
  }
  readAhead = i32x4.extract_lane(seen, 0);
}

/**
 * Samples a plane of bytes less 128 bilinearly into `target`, as they are (stride = width, a multiple of 4); rows lie at
 * `origin + y * step`. `hidden` has two i32 for every two rows: from the first column to the second (multiples of 16, or
 * both the width) nothing is drawn, because nothing of it will be seen.
 */
export function samplePlane(
  source: usize,
  sourceStride: i32,
  sourceRows: i32,
  target: usize,
  width: i32,
  height: i32,
  origin: f64,
  step: f64,
  taps: usize,
  hidden: usize,
): void {
  const lastRow = sourceRows - 1;
  const groups = usize((width + OUTPUTS_PER_TAP - 1) / OUTPUTS_PER_TAP);
  for (let y: i32 = 0; y < height; y += 2) {
    const other = min(y + 1, height - 1);
    const placeA = rowPosition(origin, y, step, sourceRows);
    const placeB = rowPosition(origin, other, step, sourceRows);
    const upperA = source + usize((placeA >> 8) * sourceStride);
    const lowerA = source + usize(min((placeA >> 8) + 1, lastRow) * sourceStride);
    const upperB = source + usize((placeB >> 8) * sourceStride);
    const lowerB = source + usize(min((placeB >> 8) + 1, lastRow) * sourceStride);
    const weightA = i16x8.splat(i16((placeA & 255) << WEIGHT_SHIFT));
    const weightB = i16x8.splat(i16((placeB & 255) << WEIGHT_SHIFT));
    const rowA = target + usize(y * width);
    const rowB = target + usize(other * width);
    const next = min((placeB >> 8) + 2, lastRow);
    const last = min((rowPosition(origin, y + 3, step, sourceRows) >> 8) + 1, lastRow);
    const ahead = source + usize(next * sourceStride);
    const aheadBytes = (last + 1 - next) * sourceStride;
    let from: i32 = 0;
    let to = load<i32>(hidden);
    for (let part = 0; part < 2; part++) {
      if (from < to) {
        samplePair(
          upperA,
          lowerA,
          upperB,
          lowerB,
          weightA,
          weightB,
          rowA,
          rowB,
          from,
          to,
          taps,
          groups,
          ahead,
          aheadBytes,
        );
      }
      from = load<i32>(hidden, 4);
      to = width;
    }
    hidden += 8;
  }
}

/** Takes 128 from each byte of a plane that will be sampled; `bytes` is rounded up to 16. */
export function makeSigned(plane: usize, bytes: i32): void {
  const sign = i8x16.splat(SIGN_BIT);
  for (let i: i32 = 0; i < bytes; i += 16) {
    v128.store(plane + usize(i), v128.xor(v128.load(plane + usize(i)), sign));
  }
}

/** `target` becomes `target * (256 - weight) + other * weight`, in 1/256; `bytes` is rounded up to 16. */
export function mixPlanes(target: usize, other: usize, bytes: i32, weight: i32): void {
  const share = i16x8.splat(i16(min(weight << WEIGHT_SHIFT, WHOLE_WEIGHT)));
  for (let i: i32 = 0; i < bytes; i += 16) {
    const a = v128.load(target + usize(i));
    const b = v128.load(other + usize(i));
    const low = between(i16x8.extend_low_i8x16_u(a), i16x8.extend_low_i8x16_u(b), share);
    const high = between(i16x8.extend_high_i8x16_u(a), i16x8.extend_high_i8x16_u(b), share);
    v128.store(target + usize(i), i8x16.narrow_i16x8_u(low, high));
  }
}

/** Sixteen bytes at a part of their value, in 1/256. */
function faded(bytes: v128, gains: v128): v128 {
  return i8x16.narrow_i16x8_u(
    i16x8.shr_u(i16x8.mul(i16x8.extend_low_i8x16_u(bytes), gains), 8),
    i16x8.shr_u(i16x8.mul(i16x8.extend_high_i8x16_u(bytes), gains), 8),
  );
}

/** What shows of the picture below: `below * (255 - alpha) / 255`. */
function shining(below: v128, alpha: v128): v128 {
  const clear = v128.not(alpha);
  return i8x16.narrow_i16x8_u(
    divided(i16x8.extmul_low_i8x16_u(below, clear)),
    divided(i16x8.extmul_high_i8x16_u(below, clear)),
  );
}

/**
 * Blends a premultiplied layer (colour and alpha planes of `stride` bytes a row) over `target`. `spans` holds two i32 a
 * row: first and last used column. A span may run 15 bytes over its end, where alpha is 0 and nothing changes. `solids`
 * holds the same for columns through which nothing is seen.
 */
export function blendLayer(
  target: usize,
  targetStride: i32,
  colour: usize,
  alpha: usize,
  stride: i32,
  height: i32,
  spans: usize,
  solids: usize,
  gain: i32,
): void {
  const gains = i16x8.splat(i16(gain));
  const whole = gain >= WHOLE_GAIN;
  for (let y: i32 = 0; y < height; y++) {
    const end = load<i32>(spans + usize(y) * 8, 4);
    const solid = load<i32>(solids + usize(y) * 8);
    const solidEnd = whole ? load<i32>(solids + usize(y) * 8, 4) : 0;
    const below = target + usize(y * targetStride);
    const colours = colour + usize(y * stride);
    const alphas = alpha + usize(y * stride);
    for (let x: i32 = load<i32>(spans + usize(y) * 8); x < end; x += 16) {
      if (x >= solid && x + 16 <= solidEnd) {
        v128.store(below + usize(x), v128.load(colours + usize(x)));
        continue;
      }
      let a = v128.load(alphas + usize(x));
      if (!v128.any_true(a)) continue;
      let c = v128.load(colours + usize(x));
      if (!whole) {
        a = faded(a, gains);
        c = faded(c, gains);
      }
      const d = v128.load(below + usize(x));
      v128.store(below + usize(x), i8x16.add_sat_u(shining(d, a), c));
    }
  }
}
