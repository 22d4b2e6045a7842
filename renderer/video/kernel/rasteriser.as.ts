// The inner loops of a frame, in AssemblyScript with SIMD: sampling a picture at sub-pixel positions, mixing two frames,
// blending a premultiplied layer. `build.ts` compiles it; the result is committed beside it.
// @ts-nocheck: AssemblyScript's types and intrinsics, not TypeScript's
// deno-lint-ignore-file
//
// All pointers are offsets into a memory that the caller owns. Planes are 8-bit, padded by at least 64 bytes at their
// end, because 16 bytes are loaded at once.

/** Positions are kept in 1/256 of a pixel: the same scale as the weights. */
const POSITION_SCALE: f64 = 256.0;
/** Weights of 1/256 as `q15mulr` takes them, in 1/32768: `(difference * weight * 128 + 16384) >> 15`. */
const WEIGHT_SHIFT: i32 = 7;
/** A whole weight does not fit 15 bits; 32767/32768 of a byte's difference rounds to all of it. */
const WHOLE_WEIGHT: i32 = 32767;
/**
 * A tap table has one record per 8 outputs:
 *   +0  i32        index of the first source byte of the group
 *   +16 16 x u8    byte shuffle that gives the left neighbours (widened to 16 bit)
 *   +32 16 x u8    the same for the right neighbours
 *   +48 8 x i16    weights of the right neighbours, in 1/32768
 */
const TAP_BYTES: usize = 64;
const TAP_LEFT: usize = 16;
const TAP_RIGHT: usize = 32;
const TAP_WEIGHT: usize = 48;
const OUTPUTS_PER_TAP: i32 = 8;
/** A layer's gain at which nothing of it is taken away. */
const WHOLE_GAIN: i32 = 256;
/** A shuffle index with the high bit set gives zero. */
const ZERO_LANE: u8 = 0xff;

/** Fills the table for `count` outputs at `origin + i * step`, clamped to the row. Steps above 1.85 do not fit a group. */
export function buildTaps(table: usize, count: i32, origin: f64, step: f64, maxIndex: i32): void {
  for (let group: i32 = 0; group < count; group += OUTPUTS_PER_TAP) {
    const record = table + usize(group / OUTPUTS_PER_TAP) * TAP_BYTES;
    let base: i32 = 0;
    for (let i: i32 = 0; i < OUTPUTS_PER_TAP; i++) {
      const position = Math.min(Math.max(origin + f64(group + i) * step, 0), f64(maxIndex));
      const scaled = i32(position * POSITION_SCALE + 0.5);
      const index = scaled >> 8;
      const fraction = scaled & 255;
      if (i == 0) {
        base = index;
        store<i32>(record, base);
      }
      const lane = record + usize(i) * 2;
      store<u8>(lane + TAP_LEFT, u8(index - base));
      store<u8>(lane + TAP_LEFT + 1, ZERO_LANE);
      store<u8>(lane + TAP_RIGHT, u8(index - base + 1));
      store<u8>(lane + TAP_RIGHT + 1, ZERO_LANE);
      store<i16>(lane + TAP_WEIGHT, i16(fraction << WEIGHT_SHIFT));
    }
  }
}

/** `from` moved towards `to` by a weight of 1/32768, rounded: three instructions for eight lanes. */
function between(from: v128, to: v128, weight: v128): v128 {
  return i16x8.add(from, i16x8.relaxed_q15mulr_s(i16x8.sub(to, from), weight));
}

/** Bits below a byte that are kept between the two passes: rounded twice, slow motion would tremble. */
const KEPT_BITS: i32 = 6;
const KEPT_HALF: i16 = 32;

/** Eight outputs of one row, in 1/64. */
function sampleRow(row: v128, record: usize): v128 {
  return between(
    i16x8.shl(i8x16.relaxed_swizzle(row, v128.load(record + TAP_LEFT)), KEPT_BITS),
    i16x8.shl(i8x16.relaxed_swizzle(row, v128.load(record + TAP_RIGHT)), KEPT_BITS),
    v128.load(record + TAP_WEIGHT),
  );
}

