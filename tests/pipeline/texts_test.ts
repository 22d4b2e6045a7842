// Scripts and prices: what is said.

import { priceTexts } from "../../supabase/functions/_shared/money.ts";
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
