// Quick scripts as they are said, product by product, in many languages: read as a customer would hear them.

import { priceTexts } from "../../supabase/functions/_shared/money.ts";
import { speakableProse } from "../../supabase/functions/_shared/pipeline/plain_text.ts";
import { quickScript, roomOf, spokenPrices } from "../../supabase/functions/_shared/pipeline/script.ts";
import { fillTemplate } from "../../supabase/functions/_shared/pipeline/script_template.ts";
import { toSpoken } from "../../supabase/functions/_shared/pipeline/written_text.ts";
import { assert, assertEquals } from "../assert.ts";
import { aJob } from "./bench.ts";

const MUG = { title: "Mug", brand: "", price: "", description: "", cta: "Shop now" };

Deno.test("what stands around a missing value stays a sentence: quotations close, verbs are not left hanging", () => {
  const cases: [string, string][] = [
    ["{title} costs {price} and ships free.", "Mug ships free."],
    ["{title} is made by {brand} and is yours.", "Mug is yours."],
    ["{title} for {price} and free shipping!", "Mug and free shipping!"],
    ["Buy {title} for {price} and save.", "Buy Mug and save."],
    ["“{title}” by “{brand}”.", "“Mug”."],
    ['"{title}" by "{brand}" today.', '"Mug" today.'],
    ["„{title}“ von „{brand}“!", "„Mug“!"],
    ["{title} kostet {price} und ist da.", "Mug ist da."],
    ["Acesta este {title} de la {brand} și costă {price}.", "Acesta este Mug."],
  ];
  for (const [template, expected] of cases) assertEquals(fillTemplate(template, MUG), expected, template);
});

Deno.test("a name that ends with a sign of its own goes on as one sentence, and keeps the sign at its end", () => {
  const filled = (template: string, title: string) =>
    fillTemplate(template, { ...MUG, title, brand: "Acme", price: "$5" });
  assertEquals(filled("{title} by {brand}.", "BEST CHAIR EVER!"), "BEST CHAIR EVER by Acme.");
  assertEquals(filled("{title} Now {price}.", "What is it?"), "What is it? Now $5.");
  assertEquals(filled("Only {price}: {title}", "What is it?"), "Only $5: What is it?");
});

Deno.test("signs at the edges of a name are no part of it, bars part it, and what feeds write for no brand is none", () => {
  const said = (product: { title?: string; brand?: string }, voiceover_template = "{title} by {brand}.") =>
    quickScript(
      aJob({
        product: { title: "Mug", brand: "Acme", language: "en", ...product },
        options: { voiceover_template },
      }),
    );
  for (
    const title of [
      "Mug,",
      "Mug -",
      "Mug:",
      "Mug (",
      "Mug ;",
      "Mug/",
      "Mug &",
      "- Mug",
      "/ Mug",
      "Mug...",
      "Mug…",
    ]
  ) {
    assertEquals(said({ title }), "Mug by Acme.", title);
  }
  for (const title of ["C++", "“Mug”", "Mug (blue)", "-50% Mug", "5'11\" board"]) {
    assertEquals(said({ title }), `${title} by Acme.`);
  }
  assertEquals(said({ title: "Mug | Blue | 300 ml" }), "Mug, Blue, 300 ml by Acme.");
  for (const brand of ["N/A", "n/a", "None", "null", "Unknown", "Generic", "no brand", "-", "."]) {
    assertEquals(said({ brand }), "Mug.", brand);
  }
  assertEquals(said({ brand: "Genericon" }), "Mug by Genericon.");
  assertEquals(said({}, "{title}\n{brand}\n{cta}!"), "Mug. Acme. Shop now!");
});

Deno.test("Japanese sentences are sentences without a space between them, and lose only what is missing", () => {
  const template = "{brand}の{title}。{description}。今なら{price}。{cta}！";
  const values = { title: "傘", brand: "Acme", price: "￥1", description: "軽いです", cta: "今すぐ購入" };
  assertEquals(fillTemplate(template, values), "Acmeの傘。軽いです。今なら￥1。今すぐ購入！");
  assertEquals(fillTemplate(template, { ...values, price: "", description: "" }), "Acmeの傘。今すぐ購入！");
  const job = aJob({
    product: { title: "傘", brand: null, price: null, description: "軽いです。", language: "ja" },
    options: { voiceover_template: template, cta_text: "今すぐ購入" },
  });
  assertEquals(quickScript(job), "傘。軽いです。今すぐ購入！");
});

