// Pixels: pictures fitted to the frame, golden stills.

import sharp from "sharp";
import { assert, assertEquals } from "../assert.ts";
import { fillsFrame, fitStill, STILL } from "../../renderer/video/pictures.ts";
import { FRAME } from "../../renderer/video/presets.ts";
import { createScene } from "../../renderer/video/scene.ts";
import { rgbOfFrame } from "../../renderer/video/yuv.ts";
import { TEMPLATES } from "../../supabase/functions/_shared/contracts/options.ts";
import { samplePicture, sampleSpec } from "./specs.ts";

const PLACE = { x: 80, y: 500, width: 920, height: 800, lowest: 1500 };

Deno.test("pictures of any ratio fill the frame without bars and without stretching", async () => {
  for (const size of [[200, 1600], [478, 850], [900, 900], [1600, 500], [64, 64]] as const) {
    const still = await fitStill(samplePicture({ width: size[0], height: size[1] }), PLACE);
    assertEquals([still.width, still.height], [STILL.width, STILL.height]);
    for (
      const [x, y] of [[2, 2], [STILL.width - 3, 2], [2, STILL.height - 3], [
        STILL.width - 3,
        STILL.height - 3,
      ]]
    ) {
      const at = (y! * still.width + x!) * 3;
      assert(still.data[at]! + still.data[at + 1]! + still.data[at + 2]! > 90, `${size}: a black corner`);
    }
    // The disc stays round: as wide as it is high, by its own colour.
    const orange = (x: number, y: number) => {
      const at = (y * still.width + x) * 3;
      return still.data[at]! > 225 && still.data[at + 2]! < 75;
    };
    let left = still.width, right = 0, top = still.height, bottom = 0;
    for (let y = 0; y < still.height; y += 2) {
      for (let x = 0; x < still.width; x += 2) {
        if (!orange(x, y)) continue;
        [left, right, top, bottom] = [
          Math.min(left, x),
          Math.max(right, x),
          Math.min(top, y),
          Math.max(bottom, y),
        ];
      }
    }
    const ratio = (right - left) / (bottom - top);
    assert(ratio > 0.95 && ratio < 1.05, `${size}: a disc of ${ratio}`);
  }
});

Deno.test("a picture of nearly 9:16 fills the frame; a model's of 2:3 or 3:4 is shown whole, no head under the texts", () => {
  const fills = ([width, height]: readonly [number, number]) => fillsFrame(samplePicture({ width, height }));
  assertEquals(([[1080, 1920], [478, 850], [600, 1000], [1080, 2160]] as const).map(fills), [
    true,
    true,
    true,
    true,
  ]);
  assertEquals(([[1000, 1500], [900, 1200], [900, 900], [400, 1000]] as const).map(fills), [
    false,
    false,
    false,
    false,
  ]);
});

Deno.test("a very flat or narrow picture keeps its ends: its corners are no half circles", async () => {
  for (const [width, height] of [[2000, 200], [200, 2000]] as const) {
    const data = new Uint8Array(width * height * 3);
    for (let i = 0; i < width * height; i++) {
      data.set(i % width < width / 2 ? [250, 40, 40] : [40, 40, 250], i * 3);
    }
    const still = await fitStill({ data, width, height }, PLACE);
    // In front of its blurred self the picture's own red is the shrillest.
    const isRed = (at: number) => still.data[at * 3]! > 240 && still.data[at * 3 + 1]! < 50;
    let rows = 0, most = 0, first = 0;
    for (let y = 0; y < still.height; y++) {
      let reds = 0;
      for (let x = 0; x < still.width / 2; x++) if (isRed(y * still.width + x)) reds++;
      if (reds < 20) continue;
      if (rows++ === 1) first = reds;
      most = Math.max(most, reds);
    }
    const lost = most - first;
    assert(
      most > 50 && lost < 0.2 * Math.min(2 * most, rows),
      `${width}: ${lost} of ${most} and ${rows} lost`,
    );
  }
});

/** What may differ, in levels of 255: in the mean of the whole still, and in the mean of any tile of it. */
const GOLDEN = { width: 216, height: 384, most: 3.5, tile: 24, mostInTile: 20 } as const;

/** A tile tells a part that is missing or moved, where the whole still's mean would hide it; single pixels tell nothing. */
function apart(a: Uint8Array, b: Uint8Array): { whole: number; tile: number } {
  const across = GOLDEN.width / GOLDEN.tile;
  const tiles = new Float64Array(across * GOLDEN.height / GOLDEN.tile);
  a.forEach((value, i) => {
    const x = Math.floor(i / 3) % GOLDEN.width, y = Math.floor(i / 3 / GOLDEN.width);
    tiles[Math.floor(y / GOLDEN.tile) * across + Math.floor(x / GOLDEN.tile)]! += Math.abs(value - b[i]!);
  });
  const whole = tiles.reduce((sum, value) => sum + value, 0) / a.length;
  return { whole, tile: Math.max(...tiles) / (GOLDEN.tile ** 2 * 3) };
}

Deno.test("templates look as they did: golden stills of the start and the end card", async () => {
  for (const template of TEMPLATES) {
    const sizes = [[900, 900], [1200, 800]] as const;
    const pictures = sizes.map(([width, height], hue) => () => samplePicture({ width, height }, hue));
    const scene = await createScene(sampleSpec({ template }), pictures);
    for (const [name, frame] of [["start", 40], ["end", 85]] as const) {
      const rgb = rgbOfFrame(scene.draw(frame), FRAME);
      const small = await sharp(rgb, { raw: { width: FRAME.width, height: FRAME.height, channels: 3 } })
        .resize(GOLDEN.width, GOLDEN.height).raw().toBuffer();
      const path = new URL(`golden/${template}_${name}.png`, import.meta.url);
      if (Deno.env.get("UPDATE_GOLDEN")) {
        const raw = { width: GOLDEN.width, height: GOLDEN.height, channels: 3 as const };
        await sharp(small, { raw }).png({ compressionLevel: 9 }).toFile(path.pathname);
      }
      const golden = await sharp(await Deno.readFile(path)).removeAlpha().raw().toBuffer();
      const { whole, tile } = apart(golden, small);
      assert(
        whole < GOLDEN.most && tile < GOLDEN.mostInTile,
        `${template} ${name}: ${whole} of 255 away, ${tile} in a tile; UPDATE_GOLDEN=1 after looking at it`,
      );
    }
  }
});
