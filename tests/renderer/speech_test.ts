// The offline voice: audio that is heard, words as written, at the times they are spoken.

import { assert, assertEquals, assertRejects } from "../assert.ts";
import { ServiceError } from "../../renderer/errors.ts";
import { createSpeech } from "../../renderer/speech/speech.ts";
import { alignPhones } from "../../renderer/speech/align.ts";
import { toPlainEnglish } from "../../renderer/speech/english.ts";
import type { SpeechAnswer } from "../../supabase/functions/_shared/contracts/speech.ts";

const speak = createSpeech({ parallel: 2, waiting: 4 });

function samplesOf(answer: SpeechAnswer): Int16Array {
  const bytes = Uint8Array.from(atob(answer.audio_base64), (letter) => letter.charCodeAt(0));
  assertEquals(new TextDecoder().decode(bytes.subarray(0, 4)), "RIFF");
  return new Int16Array(bytes.slice(44).buffer);
}

/** Mean level of a part of a recording. */
function level(samples: Int16Array, span: { start: number; end: number }): number {
  const part = samples.subarray(Math.floor(span.start), Math.ceil(span.end));
  return Math.sqrt(part.reduce((sum, value) => sum + value * value, 0) / Math.max(1, part.length));
}

function assertWords(answer: SpeechAnswer, text: string): void {
  assertEquals(answer.words.map((word) => word.text).join(" "), text);
  const samples = samplesOf(answer);
  const rate = samples.length / answer.duration_s;
  let last = 0;
  for (const word of answer.words) {
    assert(word.start_s >= last && word.end_s > word.start_s, JSON.stringify(word));
    assert(
      level(samples, { start: word.start_s * rate, end: word.end_s * rate }) > 100,
      `${word.text} is silent`,
    );
    last = word.end_s;
  }
  assert(last <= answer.duration_s);
}

Deno.test("English is spoken with the words as written, each where it is heard", async () => {
  const text = "Meet the blue mug by Acmé. Now $1,249.99, only today!";
  const answer = await speak({ text, language: "en-GB", rate: 1 });
  assertEquals(answer.voice, "rms");
  assertWords(answer, text);
  const price = answer.words.find((word) => word.text.startsWith("$"));
  assert(price && price.end_s - price.start_s > 2, "a price takes its time");
  const [before, after] = [answer.words[5], answer.words[6]];
  assert(
    before?.text === "Acmé." && after && after.start_s - before.end_s > 0.15,
    "a sentence ends with a pause",
  );
});

Deno.test("English numbers that its voice takes for digits or years, and units, are said in words", async () => {
  const cases: [string, string, string][] = [
    ["750", "", "seven hundred fifty"],
    ["1999", "Now", "one thousand nine hundred ninety-nine"],
    ["1,249.90", "", "one thousand two hundred forty-nine point nine zero"],
    ["$750.", "", "seven hundred fifty dollars."],
    ["$1,249.99!", "", "one thousand two hundred forty-nine dollars ninety-nine cents!"],
    ["$49.99", "", "$49.99"],
    ["49.99", "", "49.99"],
    ["250g", "", "two hundred fifty grams"],
    ["ml.", "750", "milliliters."],
    ["kg", "2.5", "kilograms"],
    ["GB", "for", "GB"],
    ["140x200", "", "one hundred forty by two hundred"],
    ["(100%)", "", "(one hundred%)"],
    ["X200", "", "X200"],
    ["12.345.678", "", "12.345.678"],
    ["Café", "", "Cafe"],
  ];
  for (const [word, before, said] of cases) assertEquals(toPlainEnglish(word, before), said);
  assertWords(
    await speak({ text: "Now 750 dollars for 750 ml, 140x200 cm.", language: "en", rate: 1 }),
    "Now 750 dollars for 750 ml, 140x200 cm.",
  );
});

