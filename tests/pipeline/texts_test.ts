// Scripts, prices and captions: what is said, what is written, and when.

import { priceTexts } from "../../supabase/functions/_shared/money.ts";
import {
  captionPages,
  placeVoice,
  timeTokens,
  toSpoken,
} from "../../supabase/functions/_shared/pipeline/captions.ts";
import { speakable } from "../../supabase/functions/_shared/pipeline/plain_text.ts";
import { quickScript } from "../../supabase/functions/_shared/pipeline/script.ts";
import { fillTemplate } from "../../supabase/functions/_shared/pipeline/script_template.ts";
import { speakingSeconds } from "../../supabase/functions/_shared/pipeline/speaking_time.ts";
import { assert, assertEquals } from "../assert.ts";
import { aJob } from "./bench.ts";

const BARE = { title: "Mug", brand: "", price: "", description: "", cta: "Shop now" };

Deno.test("a template leaves no hole where a value is missing", () => {
  const cases: [string, string][] = [
    ["{title} by {brand}. Now {price}.", "Mug."],
    ["{brand} presents {title}.", "Mug."],
    ["Discover {title} by {brand} for {price} today!", "Discover Mug today!"],
    ["Brand: {brand}. {title}!", "Mug!"],
    ["{title} (by {brand}) - {price} only!", "Mug!"],
    ["Only {price} this week, {cta}!", "Shop now!"],
    ["Great news, now {price}! {cta}", "Great news! Shop now"],
    ["{brand}", ""],
  ];
  for (const [template, expected] of cases) assertEquals(fillTemplate(template, BARE), expected, template);
});

Deno.test("a value that looks like a placeholder is said as text", () => {
  const filled = fillTemplate("{title} by {brand}.", { ...BARE, brand: "{price}", price: "$5" });
  assertEquals(filled, "Mug by {price}.");
});

Deno.test("a script fits its video, ends with a sentence, and keeps the price behind a very long title", () => {
  const title = "Ergonomic chair with lumbar support, adjustable headrest and armrests, breathable mesh "
    .repeat(5);
  for (const duration_s of [15, 30, 45, 60] as const) {
    const script = quickScript(
      aJob({ product: { title, language: "en", currency: "USD" }, options: { duration_s } }),
    );
    assert(speakingSeconds(script, "en") <= duration_s, script);
    assert(script.endsWith("."));
    assert(script.includes("$49.99"), script);
  }
});

Deno.test("a title of signs alone, or of one endless word, leaves something that can be said", () => {
  for (const title of ["---", "\u{1f389} _", "Ж".repeat(900)]) {
    const script = quickScript(aJob({ product: { title, language: "ru" } }));
    assert(/[\p{L}\p{N}]/u.test(script), JSON.stringify(title));
    assert(speakingSeconds(script, "ru") <= 15);
  }
});

Deno.test("product text is said without markup, emoji or signs that a voice would stumble over", () => {
  const said = speakable(
    "A <b>bold</b> 🎉 --- thing &amp; more _x_\u0000 https://a.b/c <script>alert(1)</script>",
    200,
  );
  assertEquals(said, "A bold – thing & more x");
});

Deno.test("prices are shown and said in the product's language, the sale price first", () => {
  const lei = priceTexts({ price: "1249.99", sale_price: "49.99", currency: "RON" }, "ro");
  assertEquals([lei?.current, lei?.spoken, lei?.old, lei?.saving_percent], [
    "49,99 lei",
    "49,99 lei",
    "1.249,99 lei",
    96,
  ]);
  const dollars = priceTexts({ price: "1249.99", sale_price: null, currency: "USD" }, "en");
  assertEquals([dollars?.current, dollars?.spoken, dollars?.old], ["$1,249.99", "1249.99 dollars", null]);
  const higher = priceTexts({ price: "10.00", sale_price: "12.00", currency: "EUR" }, "de");
  assertEquals([higher?.current, higher?.old], ["10,00 €", null]);
  assertEquals(priceTexts({ price: null, sale_price: null, currency: "EUR" }, "de"), null);
});

Deno.test("captions show the text as written at the times of the words as said", () => {
  const text = toSpoken("Lamp by Lumen. Now $49.99.", {
    replacements: [["$49.99", "49.99 dollars"]],
    language: "en",
  });
  assertEquals(text.spoken, "Lamp by Lumen. Now 49.99 dollars.");
  const words = ["Lamp", "by", "Lumen", "Now", "49.99", "dollars"]
    .map((word, at) => ({ text: word, start_s: at * 0.5, end_s: at * 0.5 + 0.4 }));
  const timed = timeTokens(text, { words, duration_s: 3, language: "en" });
  assertEquals(timed.map((word) => word.text), ["Lamp", "by", "Lumen.", "Now", "$49.99."]);
  assertEquals(timed.map((word) => word.start_s), [0, 0.5, 1, 1.5, 2]);
  assert(Math.abs((timed.at(-1)?.end_s ?? 0) - 2.9) < 0.01);
});

Deno.test("signs without letters never move captions to the start, with timings or without", () => {
  const text = toSpoken("One --- two _ three. Four five six.", { replacements: [], language: "en" });
  const words = ["One", "two", "three", "Four", "five", "six"]
    .map((word, at) => ({ text: word, start_s: 0.2 + at * 0.5, end_s: 0.6 + at * 0.5 }));
  for (const timings of [words, []]) {
    const timed = timeTokens(text, { words: timings, duration_s: 3.2, language: "en" });
    const pages = captionPages(timed, { start_s: 0.3, tempo: 1, cut_at_s: null });
    const starts = pages.flatMap((page) => page.words.map((word) => word.start_s));
    assertEquals(new Set(starts).size, starts.length);
    assertEquals(starts, starts.toSorted((a, b) => a - b));
    assert((pages.at(-1)?.end_s ?? 99) <= 3.5 && (pages.at(-1)?.end_s ?? 0) > 2.8);
  }
});

Deno.test("pages are short, and scripts without spaces are parted", () => {
  const text = toSpoken("新しいデスクランプは目に優しい光で毎日の仕事を快適にします。", {
    replacements: [],
    language: "ja",
  });
  const pages = captionPages(timeTokens(text, { words: [], duration_s: 6, language: "ja" }), {
    start_s: 0.3,
    tempo: 1,
    cut_at_s: null,
  });
  assert(pages.length >= 2);
  for (const page of pages) assert(page.words.map((word) => word.text).join("").length <= 16);
});

Deno.test("a voice that is too long plays faster, up to 1.15, and is then cut behind a whole sentence", () => {
  const words = Array.from({ length: 40 }, (_, at) => ({
    text: at % 10 === 9 ? "end." : "word",
    start_s: at * 0.5,
    end_s: at * 0.5 + 0.4,
  }));
  const place = (duration_s: number) => placeVoice(words, { duration_s, startS: 0.3, seconds: 14 });
  assertEquals(place(13), { start_s: 0.3, tempo: 1, cut_at_s: null });
  assert(place(15.5).tempo > 1.1 && place(15.5).cut_at_s === null);
  const cut = place(20);
  assert(cut.cut_at_s !== null && cut.cut_at_s >= 14.9 && cut.cut_at_s <= 15, JSON.stringify(cut));
  assert(cut.tempo <= 1.15 && cut.cut_at_s / cut.tempo <= 14.01);
  const pages = captionPages(words, cut);
  assertEquals(pages.at(-1)?.words.at(-1)?.text, "end.");
});
