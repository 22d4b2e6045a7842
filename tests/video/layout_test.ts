// The layout's boxes: nothing under what a platform covers, nothing over one another, for every template and script.

import { assert } from "../assert.ts";
import { ENCODING_PRESETS, TEMPLATES } from "../../supabase/functions/_shared/contracts/options.ts";
import { contrast, createTheme, INK, PAPER } from "../../renderer/video/colour.ts";
import { setCaption } from "../../renderer/video/captions.ts";
import { fontStack } from "../../renderer/video/fonts.ts";
import { type Block, freeArea, layOut, type LayoutInput, type Rect } from "../../renderer/video/layout.ts";
import { ZOOM_OF_ONE } from "../../renderer/video/motion.ts";
import { FRAME } from "../../renderer/video/presets.ts";
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

/** The largest that a block gets: the offer's pulse, the call to action's overshoot. */
const GROWN: Partial<Record<string, number>> = { offer: 1.025, cta: 1.055 };

function grown({ name, box }: Block): Rect {
  const by = (GROWN[name] ?? 1) - 1;
  return {
    x: box.x - box.width * by / 2,
    y: box.y - box.height * by / 2,
    width: box.width * (1 + by),
    height: box.height * (1 + by),
  };
}

function expectApart(what: LayoutInput, boxes: Rect[]): void {
  boxes.forEach((a, i) => {
    for (const b of boxes.slice(i + 1)) assert(apart(a, b), named(what, { a, b }));
  });
}

/** One of the times of a video: what stands before the end card, or the end card. */
function expectPlaced(what: LayoutInput, blocks: Block[], captions: Rect | null): void {
  const area = freeArea(what.encoding_preset);
  const texts = blocks.flatMap((block) => block.texts);
  const words = captions ? [captions] : [];
  for (const box of [...blocks.map(grown), ...words, ...texts]) {
    assert(inside(box, area), named(what, { box, area }));
  }
  expectApart(what, [...blocks.map((block) => block.box), ...words]);
  expectApart(what, [...texts, ...words]);
  for (const block of blocks) {
    for (const text of [...block.texts, ...(block.thumbnail ? [block.thumbnail] : [])]) {
      assert(inside(text, block.box), named(what, { text, box: block.box }));
    }
    if (block.thumbnail) expectApart(what, [block.thumbnail, ...block.texts]);
  }
}

Deno.test("layout keeps every text, plate and caption in the platform's free area and apart", () => {
  const ratios = [0.25, 0.56, 1, 1.5, 3];
  let tried = 0;
  for (const what of everyInput()) {
    for (const pictures of [1, 3]) {
      const ratio = ratios[tried % ratios.length]!;
      const layout = layOut(what, { pictures, ratio, spokenEnd: tried % 2 === 0 });
      expectPlaced(what, layout.main, layout.captions);
      expectPlaced(what, layout.end, layout.endCaptions);
      assert((layout.endCaptions === null) === (tried % 2 === 1), "room for captions that nobody says");
      tried++;
    }
  }
  assert(tried >= 1000, `${tried} layouts`);
});

