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
