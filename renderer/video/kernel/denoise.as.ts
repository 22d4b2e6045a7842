// Denoising in AssemblyScript with SIMD: a guided filter over interleaved RGB, all three channels at once, row by row,
// so that only a few rows are worked on at a time. `build.ts` compiles it; the result is committed beside it.
// @ts-nocheck: AssemblyScript's types and intrinsics, not TypeScript's
// deno-lint-ignore-file
//
// All pointers are offsets into a memory that the caller owns. Rows of numbers have MARGIN more at either end, where
// the picture's edge is repeated, and room for one vector past that.

/** Half the side of the window. */
const RADIUS: i32 = 2;
const WINDOW: i32 = 2 * RADIUS + 1;
const SHARE: f32 = 1.0 / 25.0;
const CHANNELS: i32 = 3;
/** Numbers beside a row: a window's half, for each channel. */
const MARGIN: i32 = RADIUS * CHANNELS;
/** How much faster than the noise a pixel's own share grows. */
const SOFTNESS: f32 = 0.6;

/** Bytes of a row of numbers, and of all that `denoise` works with: two rows of sums, a window's rows of two kinds. */
function rowBytes(count: i32): usize {
  return usize((count + 2 * MARGIN + 8) * 4 + 15) & ~usize(15);
}

export function workspaceBytes(width: i32): usize {
  return rowBytes(width * CHANNELS) * usize(2 + 2 * WINDOW);
}

function fourBytes(at: usize): v128 {
  const bytes = v128.load32_zero(at);
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)));
}

/** Repeats a row's first and last pixel outward. */
function repeatEdges(row: usize, count: i32): void {
  for (let i: i32 = 0; i < MARGIN; i++) {
    store<f32>(row + usize(i * 4), load<f32>(row + usize((MARGIN + i % CHANNELS) * 4)));
    const last = MARGIN + count - CHANNELS + i % CHANNELS;
    store<f32>(row + usize((MARGIN + count + i) * 4), load<f32>(row + usize(last * 4)));
  }
}

/** The sum of the five pixels around each of four numbers; `at` is the first of the window's. */
function across(at: usize): v128 {
  const outer = f32x4.add(v128.load(at), v128.load(at + 48));
  const inner = f32x4.add(v128.load(at + 12), v128.load(at + 36));
  return f32x4.add(f32x4.add(outer, inner), v128.load(at + 24));
}

function clamped(row: i32, rows: i32): i32 {
  return min(max(row, 0), rows - 1);
}

/** Sums of bytes and of their squares over a window's rows. */
function sumRows(rgb: usize, y: i32, count: i32, rows: i32, sums: usize, squares: usize): void {
  const r0 = rgb + usize(clamped(y - 2, rows) * count), r1 = rgb + usize(clamped(y - 1, rows) * count);
  const r2 = rgb + usize(y * count);
  const r3 = rgb + usize(clamped(y + 1, rows) * count), r4 = rgb + usize(clamped(y + 2, rows) * count);
  for (let i: i32 = 0; i < count; i += 4) {
    const x = usize(i);
    const a = fourBytes(r0 + x), b = fourBytes(r1 + x), c = fourBytes(r2 + x);
    const d = fourBytes(r3 + x), e = fourBytes(r4 + x);
    const sum = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), e);
    const square = f32x4.add(
      f32x4.add(f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b)), f32x4.add(f32x4.mul(c, c), f32x4.mul(d, d))),
      f32x4.mul(e, e),
    );
    const to = usize((MARGIN + i) * 4);
    v128.store(sums + to, sum);
    v128.store(squares + to, square);
  }
  repeatEdges(sums, count);
  repeatEdges(squares, count);
}

/** What of each pixel is kept (`shares`), and what its window's mean adds (`means`). */
function weighRow(sums: usize, squares: usize, count: i32, noise: f32, shares: usize, means: usize): void {
  const each = f32x4.splat(SHARE), level = f32x4.splat(noise), soft = f32x4.splat(noise * SOFTNESS);
  const one = f32x4.splat(1), none = f32x4.splat(0);
  for (let i: i32 = 0; i < count; i += 4) {
    const from = usize(i * 4), to = usize((MARGIN + i) * 4);
    const mean = f32x4.mul(across(sums + from), each);
    const square = f32x4.mul(across(squares + from), each);
    const beyond = f32x4.max(none, f32x4.sub(f32x4.sub(square, f32x4.mul(mean, mean)), level));
    const share = f32x4.div(beyond, f32x4.add(beyond, soft));
    v128.store(shares + to, share);
    v128.store(means + to, f32x4.mul(mean, f32x4.sub(one, share)));
  }
}