/** Eight outputs: each row's neighbours are weighed first, then the two rows; rounded once. */
function sampleGroup(rowA: usize, rowB: usize, record: usize, weight: v128): v128 {
  const base = usize(load<i32>(record));
  const upper = sampleRow(v128.load(rowA + base), record);
  const lower = sampleRow(v128.load(rowB + base), record);
  const both = between(upper, lower, weight);
  return i16x8.shr_u(i16x8.add(both, i16x8.splat(KEPT_HALF)), KEPT_BITS);
}

/** Samples a plane bilinearly into `target` (stride = width, a multiple of 4); rows lie at `origin + y * step`. */
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
): void {
  for (let y: i32 = 0; y < height; y++) {
    const position = Math.min(Math.max(origin + f64(y) * step, 0), f64(sourceRows - 1));
    const scaled = i32(position * POSITION_SCALE + 0.5);
    const index = scaled >> 8;
    const fraction = scaled & 255;
    const rowA = source + usize(index * sourceStride);
    const rowB = index + 1 < sourceRows ? rowA + usize(sourceStride) : rowA;
    const weight = i16x8.splat(i16(fraction << WEIGHT_SHIFT));
    const row = target + usize(y * width);
    let record = taps;
    let x: i32 = 0;
    for (; x + 16 <= width; x += 16) {
      const left = sampleGroup(rowA, rowB, record, weight);
      const right = sampleGroup(rowA, rowB, record + TAP_BYTES, weight);
      v128.store(row + usize(x), i8x16.narrow_i16x8_u(left, right));
      record += 2 * TAP_BYTES;
    }
    for (; x < width; x += OUTPUTS_PER_TAP) {
      const last = sampleGroup(rowA, rowB, record, weight);
      const bytes = i8x16.narrow_i16x8_u(last, last);
      if (width - x >= OUTPUTS_PER_TAP) v128.store64_lane(row + usize(x), bytes, 0);
      else v128.store32_lane(row + usize(x), bytes, 0);
      record += TAP_BYTES;
    }
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

/** What shows of the picture below: `below * (255 - alpha) / 255`, rounded exactly. */
function shining(below: v128, alpha: v128): v128 {
  const product = i16x8.add(i16x8.mul(below, i16x8.sub(i16x8.splat(255), alpha)), i16x8.splat(128));
  return i16x8.shr_u(i16x8.add(product, i16x8.shr_u(product, 8)), 8);
}

/**
 * Blends a premultiplied layer (colour and alpha planes of `stride` bytes a row) over `target`. `spans` holds two i32 a
 * row: first and last used column. A span may run 15 bytes over its end, where alpha is 0 and nothing changes.
 */
export function blendLayer(
  target: usize,
  targetStride: i32,
  colour: usize,
  alpha: usize,
  stride: i32,
  height: i32,
  spans: usize,
  gain: i32,
): void {
  const gains = i16x8.splat(i16(gain));
  const whole = gain >= WHOLE_GAIN;
  for (let y: i32 = 0; y < height; y++) {
    const end = load<i32>(spans + usize(y) * 8, 4);
    const below = target + usize(y * targetStride);
    const colours = colour + usize(y * stride);
    const alphas = alpha + usize(y * stride);
    for (let x: i32 = load<i32>(spans + usize(y) * 8); x < end; x += 16) {
      let a = v128.load(alphas + usize(x));
      if (!v128.any_true(a)) continue;
      let c = v128.load(colours + usize(x));
      if (!whole) {
        a = faded(a, gains);
        c = faded(c, gains);
      }
      const d = v128.load(below + usize(x));
      const low = shining(i16x8.extend_low_i8x16_u(d), i16x8.extend_low_i8x16_u(a));
      const high = shining(i16x8.extend_high_i8x16_u(d), i16x8.extend_high_i8x16_u(a));
      v128.store(below + usize(x), i8x16.add_sat_u(i8x16.narrow_i16x8_u(low, high), c));
    }
  }
}
