// Legible: what a viewer can read off the frames, by character recognition of the layout's own rectangles.

import { assert } from "../assert.ts";
import { ENCODING_PRESETS, TEMPLATES } from "../../supabase/functions/_shared/contracts/options.ts";
import type { RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { PAPER } from "../../renderer/video/colour.ts";
import type { Block, Part } from "../../renderer/video/layout.ts";
import type { Pixels } from "../../renderer/video/pictures.ts";
import { FRAME } from "../../renderer/video/presets.ts";
import { createScene, type Scene } from "../../renderer/video/scene.ts";
import { rgbOfFrame } from "../../renderer/video/yuv.ts";
import { createReader, likeness, type Reader } from "../support/ocr.ts";
import { sampleSpec } from "./specs.ts";

/** All white, all black, shrill blocks of every colour: whatever a shop may upload. */
const PICTURES: Record<string, Pixels> = {
  white: flat(() => [255, 255, 255]),
  black: flat(() => [0, 0, 0]),
  shrill: flat((x, y) => {
    const block = (x >> 5) * 31 + (y >> 5) * 17;
    return [block * 97 % 256, block * 57 % 256, block * 157 % 256];
  }),
};

function flat(colour: (x: number, y: number) => [number, number, number]): Pixels {
  const side = 800;
  const data = new Uint8Array(side * side * 3);
  for (let i = 0; i < side * side; i++) data.set(colour(i % side, Math.floor(i / side)), i * 3);
  return { data, width: side, height: side };
}

function frameAt(scene: Scene, second: number) {
  const data = rgbOfFrame(scene.draw(Math.round(second * FRAME.rate)), FRAME);
  return { data, width: FRAME.width, height: FRAME.height };
}

async function expectParts(
  reader: Reader,
  options: {
    scene: Scene;
    second: number;
    blocks: Block[];
    parts: Partial<Record<Part, string>>;
    name: string;
  },
): Promise<void> {
  const { scene, second, blocks, parts, name } = options;
  const frame = frameAt(scene, second);
  for (const [part, written] of Object.entries(parts)) {
    const box = blocks.flatMap((block) => block.texts).find((text) => text.part === part);
    assert(box, `${name}: no ${part}`);
    // The letters' own box and a little of the plate around it.
    const letters = { ...box, x: box.x - 12, width: Math.min(box.width, box.set.width) + 24 };
    const read = await reader.read(frame, box.align === "center" ? box : letters);
    assert(
      likeness(read, written) >= 0.9,
      `${name}: ${part} at ${second} s reads "${read}", not "${written}"`,
    );
  }
}

function specOf(overrides: Partial<RenderSpec>): RenderSpec {
  return sampleSpec({ duration_s: 15, primary_color: "#1f2a44", accent_color: "#ffc400", ...overrides });
}

Deno.test("name, price and saving can be read within 1.5 s on any picture, and the call to action at the end", async () => {
  const reader = await createReader();
  try {
    let turn = 0;
    for (const template of TEMPLATES) {
      for (const [picture, pixels] of Object.entries(PICTURES)) {
        const encoding_preset = ENCODING_PRESETS[turn++ % ENCODING_PRESETS.length]!;
        const spec = specOf({ template, encoding_preset });
        const scene = await createScene(spec, [() => pixels]);
        const name = `${template} ${encoding_preset} ${picture}`;
        const parts = { title: spec.title, price: "199,00 lei", saving: "20" };
        await expectParts(reader, { scene, second: 1.5, blocks: scene.layout.main, parts, name });
        if (picture !== "shrill") continue;
        const ending = { title: spec.title, cta: spec.cta_text };
        await expectParts(reader, { scene, second: 14.5, blocks: scene.layout.end, parts: ending, name });
      }
    }
  } finally {
    await reader.close();
  }
});

Deno.test("captions can be read on any picture, the spoken word too", async () => {
  const reader = await createReader();
  const words = ["Warm", "light", "for", "reading"].map((text, i) => ({
    text,
    start_s: 2 + i / 2,
    end_s: 2.4 + i / 2,
  }));
  const captions = [{ start_s: 2, end_s: 4, words }];
  try {
    for (const [picture, pixels] of Object.entries(PICTURES)) {
      for (const [accent_color, second] of [["#ffc400", 2.1], ["#12305a", 3.2]] as const) {
        const scene = await createScene(specOf({ captions, accent_color }), [() => pixels]);
        const inks = [PAPER, scene.layout.theme.spoken];
        const read = await reader.read(frameAt(scene, second), scene.layout.captions, inks);
        const written = "Warm light for reading";
        assert(likeness(read, written) >= 0.85, `${picture} ${accent_color} at ${second} s reads "${read}"`);
      }
    }
  } finally {
    await reader.close();
  }
});
