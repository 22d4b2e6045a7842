// Filters: noise, edges and histogram of a picture before and after each.

import sharp from "sharp";
import { assert, assertEquals } from "../assert.ts";
import { applyFilters } from "../../renderer/video/filters.ts";
import type { Pixels } from "../../renderer/video/pictures.ts";

const OFF = { denoise: false, sharpen: false, color_correction: false };
const SIDE = 400;
const NOISE = 8.2;

/** A grey field with a disc, pale and soft as a shop's own photograph, with noise of a deviation. */
async function photograph(noise: number): Promise<Pixels> {
  let state = 3;
  const random = () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
  const clean = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const inside = Math.hypot(pixel % SIDE - 250, Math.floor(pixel / SIDE) - 250) < 90;
    return (inside ? [176, 150, 118] : [96, 104, 112])[i % 3]!;
  });
  const soft = await sharp(clean, { raw: { width: SIDE, height: SIDE, channels: 3 } }).blur(1.2).raw()
    .toBuffer();
  const data = Uint8Array.from(soft, (value) => {
    const bell = Array.from({ length: 12 }, random).reduce((sum, each) => sum + each, -6);
    return Math.min(255, Math.max(0, Math.round(value + bell * noise)));
  });
  return { data, width: SIDE, height: SIDE };
}

/** Noise of a flat corner, steepness of the disc's edge, used part of the range, colourfulness of the disc. */
function figures({ data }: Pixels) {
  const green = (x: number, y: number) => data[(y * SIDE + x) * 3 + 1]!;
  const corner = Array.from({ length: 100 * 100 }, (_, i) => green(5 + i % 100, 5 + Math.floor(i / 100)));
  const mean = corner.reduce((sum, value) => sum + value, 0) / corner.length;
  const noise = Math.sqrt(corner.reduce((sum, value) => sum + (value - mean) ** 2, 0) / corner.length);
  const across = Array.from({ length: 24 }, (_, i) => {
    const rows = Array.from({ length: 9 }, (_, j) => green(148 + i, 246 + j));
    return rows.reduce((sum, value) => sum + value, 0) / rows.length;
  });
  const steepness = Math.max(...across.slice(1).map((value, i) => value - across[i]!));
  const sorted = data.toSorted();
  const range = sorted[Math.floor(sorted.length * 0.98)]! - sorted[Math.floor(sorted.length * 0.02)]!;
  const disc = (250 * SIDE + 250) * 3;
  return { noise, steepness, range, colour: data[disc]! - data[disc + 2]! };
}

function apart(a: Pixels, b: Pixels): number {
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]!), 0) / a.data.length;
}

Deno.test("denoise takes a still's noise from 8.2 to under 1.6 and leaves its edges as steep", async () => {
  const noisy = await photograph(NOISE);
  const done = await applyFilters(noisy, { ...OFF, denoise: true });
  const [before, after] = [figures(noisy), figures(done)];
  assert(Math.abs(before.noise - NOISE) < 0.4, `the picture's own noise is ${before.noise}`);
  assert(after.noise < 1.6, `noise ${before.noise} -> ${after.noise}`);
  assert(after.steepness > before.steepness * 0.8, `edge ${before.steepness} -> ${after.steepness}`);
  assert(apart(noisy, done) > 3, `${apart(noisy, done)} of 255`);
});

Deno.test("sharpen makes edges a fifth steeper at least", async () => {
  const soft = await photograph(0);
  const done = await applyFilters(soft, { ...OFF, sharpen: true });
  const [before, after] = [figures(soft), figures(done)];
  assert(after.steepness > before.steepness * 1.2, `edge ${before.steepness} -> ${after.steepness}`);
  assert(after.noise < 0.5, `a flat field became ${after.noise}`);
});

Deno.test("colour correction widens the histogram and strengthens colours", async () => {
  const pale = await photograph(0);
  const done = await applyFilters(pale, { ...OFF, color_correction: true });
  const [before, after] = [figures(pale), figures(done)];
  assert(after.range > before.range * 1.3, `range ${before.range} -> ${after.range}`);
  assert(after.colour > before.colour * 1.2, `colour ${before.colour} -> ${after.colour}`);
  assert(apart(pale, done) > 5, `${apart(pale, done)} of 255`);
});

Deno.test("denoise comes before sharpen: both together leave less noise than there was", async () => {
  const noisy = await photograph(NOISE);
  const [both, alone] = await Promise.all([
    applyFilters(noisy, { ...OFF, denoise: true, sharpen: true }),
    applyFilters(noisy, { ...OFF, sharpen: true }),
  ]);
  assert(figures(both).noise < 3, `noise ${figures(both).noise}`);
  assert(figures(alone).noise > figures(noisy).noise, "sharpen alone lifts noise");
  assert(figures(both).steepness > figures(noisy).steepness, "no steeper");
});

/** Means of the windows of 5x5 around each pixel, channel by channel, the picture's edge repeated outward. */
function windowMeans(
  values: Float64Array,
  { width, height }: { width: number; height: number },
): Float64Array {
  const at = (x: number, y: number, channel: number) =>
    values[
      (Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)) * 3 + channel
    ]!;
  return values.map((_, i) => {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    let sum = 0;
    for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) sum += at(x + dx, y + dy, channel);
    return sum / 25;
  });
}

Deno.test("denoise is the guided filter to the picture's very edge, whatever its size", async () => {
  for (const [width, height] of [[1, 1], [2, 7], [5, 3], [33, 21]] as const) {
    const size = { width, height };
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
      const isRight = Math.floor(i / 3) % width >= width / 2;
      return (isRight ? 114 : 100) + (i * i * 7919) % 3;
    });
    const own = Float64Array.from(data);
    const means = windowMeans(own, size);
    const squares = windowMeans(own.map((value) => value * value), size);
    // An edge is not noise, and of that there is so little that the least is taken.
    const noise = 4 ** 2;
    const shares = means.map((mean, i) => {
      const beyond = Math.max(0, squares[i]! - mean * mean - noise);
      return beyond / (beyond + noise * 0.6);
    });
    const kept = windowMeans(shares, size);
    const added = windowMeans(means.map((mean, i) => mean * (1 - shares[i]!)), size);
    const done = await applyFilters({ data, ...size }, { ...OFF, denoise: true });
    assertEquals(done.data.length, data.length);
    done.data.forEach((value, i) => {
      const wanted = kept[i]! * own[i]! + added[i]!;
      assert(Math.abs(value - wanted) < 0.51, `${width}x${height} at ${i}: ${value}, not ${wanted}`);
    });
  }
});