Deno.test("French sets its signs apart, as it is written; other languages do not", () => {
  const said = (language: string) =>
    quickScript(aJob({
      product: { title: "Lampe", description: "Elle est là !", language, currency: "EUR" },
      options: { voiceover_template: "{title} : {description} À {price} !" },
    }));
  assertEquals(said("fr"), "Lampe : Elle est là ! À 49,99 € !");
  assertEquals(said("fr-CA").endsWith(" !"), true);
  assertEquals(said("de"), "Lampe: Elle est là! À 49,99 €!");
});

Deno.test("lines, paragraphs and points of a description are sentences; a line that was only wrapped is none", () => {
  const cases: [string, string][] = [
    ["<ul><li>Soft and warm</li><li>machine washable</li></ul>", "Soft and warm. machine washable"],
    ["Soft<br>warm<br/>Light", "Soft. warm. Light"],
    ["&lt;p&gt;Soft&lt;/p&gt;&lt;p&gt;Warm&lt;/p&gt;", "Soft. Warm"],
    ["Soft and\nwarm.\nLight", "Soft and warm. Light"],
    ["<p>Soft\n  And warm</p>", "Soft And warm"],
    ["Soft:\n- red\n- blue\n\n• green • Grey", "Soft: red. blue. green. Grey"],
    ["A <b>bold</b> thing, <i>really</i>.", "A bold thing, really."],
    ["- - -\n<br>\n•", ""],
  ];
  for (const [text, expected] of cases) assertEquals(speakableProse(text, 200), expected);
});

Deno.test("one of a currency is said in the singular, without its country, and less than one as such", () => {
  const cases: [string, string, string, string][] = [
    ["en", "USD", "1.00", "1 dollar"],
    ["en", "GBP", "1", "1 pound"],
    ["en", "USD", "0.99", "0.99 dollars"],
    ["es", "USD", "1", "1 dólar"],
    ["it", "USD", "1", "1 dollaro"],
    ["fr", "CHF", "1", "1 franc"],
    ["pt", "BRL", "1", "1 real"],
    ["pt", "BRL", "149.90", "149,90 reais"],
    ["hu", "HUF", "1", "1 forint"],
    ["de", "CHF", "1", "1 Franken"],
    ["sv", "SEK", "1", "1 krona"],
    ["da", "DKK", "1", "1 krone"],
    ["pl", "PLN", "1", "1 złoty"],
    ["en", "XTS", "49.99", "49.99 XTS"],
    ["en", "KWD", "12.345", "12.345 Kuwaiti dinars"],
  ];
  for (const [language, currency, price, spoken] of cases) {
    assertEquals(priceTexts({ price, sale_price: null, currency }, language)?.spoken, spoken);
  }
});

Deno.test("a currency that is written with a full stop does not swallow the sentence's", () => {
  const cases: [string, string, string, string][] = [
    ["da", "DKK", "Nu {price}. Køb nu!", "Nu 149,90 kroner. Køb nu!"],
    ["da", "DKK", "Kun {price} i dag.", "Kun 149,90 kroner i dag."],
    ["da", "DKK", "Nu {price}.", "Nu 149,90 kroner."],
    ["ar", "SAR", "الآن {price}. تسوق الآن!", "الآن 149.90 ريال سعودي. تسوق الآن!"],
  ];
  for (const [language, currency, template, spoken] of cases) {
    const product = { price: "149.90", sale_price: null, currency };
    const job = aJob({ product: { ...product, language }, options: { voiceover_template: template } });
    const replacements = spokenPrices(priceTexts(product, language));
    assertEquals(toSpoken(quickScript(job), { replacements, language }).spoken, spoken);
  }
});

Deno.test("a template of 500 characters in 15 s still says what it is and what it costs, in whole sentences", () => {
  const around =
    "Hello and welcome to our wonderful shop, where we bring you every day the finest things that we could find. ";
  const template =
    `${around}Today we are proud to show you {title}, made with love and care by {brand}, who know what ` +
    "they are doing. {description}. And now the best of it all: you can have it for only {price}, which is a price that " +
    "you will not find anywhere else, believe us. So do not wait any longer, for it may be gone tomorrow. {cta}, quickly!";
  assert(template.length > 400 && template.length <= 500, String(template.length));
  for (const duration_s of [15, 30, 45, 60] as const) {
    const job = aJob({
      product: { title: "Aurora lamp", language: "en", currency: "USD", description: "It is warm." },
      options: { voiceover_template: template, duration_s },
    });
    const script = quickScript(job);
    const { measure, seconds } = roomOf(job);
    assert(measure(script) <= seconds, script);
    assert(script.includes("Aurora lamp") && script.includes("$49.99"), script);
    assert(/[.!]$/.test(script) && !/(?:\b(?:by|for|only|and|the)|,)\.?$/.test(script), script);
    if (duration_s === 60) assert(script.startsWith("Hello") && script.endsWith("quickly!"), script);
  }
});
