// Motion, measured on drawn frames and on those of a finished file: patches are followed to a hundredth of a pixel through zooms and transitions.

import { assert, assertEquals } from "../assert.ts";
import { TEMPLATES } from "../../supabase/functions/_shared/contracts/options.ts";
import { actionAppearance, appearance, nudged, planTiming } from "../../renderer/video/motion.ts";
import type { Pixels } from "../../renderer/video/pictures.ts";
import { STILL } from "../../renderer/video/pictures.ts";
import { FRAME } from "../../renderer/video/presets.ts";
import { createScene } from "../../renderer/video/scene.ts";
import { runTestFfmpeg } from "../support/video_probe.ts";
import { encodeSignal } from "./signals.ts";
import { sampleSpec, withFolder } from "./specs.ts";

const MOST_JERK = 0.05;
/** Below all texts: each picture's woven patch, in frame pixels, and the part of it that is watched. */
const PATCHES = [{ left: 740, watched: 860 }, { left: 40, watched: 120 }] as const;
const PATCH = { top: 1500, bottom: 1900, width: 300 } as const;
const WATCHED = { top: 1640, side: 100 } as const;
/** Brightness that the weave swings by, either way. */
const SWING = 90;

/** A flat picture with one woven patch: each picture's lies elsewhere, so that two mixed pictures keep theirs apart. */
function picture(patch: (typeof PATCHES)[number]): Pixels {
  const { width, height } = STILL;
  const scale = width / FRAME.width;
  const data = new Uint8Array(width * height * 3).fill(120);
  // A lighter top: on a plain ground the patch would be taken for a product and enlarged.
  data.fill(200, 0, width * 400 * 3);
  for (let y = PATCH.top * scale; y < PATCH.bottom * scale; y++) {
    for (let x = patch.left * scale; x < (patch.left + PATCH.width) * scale; x++) {
      const weave = Math.sin((x / 11 + y / 13) * 2) + Math.sin((x / 13 - y / 9) * 2 + 1);
      const at = (y * width + x) * 3;
      data.fill(120 + Math.round(SWING * weave / 2), at, at + 3);
    }
  }
  return { data, width, height };
}

/** The watched part of a frame, freed of mean and contrast: a transition changes both. Null where too little of it shows. */
function watch(frame: Uint8Array, left: number): Float64Array | null {
  const { top, side } = WATCHED;
  const part = Float64Array.from(
    { length: side * side },
    (_, i) => frame[(top + Math.floor(i / side)) * FRAME.width + left + i % side]!,
  );
  const mean = part.reduce((sum, value) => sum + value, 0) / part.length;
  const contrast = Math.sqrt(part.reduce((sum, value) => sum + (value - mean) ** 2, 0) / part.length);
  return contrast < SWING / 5 ? null : part.map((value) => (value - mean) / contrast);
}

interface Shift {
  x: number;
  y: number;
}

/** How far the part moved between two frames, by least squares over all its pixels (Lucas and Kanade 1981). */
function shiftBetween(before: Float64Array, after: Float64Array): Shift {
  const { side } = WATCHED;
  let xx = 0, xy = 0, yy = 0, xt = 0, yt = 0;
  const slope = (at: number, by: number) =>
    (before[at + by]! - before[at - by]! + after[at + by]! - after[at - by]!) / 4;
  for (let y = 1; y < side - 1; y++) {
    for (let x = 1; x < side - 1; x++) {
      const at = y * side + x;
      const gx = slope(at, 1), gy = slope(at, side), change = before[at]! - after[at]!;
      xx += gx * gx;
      xy += gx * gy;
      yy += gy * gy;
      xt += gx * change;
      yt += gy * change;
    }
  }
  const determinant = xx * yy - xy * xy;
  return { x: (xt * yy - yt * xy) / determinant, y: (yt * xx - xt * xy) / determinant };
}

/** Stretches of frames in which a picture's patch could be followed: its shift from each frame to the next. */
function follow(frames: (Float64Array | null)[]): Shift[][] {
  const runs: Shift[][] = [[]];
  frames.slice(1).forEach((after, i) => {
    const before = frames[i];
    if (before && after) runs.at(-1)!.push(shiftBetween(before, after));
    else runs.push([]);
  });
  return runs.filter((run) => run.length > 20);
}

function expectEven(shifts: number[], name: string): void {
  const way = Math.sign(shifts[0]!);
  const least = Math.min(...shifts.map((shift) => shift * way));
  assert(least > 0, `${name} goes back or stands: ${least}`);
  const jerk = Math.max(...shifts.slice(1).map((shift, i) => Math.abs(shift - shifts[i]!)));
  assert(jerk < MOST_JERK, `${name}: ${jerk} px per frame squared`);
}

Deno.test("zooms in, zooms out and transitions move evenly: under 0.05 px per frame squared, never back", async () => {
  const pictures = PATCHES.map(picture);
  for (const template of TEMPLATES) {
    const spec = sampleSpec({ template, duration_s: 15, captions: [] });
    for (const count of [1, 2]) {
      const name = `${template} of ${count}`;
      const scene = await createScene(spec, pictures.slice(0, count).map((each) => () => each));
      const seen: (Float64Array | null)[][] = [[], []];
      for (let frame = 0; frame < scene.timing.end; frame++) {
        const drawn = scene.draw(frame);
        PATCHES.forEach(({ watched }, i) => seen[i]!.push(watch(drawn, watched)));
      }
      const runs = seen.flatMap(follow);
      assert(runs.flat().length > scene.timing.end * 0.9, `${name}: the patches were lost`);
      // Longer than a shot without its transition: they were followed into it.
      const shot = scene.timing.end / scene.timing.shots.length;
      assert(count === 1 || runs.some((run) => run.length > shot), `${name}: no transition`);
      for (const run of runs) {
        expectEven(run.map(({ x }) => x), name);
        expectEven(run.map(({ y }) => y), name);
      }
      // Into the picture, what lies below moves down; out of it, up.
      const ways = [...new Set(runs.map((run) => Math.sign(run[0]!.y)))].sort();
      const expected = {
        product_spotlight: [1],
        sale_banner: [-1],
        collection_showcase: [-1, 1].slice(2 - count),
      };
      assertEquals(ways, expected[template], name);
    }
  }
});

