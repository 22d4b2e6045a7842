// The end card: the product shown large, a button that stands out, a backdrop in the shop's colour under any picture.

import { assert, assertEquals } from "../assert.ts";
import { ENCODING_PRESETS } from "../../supabase/functions/_shared/contracts/options.ts";
import { contrast, createTheme, rgbOf } from "../../renderer/video/colour.ts";
import { layOut } from "../../renderer/video/layout.ts";
import { endStill, type Pixels, STILL } from "../../renderer/video/pictures.ts";
import { sampleSpec } from "./specs.ts";

type Options = Parameters<typeof layOut>[1];

function endOf(overrides: Parameters<typeof sampleSpec>[0], options: Partial<Options> = {}) {
  const { end } = layOut(sampleSpec(overrides), { pictures: 1, spokenEnd: true, ...options });
  const [card, cta] = end;
  return { card: card!, cta: cta! };
}

/** The pixels that the picture itself takes of its place. */
function shownPixels(thumbnail: { width: number; height: number }, ratio: number): number {
  const height = Math.min(thumbnail.height, thumbnail.width / ratio);
  return height * height * ratio;
}

Deno.test("the end card shows the product large on every platform, whatever the picture's ratio", () => {
  for (const encoding_preset of ENCODING_PRESETS) {
    for (const ratio of [0.56, 0.67, 0.75, 1, 1.5, 1.78]) {
      for (const title of ["Aurora Desk Lamp with Warm Light", "מנורת שולחן עם אור חם ובסיס עץ"]) {
        const { card } = endOf({ encoding_preset, title }, { ratio });
        const pixels = card.thumbnail ? shownPixels(card.thumbnail, ratio) : 0;
        assert(pixels > 88_000, `${encoding_preset} ${ratio}: ${pixels} pixels`);
      }
    }
  }
});

Deno.test("a picture beside the end card's texts is before them in reading order, and breaks none of their words", () => {
  const beside = (overrides: Parameters<typeof sampleSpec>[0]) => {
    const { card } = endOf({ encoding_preset: "reels", ...overrides }, { ratio: 0.75 });
    const title = card.texts.find(({ part }) => part === "title")!;
    const { thumbnail } = card;
    assert(thumbnail);
    return title.x >= thumbnail.x + thumbnail.width
      ? "left"
      : title.x + title.width <= thumbnail.x
      ? "right"
      : "above";
  };
  assertEquals(beside({}), "left");
  assertEquals(beside({ language: "he", title: "מנורת שולחן עם אור חם" }), "right");
  assertEquals(beside({ title: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" }), "above");
});

Deno.test("a button in nearly the backdrop's colour has a line around it, another has none", () => {
  const edged = (primary_color: string, accent_color: string) =>
    endOf({ primary_color, accent_color }).cta.plates.some(({ edge }) => edge !== undefined);
  assertEquals(edged("#7a1fa2", "#7a1fa2"), true);
  assertEquals(edged("#000000", "#000000"), true);
  assertEquals(edged("#1f2937", "#102030"), true);
  assertEquals(edged("#1f2937", "#facc15"), false);
  assertEquals(edged("#ffffff", "#ffffff"), false);
});

Deno.test("the end card's backdrop is neither light nor black, for any primary colour", () => {
  for (const primary of ["#000000", "#000001", "#ffffff", "#ffff00", "#7a1fa2", "#1f2937", "#00ff00"]) {
    const { backdrop } = createTheme({ primary, accent: "#ff7a45" });
    assert(contrast(backdrop, "#ffffff") > 7, `${primary}: ${backdrop} is light`);
    assert(contrast(backdrop, "#000000") > 1.15, `${primary}: ${backdrop} is black`);
  }
});

/** The still halved: one tone above, another below. */
function halves(above: number, below: number): Pixels {
  const { width, height } = STILL;
  const data = new Uint8Array(width * height * 3).fill(above);
  return { data: data.fill(below, data.length / 2), width, height };
}

Deno.test("the end card's backdrop is the shop's colour under a white picture as under a black one", async () => {
  const tint = rgbOf("#1f2a44");
  for (const picture of [halves(255, 255), halves(0, 0), halves(255, 150)]) {
    const { data } = await endStill(picture, tint);
    const mean = tint.map((_, channel) => {
      let sum = 0;
      for (let i = channel; i < data.length; i += 3) sum += data[i]!;
      return sum * 3 / data.length;
    });
    tint.forEach((value, i) => assert(Math.abs(mean[i]! - value) < 3, `${mean}, not ${tint}`));
  }
  // What differs within a picture still shows.
  const { data } = await endStill(halves(255, 150), tint);
  assert(data[0]! - data.at(-3)! > 20, `${data[0]} above, ${data.at(-3)} below`);
});
