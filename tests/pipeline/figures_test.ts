// An AI's script: sentences whose figures the product's data does not have are dropped, all others stay.

import type { ClaimedProduct } from "../../supabase/functions/_shared/contracts/jobs.ts";
import { elaborateScript } from "../../supabase/functions/_shared/pipeline/script.ts";
import type { ScriptWriter } from "../../supabase/functions/_shared/pipeline/ports.ts";
import { assert, assertEquals } from "../assert.ts";
import { aJob } from "./bench.ts";

function writing(text: string): ScriptWriter {
  return {
    write: () => Promise.resolve({ text, model: "m", input_tokens: 1, output_tokens: 1, cost_usd: 0 }),
  };
}

async function kept(text: string, product: Partial<ClaimedProduct>): Promise<string> {
  const job = aJob({ product, options: { voiceover_mode: "elaborate", duration_s: 60 } });
  const call = { signal: new AbortController().signal, timeoutMs: 1000 };
  return (await elaborateScript(job, writing(text), call)).text;
}

const LAMP: Partial<ClaimedProduct> = {
  title: "Lamp X200",
  brand: "Lumen",
  description: "Steel, 1,249 lumens, 50 cm, 100% recycled. iPhone 15 256 GB holder. 2.5 kg, 24 months.",
  price: "1249.99",
  sale_price: "49.99",
  currency: "USD",
  language: "en",
};

Deno.test("sentences with figures of the data stay, however they are written", async () => {
  for (
    const sentence of [
      "Now $49.99.",
      "Was $1,249.99 before.",
      "It was 1249.99 dollars.",
      "It gives 1249 lumens.",
      "It gives 1 249 lumens.",
      "Made of 100% recycled steel.",
      "Made of 100 percent recycled steel.",
      "It is 50 cm tall and weighs 2,5 kg.",
      "Holds an iPhone 15 with 256 GB.",
      "The X200 is yours.",
      "It is ٥٠ cm tall.",
    ]
  ) {
    assertEquals(await kept(`A lamp. ${sentence} Buy it.`, LAMP), `A lamp. ${sentence} Buy it.`);
  }
});

Deno.test("sentences with other figures are dropped, in digits or in words", async () => {
  for (
    const sentence of [
      "Save 70% today.",
      "Save 50% today.",
      "Save 96% today.",
      "Save fifty percent today.",
      "Now at half price.",
      "Only $50.",
      "Only 50 dollars.",
      "Only $49.",
      "It gives 1.249 million and 3 lumens.",
      "Rated 4.9 by 10,000 buyers.",
      "It lasts 25 years.",
      "It costs ４８ dollars.",
    ]
  ) {
    assertEquals(await kept(`A lamp. ${sentence} Buy it.`, LAMP), "A lamp. Buy it.", sentence);
  }
});

Deno.test("a figure in words is a figure: dropped where the data has none such, kept where it has", async () => {
  const dropped: [string, string][] = [
    ["en", "Only three left in stock."],
    ["en", "Save ten dollars."],
    ["en", "Two for one."],
    ["en", "Buy one, get one free."],
    ["en", "Over a thousand happy buyers."],
    ["en", "Rated five stars."],
    ["en", "It costs forty-nine dollars."],
    ["en", "Now at half the price."],
    ["ro", "Doar trei bucăți rămase."],
    ["ro", "Două lămpi la preț de una."],
    ["de", "Nur noch drei Stück."],
    ["de", "Jetzt für neununddreißig Euro."],
    ["fr", "Plus que quatre-vingt-dix pièces."],
    ["es", "Solo quedan veinte."],
    ["it", "Solo ventuno pezzi."],
    ["pt", "Restam apenas duas peças."],
    ["pl", "Zostało tylko dziewięciu."],
    ["hu", "Már csak tizenkettő van."],
    ["nl", "Nog maar achtentwintig stuks."],
  ];
  for (const [language, sentence] of dropped) {
    assertEquals(await kept(`Lampa. ${sentence} Ok.`, { ...LAMP, language }), "Lampa. Ok.", sentence);
  }
  const taken: [string, string][] = [
    ["en", "It costs forty-nine dollars and ninety-nine cents."],
    ["en", "Just forty-nine ninety-nine."],
    ["en", "It is fifty centimetres tall."],
    ["en", "Twenty-four months of warranty."],
    ["en", "One lamp for everybody, the number one."],
    ["ro", "O lampă nouă pentru tine."],
    ["fr", "Une lampe pour un bureau neuf."],
    ["it", "Sei a casa."],
    ["de", "Eine Lampe für fünfzig Zentimeter."],
  ];
  for (const [language, sentence] of taken) {
    assertEquals(await kept(`Lampa. ${sentence} Ok.`, { ...LAMP, language }), `Lampa. ${sentence} Ok.`);
  }
  const pair = { title: "Two pillows", description: null, language: "en" };
  assertEquals(await kept("Take 2 pillows. Take two pillows.", pair), "Take 2 pillows. Take two pillows.");
});