Deno.test("a minute's zoom, the slowest there is, moves evenly at its beginning and at its end, and never back", async () => {
  const [patch] = PATCHES;
  const still = picture(patch);
  const STRETCH = 150;
  for (const template of TEMPLATES) {
    const spec = sampleSpec({ template, duration_s: 60, captions: [] });
    const scene = await createScene(spec, [() => still]);
    for (const first of [0, scene.timing.end - STRETCH]) {
      const frames = Array.from({ length: STRETCH }, (_, i) => watch(scene.draw(first + i), patch.watched));
      const runs = follow(frames);
      assertEquals(runs.map((run) => run.length), [STRETCH - 1], `${template}: the patch was lost`);
      for (const axis of ["x", "y"] as const) {
        expectEven(runs[0]!.map((shift) => shift[axis]), `${template} from frame ${first}`);
      }
    }
  }
});

/** x264 puts what it predicts on quarters of a pixel and rounds the rest: in a file a frame in twenty may be less even. */
const MOST_ENCODED_JERK = { usual: MOST_JERK, ever: 0.08 } as const;

Deno.test("what is encoded moves on with every frame and never halts and jumps, in half a minute and in a whole one", async () => {
  const [patch] = PATCHES;
  const still = picture(patch);
  const SECONDS = 4;
  for (const duration_s of [30, 60]) {
    const spec = sampleSpec({ template: "product_spotlight", duration_s, captions: [] });
    const scene = await createScene(spec, [() => still]);
    await withFolder(async (folder) => {
      const path = await encodeSignal(folder, {
        spec: { ...spec, duration_s: SECONDS, voice: null },
        draw: (frame) => scene.draw(60 + frame),
      });
      const { output } = await runTestFfmpeg(
        ["-loglevel", "error", "-i", path, ..."-an -f rawvideo -pix_fmt gray pipe:1".split(" ")],
      );
      const size = FRAME.width * FRAME.height;
      const frames = Array.from(
        { length: output.length / size },
        (_, i) => watch(output.subarray(i * size, (i + 1) * size), patch.watched),
      );
      const [run] = follow(frames);
      assertEquals(run?.length, SECONDS * FRAME.rate - 1);
      for (const axis of ["x", "y"] as const) {
        const shifts = run!.map((shift) => shift[axis]);
        const least = Math.min(...shifts.map((shift) => shift * Math.sign(shifts[0]!)));
        assert(least > 0, `${duration_s} s, ${axis}: goes back or stands: ${least}`);
        const jerks = shifts.slice(1).map((shift, i) => Math.abs(shift - shifts[i]!)).sort((a, b) => a - b);
        const usual = jerks[Math.floor(jerks.length * 0.95)]!, most = jerks.at(-1)!;
        assert(usual < MOST_ENCODED_JERK.usual, `${duration_s} s, ${axis}: ${usual} px per frame squared`);
        assert(
          most < MOST_ENCODED_JERK.ever,
          `${duration_s} s, ${axis}: ${most} px per frame squared at most`,
        );
      }
    });
  }
});

Deno.test("one picture that fills the frame moves further where it stays long, and never faster than a short one", () => {
  for (const template of TEMPLATES) {
    const zoomOf = (duration_s: number, fills: boolean) => {
      const { shots, end } = planTiming({ template, duration_s, pictures: 1, fills });
      const { zoomFrom, zoomTo } = shots[0]!;
      return { most: Math.max(zoomFrom, zoomTo), perFrame: Math.abs(zoomTo - zoomFrom) / end };
    };
    assertEquals([15, 30, 60].map((seconds) => zoomOf(seconds, true).most), [1.13, 1.2, 1.2]);
    // A card or a product on a plain ground keeps its edges inside the frame.
    assertEquals([15, 30, 60].map((seconds) => zoomOf(seconds, false).most), [1.13, 1.13, 1.13]);
    assert(zoomOf(30, true).perFrame < zoomOf(15, true).perFrame);
  }
});

Deno.test("parts enter within 16 frames, never jump in size, and leave as they came", () => {
  const span = { first: 12, last: 300 };
  assert(appearance(11, span) === null && appearance(300, span) === null);
  assert(appearance(16, span)?.scale === 1 && appearance(16, span)?.opacity === 1);
  for (let frame = 12; frame < 299; frame++) {
    for (const look of [appearance, nudged]) {
      const [now, next] = [look(frame, span)!, look(frame + 1, span)!];
      assert(Math.abs(now.scale - next.scale) <= 0.07, `${frame}: ${now.scale} -> ${next.scale}`);
    }
    // The call to action overshoots a little and settles.
    const [now, next] = [actionAppearance(frame, 12)!, actionAppearance(frame + 1, 12)!];
    assert(Math.abs(now.scale - next.scale) <= 0.14 && now.scale <= 1.06, `${frame}: ${now.scale}`);
  }
});
