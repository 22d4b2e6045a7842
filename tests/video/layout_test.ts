// The layout's boxes: nothing under what a platform covers, nothing over one another, for every template and script.

import { assert } from "../assert.ts";
import { ENCODING_PRESETS, TEMPLATES } from "../../supabase/functions/_shared/contracts/options.ts";
import { contrast, createTheme, INK, PAPER } from "../../renderer/video/colour.ts";
import { setCaption } from "../../renderer/video/captions.ts";
import { fontStack } from "../../renderer/video/fonts.ts";
import { freeArea, layOut, type LayoutInput, type Rect } from "../../renderer/video/layout.ts";
import { textWidth } from "../../renderer/video/text.ts";
import { LAYOUT_CASES } from "./cases.ts";

const PRICES: LayoutInput["price"][] = [
  null,
  { current: "199,00 lei", old: null, saving_percent: null },
  { current: "1.249.999,99 lei", old: "2.499.999,99 lei", saving_percent: 50 },
];
const BRANDS = [null, "Casa Țesătorului & Fiii, Manufactură de Covoare din Maramureș"];

function input(overrides: Partial<LayoutInput>): LayoutInput {
  return {
    template: "product_spotlight",
    encoding_preset: "tiktok",
    language: "en",
    title: "Lamp",
    brand: null,
    price: null,
    cta_text: "Shop now",
    primary_color: "#1f2a44",
    accent_color: "#ff7a45",
    font: null,
    ...overrides,
  };
}

function* everyInput(): Generator<LayoutInput> {
  for (const template of TEMPLATES) {
    for (const encoding_preset of ENCODING_PRESETS) {
      for (const { language, title, cta } of LAYOUT_CASES) {
        for (const price of PRICES) {
          for (const brand of BRANDS) {
            yield input({ template, encoding_preset, language, title, cta_text: cta, price, brand });
          }
        }
      }
    }
  }
}

const inside = (box: Rect, area: Rect) =>
  box.x >= area.x && box.y >= area.y && box.x + box.width <= area.x + area.width &&
  box.y + box.height <= area.y + area.height;
const apart = (a: Rect, b: Rect) =>
  a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
const named = (what: LayoutInput, boxes: unknown) =>
  `${what.template} ${what.encoding_preset} ${what.language} ${what.title.slice(0, 20)}: ${
    JSON.stringify(boxes)
  }`;

Deno.test("layout keeps every text, plate and caption in the platform's free area and apart", () => {
  let tried = 0;
  for (const what of everyInput()) {
    for (const pictures of [1, 3]) {
      const layout = layOut(what, { pictures });
      const area = freeArea(what.encoding_preset);
      for (
        const [blocks, captions] of [[layout.main, layout.captions], [
          layout.end,
          layout.endCaptions,
        ]] as const
      ) {
        const texts = blocks.flatMap((block) => block.texts);
        const boxes = [...blocks.map((block) => block.box), captions!];
        for (const box of [...boxes, ...texts]) assert(inside(box, area), named(what, { box, area }));
        for (const list of [boxes, [...texts, captions!]]) {
          list.forEach((a, i) => {
            for (const b of list.slice(i + 1)) assert(apart(a, b), named(what, { a, b }));
          });
        }
        for (const block of blocks) {
          for (const text of block.texts) {
            assert(inside(text, block.box), named(what, { text, box: block.box }));
          }
        }
      }
      tried++;
    }
  }
  assert(tried >= 1000, `${tried} layouts`);
});

Deno.test("layout shows title and price before the end card, and the call to action on it", () => {
  for (const template of TEMPLATES) {
    const layout = layOut(input({ template, price: PRICES[2], brand: "Lumen" }), { pictures: 2 });
    const parts = (blocks: typeof layout.main) =>
      blocks.flatMap((block) => block.texts.map((text) => text.part));
    for (const part of ["brand", "title", "price", "old_price", "saving"] as const) {
      assert(parts(layout.main).includes(part), `${template} lacks ${part}`);
    }
    for (const part of ["title", "price", "old_price", "cta"] as const) {
      assert(parts(layout.end).includes(part), `${template}'s end card lacks ${part}`);
    }
  }
});

Deno.test("layout's lines are as wide as their box at most, and long titles shrink before they are shortened", () => {
  for (const what of everyInput()) {
    if (what.price !== PRICES[2] || what.brand === null) continue;
    for (const { texts } of [...layOut(what, { pictures: 1 }).main, ...layOut(what, { pictures: 1 }).end]) {
      for (const text of texts) {
        for (const line of text.set.lines) {
          const width = textWidth(line, { ...text.style, size: text.set.size });
          assert(width <= text.width + 1, named(what, { line, width, box: text.width }));
        }
      }
    }
  }
  const title = "Set de trei valize ușoare din policarbonat cu roți silențioase și cifru TSA";
  const [heading] = layOut(input({ title }), { pictures: 1 }).main;
  const set = heading!.texts.find((text) => text.part === "title")!.set;
  assert(set.lines.join(" ") === title, `shortened: ${set.lines.join(" / ")}`);
  assert(set.size < 70, "not shrunk");
});

Deno.test("layout puts right-to-left titles on the right side", () => {
  const layout = layOut(input({ title: "ساعة يد", language: "ar", price: PRICES[1] }), { pictures: 1 });
  const offer = layout.main.find((block) => block.name === "offer")!.box;
  const area = freeArea("tiktok");
  assert(area.x + area.width - (offer.x + offer.width) < offer.x - area.x, JSON.stringify(offer));
});

Deno.test("captions of any script fit their box in two lines", () => {
  for (const { language, title } of LAYOUT_CASES) {
    const box = layOut(input({ language, title }), { pictures: 1 }).captions;
    const words = title.split(" ").slice(0, 6).map((text) => ({
      text: text.slice(0, 24),
      start_s: 0,
      end_s: 1,
    }));
    const style = { stack: fontStack({ language, family: null }), weight: 800, language };
    const page = setCaption({ start_s: 0, end_s: 1, words }, box, style);
    assert(inside(page.box, box), `${language}: ${JSON.stringify({ page: page.box, box })}`);
    assert(
      new Set(page.words.map((word) => word.baseline)).size <= 2,
      `${language} takes more than two lines`,
    );
  }
});

Deno.test("theme keeps texts readable on any pair of colours", () => {
  for (
    const primary of ["#000000", "#ffffff", "#777777", "#ff0000", "#00ff00", "#0000ff", "#ffff00", "#1f2a44"]
  ) {
    for (const accent of ["#000000", "#ffffff", "#7a7a7a", "#123456", "#ffd400", "#e91e63"]) {
      const theme = createTheme({ primary, accent });
      assert(contrast(theme.primary, theme.onPrimary) >= 4.2, `title on ${primary}`);
      assert(contrast(theme.accent, theme.onAccent) >= 4.2, `price on ${accent}`);
      assert(contrast(theme.primary, theme.accentOnPrimary) >= 4.2, `${accent} on ${primary}`);
      assert(contrast(theme.spoken, INK) >= 4.5, `spoken word in ${theme.spoken}`);
      assert(contrast(theme.spoken, PAPER) >= 1.3, `spoken word ${theme.spoken} looks white`);
    }
  }
});