Deno.test("English begins with silence, and so does each further part of a long text: no click is heard", async () => {
  const text = "A heavy steel foot keeps the lamp where you put it, and its warm light falls on your work. "
    .repeat(6);
  const samples = samplesOf(await speak({ text, language: "en", rate: 1 }));
  const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert(level(samples, { start: 0, end: 160 }) < loudest / 1000, "a click at the start");
  // A click is a jump out of silence.
  for (let at = 160; at < samples.length; at++) {
    const isClick = Math.abs(samples[at]!) > loudest / 4 &&
      level(samples, { start: at - 80, end: at }) < loudest / 1000;
    assert(!isClick, `a click at ${at / 16_000} s`);
  }
});

Deno.test("other languages are spoken by their own voices; numbers and joined words keep their places", async () => {
  for (
    const [language, voice, text] of [
      ["ro-RO", "roa/ro", "Cana albastră de la Acme. Acum 49,99 lei!"],
      ["de", "gmw/de", "Die blaue Tasse kostet nur 20 Euro."],
      ["fr", "roa/fr", "La tasse bleue, à vingt euros."],
    ] as const
  ) {
    const answer = await speak({ text, language, rate: 1 });
    assertEquals(answer.voice, voice);
    assertWords(answer, text);
  }
});

Deno.test("emoji and lone dashes are not spoken, and a text without spaces is split into words", async () => {
  const english = await speak({ text: "Blue — mug 🎉 now", language: "en", rate: 1 });
  assertEquals(english.words.map((word) => word.text), ["Blue", "mug", "now"]);
  const japanese = await speak({ text: "青いマグカップを今すぐ買う。", language: "ja", rate: 1 });
  assert(japanese.words.length > 3);
  assertEquals(japanese.words.map((word) => word.text).join(""), "青いマグカップを今すぐ買う。");
});

Deno.test("a long text without an end of a sentence keeps every word in its place", async () => {
  const text = Array.from({ length: 120 }, (_, index) => ["blue", "mug", "today"][index % 3]).join(" ");
  const answer = await speak({ text, language: "en", rate: 1 });
  assertWords(answer, text);
  const junk = await speak({ text: `Look ${"a".repeat(4_900)} now`, language: "en", rate: 1 });
  assertEquals(junk.words.length, 3);
});

Deno.test("the rate shortens the recording", async () => {
  for (const language of ["en", "de"]) {
    const [slow, fast] = await Promise.all(
      [1, 1.5].map((rate) => speak({ text: "A hundred blue mugs and more", language, rate })),
    );
    const ratio = (slow?.duration_s ?? 0) / (fast?.duration_s ?? 1);
    assert(ratio > 1.25 && ratio < 1.75, `${language}: ${ratio}`);
  }
});

Deno.test("what cannot be spoken is refused at its field", async () => {
  for (
    const [request, path] of [
      [{ text: "🎉 —", language: "en" }, "text"],
      [{ text: "hello", language: "tlh" }, "language"],
      [{ text: "hello", language: "en", voice: "nobody" }, "voice"],
    ] as const
  ) {
    const error = await assertRejects(() => speak({ ...request, rate: 1 }));
    assert(error instanceof ServiceError, String(error));
    assertEquals([error.status, error.details?.map((each) => each.path)], [422, [path]]);
  }
});

Deno.test("more texts than may wait are refused with 503", async () => {
  const narrow = createSpeech({ parallel: 1, waiting: 1 });
  const request = { text: "hello", language: "en", rate: 1 };
  const outcomes = await Promise.allSettled([narrow(request), narrow(request), narrow(request)]);
  assertEquals(outcomes.map((outcome) => outcome.status), ["fulfilled", "fulfilled", "rejected"]);
  await narrow(request);
});

Deno.test("phones that change in running text still belong to their words", () => {
  const phones = ["dh", "ax", "m", "ah", "g"].map((name, at) => ({ name, start_s: at, end_s: at + 1 }));
  assertEquals(alignPhones(phones, [["dh", "iy"], [], ["m", "ah", "g"]]), [[0, 2], null, [2, 5]]);
});