Deno.test("a sentence that begins with a figure is dropped alone, not with the one before it", async () => {
  assertEquals(await kept("A fine lamp. 70% off today. Buy it.", LAMP), "A fine lamp. Buy it.");
  assertEquals(await kept("A fine lamp. $9 only. Buy it.", LAMP), "A fine lamp. Buy it.");
  assertEquals(await kept("It is approx. 50 cm tall. Buy it.", LAMP), "It is approx. 50 cm tall. Buy it.");
});

Deno.test("stage directions, speakers, tags, lists and quotation marks around it all are not spoken", async () => {
  const cases: [string, string][] = [
    ['Script: "A lamp. Buy it."', "A lamp. Buy it."],
    ["Voiceover:\nA lamp.\n\n- Light\n- Buy it.", "A lamp. Light. Buy it."],
    ["**Narrator:** A lamp. [SFX: boom] (upbeat music plays) Buy it.", "A lamp. Buy it."],
    ["A lamp. #sale #lamp Buy it 🎉", "A lamp. Buy it"],
    ["A <break time='9s'/>lamp. <speak>Buy</speak> it at https://a.b/c now.", "A lamp. Buy it at now."],
    ["A lamp (with a foot). Buy it.", "A lamp (with a foot). Buy it."],
  ];
  for (const [written, said] of cases) assertEquals(await kept(written, LAMP), said);
});

Deno.test("of a script of thousands of characters the price and the call at its end are kept", async () => {
  const text = `A fine lamp. ${
    "This is a fine sentence about lamps and light. ".repeat(80)
  }Now $49.99. Buy it.`;
  const said = await kept(text, LAMP);
  assert(said.startsWith("A fine lamp.") && said.endsWith("Now $49.99. Buy it."), said);
});

Deno.test("in other languages the same holds", async () => {
  const cases: [string, string, Partial<ClaimedProduct>][] = [
    ["O lampă. Acum 49,99 lei. Cumpără.", "O lampă. Economisești 30%. Acum 49,99 lei. Cumpără.", {}],
    ["O lampă. Cumpără.", "O lampă. Acum la jumătate de preț. Acum 49 lei. Cumpără.", {}],
    ["Eine Lampe. Jetzt 1.249,00 €.", "Eine Lampe. Jetzt 1.249,00 €. Du sparst zwanzig Prozent.", {
      language: "de",
      currency: "EUR",
      price: "1249.00",
    }],
    ["Une lampe. À 1 249,00 €.", "Une lampe. À 1 249,00 €. Garantie de 3 ans.", {
      language: "fr",
      currency: "EUR",
      price: "1249.00",
    }],
  ];
  for (const [expected, written, product] of cases) assertEquals(await kept(written, product), expected);
});

Deno.test("a script that is too long loses sentences of its middle: opening, price and call stay", async () => {
  const job = aJob({ options: { voiceover_mode: "elaborate", duration_s: 15 }, product: { title: "Lampă" } });
  const filler = Array.from({ length: 12 }, (_, at) => `Lumina este caldă și blândă ${"abcdefghijkl"[at]}.`)
    .join(" ");
  const text = `O lampă minunată. ${filler} Acum doar 49,99 lei. ${filler} Comandă azi.`;
  const script = await elaborateScript(job, writing(text), {
    signal: new AbortController().signal,
    timeoutMs: 1,
  });
  assert(script.text.startsWith("O lampă minunată."), script.text);
  assert(script.text.includes("Acum doar 49,99 lei."), script.text);
  assert(script.text.endsWith("Comandă azi."), script.text);
});
