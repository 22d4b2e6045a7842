// The kernels: the committed files, their sampling and blending, their colours against BT.709 in floating point.

import { assert, assertEquals } from "../assert.ts";
import { compileKernel, KERNELS } from "../../renderer/video/kernel/build.ts";
import { createRasteriser } from "../../renderer/video/rasteriser.ts";
import { layerPlanes, picturePlanes, rgbOfFrame } from "../../renderer/video/yuv.ts";

/** A repeatable stand-in for chance. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

Deno.test("the committed kernels equal a fresh compile of their sources", async () => {
  for (const name of KERNELS) {
    const file = new URL(`../../renderer/video/kernel/${name}.wasm`, import.meta.url);
    const committed = await Deno.readFile(file);
    const fresh = new Uint8Array(await compileKernel(name));
    const same = committed.length === fresh.length && committed.every((byte, i) => byte === fresh[i]);
    assert(same, `${name}: build it again`);
  }
});

Deno.test("the kernel samples like a float bilinear filter, within 0.6 of 255", async () => {
  const random = noise(7);
  const width = 256, height = 200;
  const y = Uint8Array.from({ length: width * height }, () => random() * 256);
  const chroma = new Uint8Array(width * height / 4).fill(128);
  const rasteriser = await createRasteriser({ width: 160, height: 96 });
  const picture = rasteriser.addPicture({ width, height, y, u: chroma, v: chroma });
  const crop = { left: 11.37, top: 7.81, step: 1.213 };
  rasteriser.drawPicture(picture, crop);
  const frame = rasteriser.frame();
  let worst = 0;
  for (let row = 0; row < 96; row++) {
    for (let column = 0; column < 160; column++) {
      // The kernel keeps places in 1/127 of a column and 1/256 of a row.
      const at = (origin: number, { i, parts }: { i: number; parts: number }) =>
        Math.round((origin + (i + 0.5) * crop.step - 0.5) * parts) / parts;
      const px = at(crop.left, { i: column, parts: 127 }), py = at(crop.top, { i: row, parts: 256 });
      const x = Math.floor(px), top = Math.floor(py);
      const value = (dx: number, dy: number) => y[(top + dy) * width + x + dx]!;
      const upper = value(0, 0) * (1 - px + x) + value(1, 0) * (px - x);
      const lower = value(0, 1) * (1 - px + x) + value(1, 1) * (px - x);
      const exact = upper * (1 - py + top) + lower * (py - top);
      worst = Math.max(worst, Math.abs(exact - frame[row * 160 + column]!));
    }
  }
  assert(worst <= 0.6, `off by ${worst}`);
});

Deno.test("the kernel blends a layer by its alpha and leaves the rest of the frame alone", async () => {
  const rasteriser = await createRasteriser({ width: 96, height: 64 });
  const grey = { width: 128, height: 96, y: new Uint8Array(128 * 96).fill(100) };
  const chroma = new Uint8Array(64 * 48).fill(128);
  const picture = rasteriser.addPicture({ ...grey, u: chroma, v: chroma });
  const rgba = new Uint8Array(20 * 10 * 4).fill(255).map((value, i) => i % 4 === 3 ? 128 : value);
  const layer = rasteriser.addLayer(layerPlanes(rgba, { width: 20, height: 10 }));
  rasteriser.drawPicture(picture, { left: 0, top: 0, step: 1 });
  rasteriser.blend(layer, { x: 76, y: 54, opacity: 1 });
  const frame = rasteriser.frame();
  const mixed = 100 * 127 / 255 + 235 * 128 / 255;
  assert(Math.abs(frame[60 * 96 + 90]! - mixed) <= 1.5, `${frame[60 * 96 + 90]} for ${mixed}`);
  const changed = frame.subarray(0, 96 * 64).reduce((count, value) => count + (value === 100 ? 0 : 1), 0);
  assertEquals(changed, 200);
});

/** A frame of noise, and a layer over it whose middle nothing is seen through, with edges that fade. */
function coveredFrame() {
  const random = noise(3);
  const size = { width: 160, height: 96 };
  const planes = { width: 256, height: 200, y: new Uint8Array(256 * 200).map(() => random() * 256) };
  const chroma = () => new Uint8Array(128 * 100).map(() => random() * 256);
  const rgba = new Uint8Array(100 * 50 * 4).map((_, i) => {
    const x = (i >> 2) % 100, y = Math.floor((i >> 2) / 100);
    const edge = Math.min(x, y, 99 - x, 49 - y);
    return i % 4 === 3 ? Math.min(255, edge * 40) : random() * 256;
  });
  const rasteriser = createRasteriser(size);
  const picture = rasteriser.addPicture({ ...planes, u: chroma(), v: chroma() });
  const layer = rasteriser.addLayer(layerPlanes(rgba, { width: 100, height: 50 }));
  const placed = { layer, x: 28, y: 30, opacity: 1 };
  return { ...size, rasteriser, picture, placed };
}

Deno.test("a frame is the same where what a layer hides was not drawn", () => {
  for (const opacity of [1, 0.5]) {
    const { rasteriser, picture, placed } = coveredFrame();
    const crop = { left: 11.37, top: 7.81, step: 1.213 };
    const layer = { ...placed, opacity };
    rasteriser.drawPicture(picture, crop);
    rasteriser.blend(layer.layer, layer);
    const whole = rasteriser.frame().slice();
    rasteriser.hideUnder([layer]);
    rasteriser.drawPicture(picture, crop);
    rasteriser.blend(layer.layer, layer);
    assertEquals(rasteriser.frame(), whole);
  }
});

