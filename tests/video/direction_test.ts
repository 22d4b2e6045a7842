// Right-to-left products: what stands on which side, and which way each piece of a mixed line is read.

import { createCanvas } from "@napi-rs/canvas";
import { assert, assertEquals } from "../assert.ts";
import { setCaption } from "../../renderer/video/captions.ts";
import { fontStack } from "../../renderer/video/fonts.ts";
import { layOut, type TextBox } from "../../renderer/video/layout.ts";
import { FRAME } from "../../renderer/video/presets.ts";
import { createScene } from "../../renderer/video/scene.ts";
import { drawText, textWidth } from "../../renderer/video/text.ts";
import { samplePicture, sampleSpec } from "./specs.ts";

const PRICE = { current: "199.00 ₪", old: "249.00 ₪", saving_percent: 20 };

function textsOf(spec: ReturnType<typeof sampleSpec>): TextBox[] {
  const { main, end } = layOut(spec, { pictures: 1 });
  return [...main, ...end].flatMap((block) => block.texts);
}

/** How far a text's ink is from its box's left and right side. */
function ink(text: TextBox): { left: number; right: number } {
  const canvas = createCanvas(FRAME.width, text.height);
  const context = canvas.getContext("2d");
  drawText(context, text.set, { ...text, y: 0, colour: "#000000" });
  const { data } = context.getImageData(0, 0, FRAME.width, text.height);
  const columns = Array.from({ length: FRAME.width }, (_, x) => x).filter((x) =>
    Array.from({ length: text.height }, (_, y) => data[(y * FRAME.width + x) * 4 + 3]!).some((a) => a > 100)
  );
  return { left: columns[0]! - text.x, right: text.x + text.width - columns.at(-1)! };
}

Deno.test("a foreign brand stands on the side of its product's title, whichever way either runs", () => {
  for (
    const [language, title, brand, side] of [
      ["he", "מנורת שולחן עם אור חם ובסיס עץ", "Nike", "right"],
      ["ar", "مصباح مكتبي بإضاءة دافئة", "LG", "right"],
      ["en", "Desk lamp with warm light and wood", "لومن", "left"],
    ] as const
  ) {
    const box = textsOf(sampleSpec({ language, title, brand })).find(({ part }) => part === "brand")!;
    const { left, right } = ink(box);
    assert(
      side === "left" ? left < 6 && right > 200 : right < 6 && left > 200,
      `${brand}: ${left}, ${right}`,
    );
  }
});

Deno.test("a price's sign stands on the left of its number in a language that runs from right to left", () => {
  const hebrew = textsOf(sampleSpec({ language: "he", title: "מנורה", price: PRICE }));
  const english = textsOf(sampleSpec({ language: "en", price: PRICE }));
  for (const part of ["price", "old_price"] as const) {
    const [turned, plain] = [hebrew, english].map((texts) => texts.filter((text) => text.part === part));
    assert(turned!.length === 2 && turned!.every(({ set }) => set.rtl), part);
    assert(plain!.every(({ set }) => !set.rtl), part);
  }
  // Turned round it would read "20%−".
  assertEquals(hebrew.find(({ part }) => part === "saving")?.set.rtl, false);
});

Deno.test("the first picture's mark is the first one as the title is read", async () => {
  const pictures = [0, 1].map((hue) => () => samplePicture({ width: 400, height: 400 }, hue));
  for (const [language, title, first] of [["he", "מנורה", "right"], ["en", "Lamp", "left"]] as const) {
    const spec = sampleSpec({ template: "collection_showcase", language, title, captions: [] });
    const scene = await createScene(spec, pictures);
    const { x, y, width, height } = scene.layout.dots!;
    const row = Math.round(y + height / 2) * FRAME.width;
    const frame = scene.draw(30);
    const [left, right] = [x + width / 4, x + width * 3 / 4].map((at) => frame[row + Math.round(at)]!);
    assertEquals(left! > right! + 30 ? "left" : right! > left! + 30 ? "right" : "neither", first);
  }
});

/** A page's words from left to right, line by line; `<` before those that are drawn from right to left. */
function seen(language: string, sentence: string): string {
  const style = { stack: fontStack({ language, family: null }), weight: 800, language };
  const words = sentence.split(" ").map((text, at) => ({ text, start_s: at, end_s: at + 1 }));
  const box = { x: 0, y: 0, width: 2400, height: 268 };
  const page = setCaption({ start_s: 0, end_s: words.length, words }, box, style);
  const lines = [...new Set(page.words.map((word) => word.baseline))].sort((a, b) => a - b);
  return lines.map((line) =>
    page.words.filter((word) => word.baseline === line).sort((a, b) => a.x - b.x)
      .map((word) => (word.rtl ? "<" : "") + word.text).join(" ")
  ).join(" / ");
}

Deno.test("captions from right to left keep foreign names together, and numbers where they are read", () => {
  assertEquals(seen("he", "Nike Air Max 90 נעלי"), "<נעלי Nike Air Max 90");
  assertEquals(seen("he", "מידה 42.5 (US 9) – שחור"), "<שחור – (US 9) 42.5 <מידה");
  assertEquals(seen("he", "צבע Black & White שחור"), "<שחור Black & White <צבע");
  assertEquals(seen("ar", "شاشة 55 بوصة"), "<بوصة 55 <شاشة");
  assertEquals(seen("en", "Now 199.00 ₪."), "Now 199.00 ₪.");
});

Deno.test("a stop behind a foreign word stands on the page's side, a mark between two of them does not", () => {
  assertEquals(seen("he", "קנו Aurora."), "<Aurora. <קנו");
  assertEquals(seen("he", "עכשיו 199.00₪."), "<199.00₪. <עכשיו");
  assertEquals(seen("he", "קנו Lumen, Aurora עכשיו"), "<עכשיו Lumen, Aurora <קנו");
  assertEquals(seen("he", "הנחה -20% (US)"), "(US) -20% <הנחה");
  assertEquals(seen("ar", "مقاس (L/XL)، جديد"), "<جديد <(L/XL)، <مقاس");
  assertEquals(seen("he", "מידה 9), חדש"), "<חדש 9), <מידה");
});

Deno.test("only letters that stand apart are tracked", () => {
  const style = { stack: fontStack({ language: "hi", family: null }), weight: 700, language: "hi", size: 40 };
  const gain = (text: string) => textWidth(text, { ...style, tracking: 0.05 }) - textWidth(text, style);
  assertEquals(["देसी घर", "لومن", "לומן", "👩‍👩‍👧‍👦"].map(gain), [0, 0, 0, 0]);
  for (const text of ["Lumen", "Лумен", "Λουμεν"]) assert(gain(text) > 4, `${text}: ${gain(text)}`);
});