Deno.test("layout leaves the picture a place below the texts that stays inside the frame when zoomed", () => {
  for (const what of everyInput()) {
    const { main, picture } = layOut(what, { pictures: 1 });
    const heading = main.find((block) => block.name === "heading")!.box;
    assert(picture.y >= heading.y + heading.height, named(what, { picture, heading }));
    assert(picture.width * ZOOM_OF_ONE < FRAME.width, named(what, picture));
    assert(picture.height >= 300 && picture.lowest >= picture.y + picture.height, named(what, picture));
    // What stands below the picture stays free of it, however far it is zoomed.
    const bottom = picture.y + (picture.lowest - picture.y) * ZOOM_OF_ONE;
    for (const { box } of main.filter((block) => block.box.y > picture.y)) {
      assert(box.y >= Math.floor(bottom), named(what, { picture, box }));
    }
  }
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

Deno.test("layout keeps two prices on one another in the sale's row apart from its edges, and in its middle", () => {
  for (const encoding_preset of ENCODING_PRESETS) {
    const price = { current: "11.999,00 lei", old: "21.249,00 lei", saving_percent: 43 };
    const { main } = layOut(input({ template: "sale_banner", encoding_preset, price }), { pictures: 1 });
    const [saving, offer] = main;
    const [current, old] = offer!.texts;
    assert(old!.y >= current!.y + current!.height, `${encoding_preset}: not on one another`);
    const bottom = (box: Rect) => box.y + box.height;
    const middle = (box: Rect) => box.x + box.width / 2;
    assert(current!.y - offer!.box.y >= 16 && bottom(offer!.box) - bottom(old!) >= 16, encoding_preset);
    assert(Math.abs(middle(current!) - middle(old!)) <= 1, encoding_preset);
    assert(saving!.box.height === offer!.box.height && saving!.box.y === offer!.box.y, encoding_preset);
  }
});

Deno.test("layout puts a flat picture above what a platform covers, where the texts are short", () => {
  for (const template of TEMPLATES) {
    for (const encoding_preset of ENCODING_PRESETS) {
      const { picture, free } = layOut(input({ template, encoding_preset, price: PRICES[1] }), {
        pictures: 1,
      });
      const height = picture.width / 3;
      const bottom = picture.y + Math.max(0, (picture.height - height) / 2) + height;
      assert(bottom <= free.y + free.height, `${template} ${encoding_preset}: ${bottom}`);
    }
  }
});

Deno.test("layout gives a tall picture height, and its upper fifth is free of captions", () => {
  const ratio = 2 / 3;
  for (const template of TEMPLATES) {
    for (const encoding_preset of ENCODING_PRESETS) {
      const what = input({
        template,
        encoding_preset,
        brand: "Lumen",
        price: PRICES[1],
        title: "Linen midi dress",
      });
      const { picture, captions } = layOut(what, { pictures: 2, ratio });
      const height = Math.min(picture.width / ratio, picture.lowest - picture.y);
      assert(height >= 850, `${template} ${encoding_preset}: ${height}`);
      const isFree = captions.y >= picture.y + height / 5 || captions.y + captions.height <= picture.y;
      assert(isFree, named(what, { picture, captions }));
    }
  }
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

Deno.test("in a language that runs from right to left a foreign name at the beginning turns nothing round", () => {
  const style = { stack: fontStack({ language: "he", family: null }), weight: 800, language: "he" };
  const box = { x: 0, y: 0, width: 1000, height: 268 };
  const words = ["Fjord", "עם", "ריפוד"].map((text, at) => ({ text, start_s: at, end_s: at + 1 }));
  const set = setCaption({ start_s: 0, end_s: 3, words }, box, style);
  const [first, second] = set.words;
  assert(first!.baseline !== second!.baseline || first!.x > second!.x, JSON.stringify(set.words));
  const { main } = layOut(input({ language: "he", title: "Fjord כורסה מעוצבת" }), { pictures: 1 });
  const title = main.flatMap((block) => block.texts).find(({ part }) => part === "title");
  assert(title?.set.rtl);
});

Deno.test("a long brand and a long call to action wrap before they get too small to read", () => {
  for (const encoding_preset of ENCODING_PRESETS) {
    const cta_text = "Comandă acum și primești livrare gratuită în toată România!!";
    const { main, end } = layOut(input({ encoding_preset, brand: BRANDS[1]!, cta_text }), { pictures: 1 });
    const texts = [...main, ...end].flatMap((block) => block.texts);
    for (const [part, least] of [["brand", 28], ["cta", 36]] as const) {
      const { size, lines } = texts.find((text) => text.part === part)!.set;
      assert(size >= least && lines.length === 2, `${encoding_preset} ${part}: ${size} ${lines}`);
      assert(!lines.join("").includes("…"));
    }
  }
});