/** Sums over a window's rows of numbers, which lie in a ring. */
function sumRing(ring: usize, y: i32, count: i32, rows: i32, sums: usize): void {
  const stride = rowBytes(count);
  const r0 = ring + stride * usize(clamped(y - 2, rows) % WINDOW);
  const r1 = ring + stride * usize(clamped(y - 1, rows) % WINDOW);
  const r2 = ring + stride * usize(y % WINDOW);
  const r3 = ring + stride * usize(clamped(y + 1, rows) % WINDOW);
  const r4 = ring + stride * usize(clamped(y + 2, rows) % WINDOW);
  for (let i: i32 = MARGIN; i < MARGIN + count; i += 4) {
    const x = usize(i * 4);
    const outer = f32x4.add(f32x4.add(v128.load(r0 + x), v128.load(r1 + x)), v128.load(r2 + x));
    v128.store(sums + x, f32x4.add(outer, f32x4.add(v128.load(r3 + x), v128.load(r4 + x))));
  }
  repeatEdges(sums, count);
}

/** A finished row of bytes; up to 3 bytes past its end are written. */
function writeRow(own: usize, shares: usize, means: usize, count: i32, target: usize): void {
  const each = f32x4.splat(SHARE), half = f32x4.splat(0.5);
  for (let i: i32 = 0; i < count; i += 4) {
    const from = usize(i * 4);
    const share = f32x4.mul(across(shares + from), each), mean = f32x4.mul(across(means + from), each);
    const value = f32x4.add(f32x4.add(f32x4.mul(share, fourBytes(own + usize(i))), mean), half);
    const whole = i32x4.trunc_sat_f32x4_s(value);
    const halves = i16x8.narrow_i32x4_u(whole, whole);
    v128.store32_lane(target + usize(i), i8x16.narrow_i16x8_u(halves, halves), 0);
  }
}

/** Denoises `rgb` into `target`, both padded by 16 bytes; `noise` is a variance, `work` has `workspaceBytes`. */
export function denoise(rgb: usize, width: i32, height: i32, noise: f32, target: usize, work: usize): void {
  const count = width * CHANNELS;
  const stride = rowBytes(count);
  const first = work, second = work + stride;
  const shares = second + stride, means = shares + stride * usize(WINDOW);
  for (let y: i32 = 0; y < height + RADIUS; y++) {
    if (y < height) {
      const at = stride * usize(y % WINDOW);
      sumRows(rgb, y, count, height, first, second);
      weighRow(first, second, count, noise, shares + at, means + at);
    }
    const done = y - RADIUS;
    if (done < 0) continue;
    sumRing(shares, done, count, height, first);
    sumRing(means, done, count, height, second);
    writeRow(rgb + usize(done * count), first, second, count, target + usize(done * count));
  }
}

/** The sum of the magnitudes that a mask of noise gives for green: it answers to neither planes nor straight edges. */
export function noiseSum(rgb: usize, width: i32, height: i32): f64 {
  const down = usize(width * CHANNELS);
  let sum: f64 = 0;
  for (let y: i32 = 1; y < height - 1; y++) {
    let row: i32 = 0;
    for (let x: i32 = 1; x < width - 1; x++) {
      const at = rgb + usize(y) * down + usize(x * CHANNELS + 1);
      const beside = i32(load<u8>(at - 3)) + i32(load<u8>(at + 3)) + i32(load<u8>(at - down)) +
        i32(load<u8>(at + down));
      const corners = i32(load<u8>(at - down - 3)) + i32(load<u8>(at - down + 3)) +
        i32(load<u8>(at + down - 3)) +
        i32(load<u8>(at + down + 3));
      row += abs(4 * i32(load<u8>(at)) - 2 * beside + corners);
    }
    sum += f64(row);
  }
  return sum;
}