Deno.test("most of what a layer hides is not drawn, and nothing beside it is left out", () => {
  const { rasteriser, picture, placed, width, height } = coveredFrame();
  const crop = { left: 11.37, top: 7.81, step: 1.213 };
  const missing = (x: number, y: number, { frame, whole }: Record<"frame" | "whole", Uint8Array>) =>
    frame[y * width + x] === 0 && whole[y * width + x] !== 0;
  rasteriser.hideUnder([placed]);
  rasteriser.drawPicture(picture, crop);
  const frame = rasteriser.frame().slice();
  rasteriser.hideUnder([]);
  rasteriser.drawPicture(picture, crop);
  const whole = rasteriser.frame().slice();
  let count = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!missing(x, y, { frame, whole })) continue;
      count++;
      // Seven pixels from its edge nothing is seen through the layer.
      assert(x >= 35 && x < 121 && y >= 37 && y < 73, `${x},${y} is seen`);
    }
  }
  // Of 86 columns those that steps of 16 in the layer and in the frame leave.
  assert(count >= 48 * 34, `${count} pixels are left out`);
});

/** BT.709 in limited range, of RGB in 0..255. */
function exactYuv([r, g, b]: number[]): [number, number, number] {
  const luma = 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  return [
    16 + luma * 219 / 255,
    128 + (b! - luma) / 1.8556 * 224 / 255,
    128 + (r! - luma) / 1.5748 * 224 / 255,
  ];
}

Deno.test("pictures become BT.709 planes, every column of widths that are no multiple of 4, within 0.6 of 255", () => {
  const random = noise(11);
  for (const width of [4, 6, 50]) {
    const height = 4;
    const rgb = Uint8Array.from({ length: width * height * 3 }, () => random() * 256);
    const planes = picturePlanes(rgb, { width, height });
    const pixel = (x: number, y: number) => [0, 1, 2].map((i) => rgb[(y * width + x) * 3 + i]!);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const off = Math.abs(planes.y[y * width + x]! - exactYuv(pixel(x, y))[0]);
        assert(off < 0.6, `luma ${x},${y} of ${width}: off by ${off}`);
        if (x % 2 === 1 || y % 2 === 1) continue;
        const square = [pixel(x, y), pixel(x + 1, y), pixel(x, y + 1), pixel(x + 1, y + 1)];
        const mean = [0, 1, 2].map((i) => square.reduce((sum, each) => sum + each[i]!, 0) / 4);
        const [, u, v] = exactYuv(mean);
        const chroma = y / 2 * (width / 2) + x / 2;
        const worst = Math.max(Math.abs(planes.u[chroma]! - u), Math.abs(planes.v[chroma]! - v));
        assert(worst < 0.6, `chroma ${x},${y} of ${width}: off by ${worst}`);
      }
    }
  }
});

Deno.test("a frame becomes RGB again, every column of widths that are no multiple of 8, within 1 of 255", () => {
  const random = noise(13);
  const height = 6;
  for (const width of [8, 10, 54]) {
    const luma = width * height;
    const frame = Uint8Array.from({ length: luma * 3 / 2 }, () => random() * 256);
    const rgb = rgbOfFrame(frame, { width, height });
    assertEquals(rgb.length, luma * 3);
    for (let i = 0; i < luma; i++) {
      const chroma = (Math.floor(i / width) >> 1) * (width / 2) + (i % width >> 1);
      const y = (frame[i]! - 16) * 255 / 219;
      const u = (frame[luma + chroma]! - 128) * 255 / 224;
      const v = (frame[luma * 5 / 4 + chroma]! - 128) * 255 / 224;
      const exact = [y + 1.5748 * v, y - 0.1873 * u - 0.4681 * v, y + 1.8556 * u];
      exact.forEach((value, channel) => {
        const off = Math.abs(Math.min(255, Math.max(0, value)) - rgb[i * 3 + channel]!);
        assert(off <= 1, `pixel ${i} of ${width}, channel ${channel}: off by ${off}`);
      });
    }
  }
});

Deno.test("a layer is premultiplied by its alpha, and its spans hold what shows and nothing more", () => {
  const random = noise(5);
  const width = 70, height = 6, stride = 96;
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 20 + y; x < 66; x++) {
      rgba.set([random() * 256, random() * 256, random() * 256, 1 + random() * 255], (y * width + x) * 4);
    }
  }
  const layer = layerPlanes(rgba, { width, height });
  assertEquals(layer.stride, stride);
  const { bytes, offsets } = layer;
  const spans = new Int32Array(bytes.buffer, bytes.byteOffset + offsets.spans, height * 2);
  for (let y = 0; y < height; y++) {
    assertEquals([spans[y * 2], spans[y * 2 + 1]], [20 + y, 66]);
    for (let x = 0; x < stride; x++) {
      const [r = 0, g = 0, b = 0, alpha = 0] = x < width ? rgba.subarray((y * width + x) * 4) : [];
      assertEquals(bytes[offsets.alpha + y * stride + x], alpha);
      const exact = exactYuv([r, g, b])[0] * alpha / 255;
      const off = Math.abs(bytes[offsets.y + y * stride + x]! - exact);
      assert(off < 1.1, `${x},${y}: off by ${off}`);
    }
  }
});
