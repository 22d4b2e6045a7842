// Captions: the text as written at the times of the text as said, whatever a voice tells of them.

import type { SpokenWord } from "../../supabase/functions/_shared/contracts/speech.ts";
import { priceTexts } from "../../supabase/functions/_shared/money.ts";
import { captionPages, placeVoice } from "../../supabase/functions/_shared/pipeline/captions.ts";
import { spokenPrices } from "../../supabase/functions/_shared/pipeline/script.ts";
import { timeTokens } from "../../supabase/functions/_shared/pipeline/word_times.ts";
import { toSpoken } from "../../supabase/functions/_shared/pipeline/written_text.ts";
import { silencesOf } from "../../supabase/functions/_shared/providers/pauses.ts";
import { assert, assertEquals } from "../assert.ts";

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

Deno.test("the pages of a sentence are alike in width, part behind its commas, and leave no short word alone", () => {
  const cases: [string, string[]][] = [
    ["Steel foot & warm light. Buy it.", ["Steel foot &", "warm light.", "Buy it."]],
    ["Aurora desk lamp 2.0 by Lumen.", ["Aurora desk lamp", "2.0 by Lumen."]],
    [
      "Office Chair with Lumbar Support, Adjustable Armrests and a Breathable Mesh Back by Acme.",
      [
        "Office Chair with",
        "Lumbar Support,",
        "Adjustable Armrests",
        "and a Breathable",
        "Mesh Back by Acme.",
      ],
    ],
    ["Donaudampfschifffahrtsgesellschaft jetzt.", ["Donaudampfschifffahrtsgesellschaft", "jetzt."]],
  ];
  for (const [text, expected] of cases) {
    const timed = timeTokens(written(text), { words: [], duration_s: 9, language: "en" });
    const pages = captionPages(timed, { start_s: 0.3, tempo: 1, cut_at_s: null });
    const texts = pages.map((page) => page.words.map((word) => word.text).join(" "));
    assertEquals(texts, expected);
    assert(texts.every((page) => page.length <= 20 || !page.includes(" ")));
  }
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

function written(text: string, language = "en") {
  return toSpoken(text, { replacements: [], language });
}

/** Words one after another, each of half a second, the last tenth of it silent. */
function evenly(texts: string[], startS = 0): SpokenWord[] {
  return texts.map((text, at) => ({ text, start_s: startS + at * 0.5, end_s: startS + at * 0.5 + 0.4 }));
}

function isNear(actual: number | undefined, expected: number, tolerance = 0.15): void {
  assert(actual !== undefined && Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

Deno.test("a price is one token with its sign, in every language, and its sentence ends behind it", () => {
  const prices: [string, string, string, string][] = [
    ["en", "USD", "$1,249.99", "1249.99 dollars"],
    ["ro", "RON", "1.249,99 lei", "1249,99 lei"],
    ["de", "EUR", "1.249,99 €", "1249,99 Euro"],
    ["fr", "EUR", "1 249,99 €", "1249,99 euros"],
    ["es", "EUR", "1249,99 €", "1249,99 euros"],
    ["pt", "BRL", "R$ 1.249,99", "1249,99 reais"],
    ["pl", "PLN", "1249,99 zł", "1249,99 złotego"],
    ["hu", "HUF", "1249,99 Ft", "1249,99 forint"],
    ["nl", "EUR", "€ 1.249,99", "1249,99 euro"],
    ["ja", "JPY", "￥1,250", "1250円"],
    ["ar", "SAR", "1,249.99 ر.س.", "1249.99 ريال سعودي"],
  ];
  for (const [language, currency, shown, said] of prices) {
    const texts = priceTexts({ price: "1249.99", sale_price: null, currency }, language);
    assertEquals([texts?.current, texts?.spoken], [shown, said], language);
    const text = toSpoken(`Acum ${shown}. Gata`, { replacements: spokenPrices(texts), language });
    assertEquals(text.spoken, `Acum ${said}. Gata`);
    assertEquals(text.tokens.map((token) => token.text), ["Acum", `${shown}.`, "Gata"]);
  }
});

Deno.test("signs without letters stay where they were written: none is lost, none stands alone", () => {
  const cases: [string, string[]][] = [
    ["Salt & pepper – 50 % off", ["Salt &", "pepper –", "50 %", "off"]],
    ["Nu € 10, dus", ["Nu", "€ 10,", "dus"]],
    ["Jetzt 10 €. Los", ["Jetzt", "10 €.", "Los"]],
    ["Un sac « Licorne » neuf", ["Un", "sac", "« Licorne »", "neuf"]],
    ["(neu) „Lampe“ – C++", ["(neu)", "„Lampe“ –", "C++"]],
    ["– One --- two _ three", ["– One", "two", "three"]],
    ["新しいLEDライト 2個", ["新しいLEDライト", "2個"]],
  ];
  for (const [text, tokens] of cases) assertEquals(written(text).tokens.map((token) => token.text), tokens);
});

Deno.test("a price that a voice tells in several pieces, and signs that it names in words, move no other word", () => {
  const text = toSpoken("Sare & piper acum 49,99 lei azi", {
    replacements: [["49,99 lei", "49,99 lei"]],
    language: "ro",
  });
  const pieces: [string[], number][] = [
    [["Sare", "și", "piper", "acum", "49", "99", "lei", "azi"], 3.5],
    [["Sare", "piper", "acum", "49,99", "lei", "azi"], 2.5],
    [["Sare", "și", "piper", "acum", "patruzeci", "și", "nouă", "virgulă", "lei", "azi"], 4.5],
    [["sare", "și", "piper", "acum", "49,99 lei", "azi"], 2.5],
  ];
  for (const [words, last] of pieces) {
    const timed = timeTokens(text, { words: evenly(words), duration_s: last + 0.6, language: "ro" });
    assertEquals(timed.map((word) => word.text), ["Sare &", "piper", "acum", "49,99 lei", "azi"]);
    const acum = words.indexOf("acum") * 0.5;
    isNear(timed[1]?.start_s, acum - 0.5);
    isNear(timed[2]?.start_s, acum);
    isNear(timed[3]?.start_s, acum + 0.5);
    isNear(timed[4]?.start_s, last);
  }
});

Deno.test("what a voice says in words for a figure or sign takes no letter of the words around it", () => {
  const cases: [string, string, string[], [string, number][]][] = [
    ["100% cotton now", "en", ["100", "percent", "cotton", "now"], [["100%", 0], ["cotton", 2], ["now", 3]]],
    ["Neu 49,99 Euro jetzt", "de", ["Neu", "neunundvierzig", "Euro", "neunundneunzig", "jetzt"], [
      ["Neu", 0],
      ["49,99", 1],
      ["Euro", 2],
      ["jetzt", 4],
    ]],
    ["Lampă 49 , 99 lei azi", "ro", ["Lampă", "49", ",", "99", "lei", "azi"], [
      ["Lampă", 0],
      ["49 ,", 1],
      ["99", 3],
      ["lei", 4],
      ["azi", 5],
    ]],
  ];
  for (const [text, language, words, expected] of cases) {
    const timed = timeTokens(written(text, language), {
      words: evenly(words),
      duration_s: words.length / 2 + 0.2,
      language,
    });
    assertEquals(timed.map((word) => word.text), expected.map(([word]) => word));
    timed.forEach((word, at) => isNear(word.start_s, (expected[at]?.[1] ?? 99) / 2, 0.01));
  }
  const price = toSpoken("Neue Lampe 49,99 € kaufen", {
    replacements: [["49,99 €", "49,99 Euro"]],
    language: "de",
  });
  const said = evenly(["Neue", "Lampe", "neunundvierzig", "Euro", "neunundneunzig", "kaufen"]);
  const timed = timeTokens(price, { words: said, duration_s: 3.2, language: "de" });
  assertEquals(timed.map((word) => [word.text, word.start_s]), [
    ["Neue", 0],
    ["Lampe", 0.5],
    ["49,99 €", 1],
    ["kaufen", 2.5],
  ]);
});

Deno.test("Arabic is matched without its vowel signs, and Japanese by its characters", () => {
  const arabic = timeTokens(written("مِصباح مَكتب جديد", "ar"), {
    words: evenly(["مصباح", "مكتب", "جديد"]),
    duration_s: 1.5,
    language: "ar",
  });
  assertEquals(arabic.map((word) => word.start_s), [0, 0.5, 1]);
  const text = written("新しいランプです。", "ja");
  const characters = [..."新しいランプです"].map((sign, at) => ({
    text: sign,
    start_s: at * 0.2,
    end_s: at * 0.2 + 0.2,
  }));
  const japanese = timeTokens(text, { words: characters, duration_s: 1.8, language: "ja" });
  for (const word of japanese) {
    isNear(word.start_s, [..."新しいランプです"].join("").indexOf(word.text.replace("。", "")) * 0.2, 0.01);
  }
});

Deno.test("timings that are all zero, of half the text, or of another text are not believed", () => {
  const text = written("One two three four. Five six seven eight.");
  const words = ["One", "two", "three", "four", "Five", "six", "seven", "eight"];
  const cases = [
    words.map((word) => ({ text: word, start_s: 0, end_s: 0 })),
    evenly(words.slice(0, 3)),
    evenly(["completely", "other", "gibberish", "xyz"]),
    [],
  ];
  for (const timings of cases) {
    const timed = timeTokens(text, { words: timings, pauses: [[2, 2.5]], duration_s: 4.5, language: "en" });
    const starts = timed.map((word) => word.start_s);
    assertEquals(new Set(starts).size, 8);
    isNear(timed[3]?.end_s, 2, 0.01);
    isNear(timed[4]?.start_s, 2.5, 0.01);
    isNear(timed[7]?.end_s, 4.5, 0.01);
  }
});

Deno.test("an estimate is fitted to the pauses: sentences begin behind them, stops within words are run over", () => {
  const text = written("A lamp that you will like. It is here, and it shines. Buy it now.");
  // Uneven on purpose: a slow first sentence, a short stop within it, a pause at the comma.
  const pauses: [number, number][] = [[0, 0.2], [1.4, 1.53], [3.1, 3.6], [4.1, 4.3], [5.2, 5.7], [6.6, 7]];
  const timed = timeTokens(text, { words: [], pauses, duration_s: 7, language: "en" });
  const at = (word: string) => timed.find((each) => each.text === word);
  isNear(timed[0]?.start_s, 0.2, 0.01);
  isNear(at("like.")?.end_s, 3.1, 0.01);
  isNear(at("It")?.start_s, 3.6, 0.01);
  isNear(at("here,")?.end_s, 4.1, 0.01);
  isNear(at("and")?.start_s, 4.3, 0.01);
  isNear(at("Buy")?.start_s, 5.7, 0.01);
  isNear(at("now.")?.end_s, 6.6, 0.01);
});

Deno.test("silences are found in samples, breath and noise counted as silence, stops within words not", () => {
  const sampleRate = 16_000;
  const samples = new Float32Array(sampleRate * 4);
  const spoken: [number, number][] = [[0.2, 1], [1.08, 1.6], [2.1, 3.5]];
  samples.forEach((_, at) => {
    const second = at / sampleRate;
    const isSpoken = spoken.some(([from, to]) => second >= from && second < to);
    samples[at] = Math.sin(at * 0.12) * (isSpoken ? 0.5 : 0.004);
  });
  const pauses = silencesOf({ samples, sampleRate });
  const expected = [[0, 0.2], [1.6, 2.1], [3.5, 4]];
  assertEquals(pauses.length, 3, JSON.stringify(pauses));
  pauses.forEach((pause, at) => {
    isNear(pause[0], expected[at]?.[0] ?? -1, 0.02);
    isNear(pause[1], expected[at]?.[1] ?? -1, 0.02);
  });
});

Deno.test("a cut lies in a silence, not in a word, also where no sentence ends in time", () => {
  const words = evenly(Array.from({ length: 60 }, (_, at) => `word${at}`));
  const place = { duration_s: 30, startS: 0.3, seconds: 14.2 };
  const cut = placeVoice(words, place).cut_at_s ?? 0;
  assert(words.every((word) => cut <= word.start_s || cut >= word.end_s), String(cut));
  // Words that touch: the one silence that there is.
  const touching = words.map((word) => ({ ...word, end_s: word.start_s + 0.5 }));
  const inSilence = placeVoice(touching, { ...place, pauses: [[12.5, 12.9]] }).cut_at_s ?? 0;
  assert(inSilence >= 12.5 && inSilence <= 12.9, String(inSilence));
});

Deno.test("silence behind the last word needs no faster voice, and no caption outlasts its words", () => {
  const words = evenly(["One", "two", "three."]);
  assertEquals(placeVoice(words, { duration_s: 20, startS: 0.3, seconds: 14.2 }), {
    start_s: 0.3,
    tempo: 1,
    cut_at_s: 1.65,
  });
  const pages = captionPages(words, { start_s: 0.3, tempo: 1, cut_at_s: null });
  assertEquals(pages.at(-1)?.end_s, 1.7);
  assert(pages.every((page) => page.end_s > page.start_s));
});
