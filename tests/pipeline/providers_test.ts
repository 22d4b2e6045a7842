// Voices of other people's services: the real clients against fakes with their wire formats and faults.

import { JobFailure } from "../../supabase/functions/_shared/contracts/jobs.ts";
import { SpoiltSpeech } from "../../supabase/functions/_shared/contracts/speech.ts";
import type { SpeechProvider } from "../../supabase/functions/_shared/pipeline/ports.ts";
import { createEdgeSpeech } from "../../supabase/functions/_shared/providers/edge_speech.ts";
import { createElevenlabsSpeech } from "../../supabase/functions/_shared/providers/elevenlabs_speech.ts";
import { mp3Seconds } from "../../supabase/functions/_shared/providers/mp3.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { startEdgeReadAloud } from "../fakes/edge_read_aloud.ts";
import { startElevenLabs } from "../fakes/elevenlabs.ts";
import type { FakeService, ServiceFault } from "../fakes/faults.ts";
import { silentMp3 } from "../fakes/mp3_files.ts";

const LANGUAGES = ["en", "ro", "de", "fr", "es", "it", "pt", "pl", "hu", "nl"];
const TEXT = `Meet the "Lamp" <break time='9s'/> & friends. Now 49,99 lei.`;
const LATER = "The voice service does not answer at the moment.";
const SPOILT = "The voice service sent no usable speech.";
const NEVER = "The voice service refused this text or voice.";

/** What each fault means: tried again or final, and in which words. */
const FAULTS: Partial<Record<ServiceFault, { retryable: boolean; message: string; after?: number }>> = {
  slow: { retryable: true, message: LATER },
  rate_limited: { retryable: true, message: LATER, after: 7 },
  server_error: { retryable: true, message: LATER },
  unavailable: { retryable: true, message: LATER },
  forbidden: { retryable: false, message: NEVER },
  bad_request: { retryable: false, message: NEVER },
  redirect: { retryable: false, message: NEVER },
  empty_audio: { retryable: true, message: SPOILT },
  no_audio: { retryable: true, message: SPOILT },
  half_audio: { retryable: true, message: SPOILT },
  silence: { retryable: true, message: SPOILT },
  garbled: { retryable: true, message: SPOILT },
  wrong_json: { retryable: true, message: SPOILT },
  not_json: { retryable: true, message: SPOILT },
};

const VOICES: {
  name: string;
  start(): { fake: FakeService<{ text: string }>; speech: SpeechProvider };
}[] = [
  {
    name: "edge",
    start() {
      const fake = startEdgeReadAloud();
      return { fake, speech: createEdgeSpeech({ origin: fake.origin }) };
    },
  },
  {
    name: "elevenlabs",
    start() {
      const fake = startElevenLabs();
      return { fake, speech: createElevenlabsSpeech({ apiKey: "key", origin: fake.origin }) };
    },
  },
];

function call(timeoutMs = 10_000) {
  return { signal: new AbortController().signal, timeoutMs };
}

async function failureOf(speech: SpeechProvider, limits = call()): Promise<JobFailure> {
  const failure = await assertRejects(() =>
    speech.speak({ text: TEXT, language: "en", voice: null }, limits)
  );
  assert(failure instanceof JobFailure, String(failure));
  assertEquals(failure.code, "voiceover_failed");
  return failure;
}

for (const { name, start } of VOICES) {
  Deno.test(`${name} gives audio, its length and the time of every word of the text as it was sent`, async () => {
    const { fake, speech } = start();
    const said = await speech.speak({ text: TEXT, language: "ro", voice: null }, call());
    assertEquals(fake.calls[0]?.text, TEXT);
    assertEquals(said.format, "mp3");
    assert(Math.abs(said.duration_s - mp3Seconds(said.audio)) < 1e-9 && said.duration_s > 1);
    assert(said.words.length >= 8);
    let before = 0;
    for (const word of said.words) {
      assert(word.start_s >= before && word.end_s > word.start_s && word.end_s <= said.duration_s + 0.1);
      before = word.start_s;
    }
    await fake.stop();
  });

  Deno.test(`${name} has a default voice for every language on offer`, async () => {
    const { fake, speech } = start();
    assertEquals(LANGUAGES.filter((each) => !speech.speaks(each) || !speech.defaultVoice(each)), []);
    await fake.stop();
  });

  for (const fault of Object.keys(FAULTS) as ServiceFault[]) {
    const { retryable, message, after = null } = FAULTS[fault] ?? { retryable: false, message: "" };
    Deno.test(`${name} with ${fault} ${retryable ? "is tried again later" : "fails for good"}, after one request`, async () => {
      const { fake, speech } = start();
      fake.faults.push(fault);
      const failure = await failureOf(speech, call(fault === "slow" ? 200 : 10_000));
      assertEquals([failure.retryable, failure.message, failure.retryAfterS], [retryable, message, after]);
      assertEquals(failure.cause instanceof SpoiltSpeech, message === SPOILT);
      assertEquals(fake.requests.length, 1);
      await fake.stop();
    });
  }

  Deno.test(`${name} that breaks off in the middle, or falls silent there, is tried again later`, async () => {
    for (const fault of ["cut_off", "slow_body"] as const) {
      const { fake, speech } = start();
      fake.faults.push(fault);
      const failure = await failureOf(speech, call(fault === "slow_body" ? 300 : 10_000));
      assertEquals([failure.retryable, failure.message], [true, LATER], fault);
      assertEquals(fake.requests.length, 1);
      await fake.stop();
    }
  });

  Deno.test(`${name} is not waited for when the work is called off, and that is no failure of the voice`, async () => {
    const { fake, speech } = start();
    fake.faults.push("slow");
    const off = new AbortController();
    const said = speech.speak({ text: TEXT, language: "en", voice: null }, {
      signal: off.signal,
      timeoutMs: 9_000,
    });
    off.abort(new Error("called off"));
    assertEquals(String(await assertRejects(() => said)), "Error: called off");
    await fake.stop();
  });
}

Deno.test("edge is asked as the browser asks: path, proof, version, connection, origin, SSML without markup of the text", async () => {
  const fake = startEdgeReadAloud();
  const speech = createEdgeSpeech({ origin: fake.origin });
  const text = `${TEXT}\u000b\ud800 \u0007end`;
  await speech.speak({ text, language: "ro", voice: null }, call());
  const [request] = fake.requests;
  assertEquals(request?.url.pathname, "/consumer/speech/synthesize/readaloud/edge/v1");
  assertEquals(
    [...request?.url.searchParams.keys() ?? []],
    ["TrustedClientToken", "Sec-MS-GEC", "Sec-MS-GEC-Version", "ConnectionId"],
  );
  assertEquals(request?.headers.get("upgrade")?.toLowerCase(), "websocket");
  const [said] = fake.calls;
  assertEquals([said?.voice, said?.outputFormat], ["ro-RO-AlinaNeural", "audio-24khz-48kbitrate-mono-mp3"]);
  assertEquals(said?.ssml.match(/<\/?[a-z]+/g), [
    "<speak",
    "<voice",
    "<prosody",
    "</prosody",
    "</voice",
    "</speak",
  ]);
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u0008\u000b\ud800]/u.test(said?.ssml ?? "\u0000"));
  await fake.stop();
});

Deno.test("edge that finds the clock wrong is asked again by its own clock, once", async () => {
  const fake = startEdgeReadAloud();
  fake.skewMs = 3 * 3600 * 1000;
  const speech = createEdgeSpeech({ origin: fake.origin });
  await speech.speak({ text: TEXT, language: "en", voice: null }, call());
  assertEquals([fake.requests.length, fake.calls.length], [2, 1]);
  await speech.speak({ text: TEXT, language: "en", voice: null }, call());
  assertEquals(fake.requests.length, 3, "the clock of the service is remembered");
  fake.skewMs = -3 * 3600 * 1000;
  await speech.speak({ text: TEXT, language: "en", voice: null }, call());
  assertEquals(fake.requests.length, 5);
  await fake.stop();
});

Deno.test("edge that closes with 1007 refuses the text; any other end before turn.end passes", async () => {
  for (const [code, retryable] of [[1007, false], [1000, true], [1011, true]] as const) {
    const fake = startEdgeReadAloud();
    fake.closeCode = code;
    assertEquals(
      (await failureOf(createEdgeSpeech({ origin: fake.origin }))).retryable,
      retryable,
      String(code),
    );
    await fake.stop();
  }
});

Deno.test({
  name: "a service that nobody reaches is tried again later",
  // Deno 2.1.4's own `node:http` leaves its client open behind a connection that was refused.
  sanitizeResources: false,
  async fn() {
    for (const origin of ["http://127.0.0.1:9", "ws://127.0.0.1:9"]) {
      assert((await failureOf(createEdgeSpeech({ origin }))).retryable);
    }
    assert(
      (await failureOf(createElevenlabsSpeech({ origin: "http://127.0.0.1:9", apiKey: "key" }))).retryable,
    );
  },
});

Deno.test("elevenlabs is asked with its key, format and a model that speaks the language", async () => {
  const fake = startElevenLabs();
  const speech = createElevenlabsSpeech({ origin: fake.origin, apiKey: "key" });
  await speech.speak({ text: TEXT, language: "ro", voice: null }, call());
  await speech.speak({ text: TEXT, language: "hu", voice: "a/b" }, call());
  assertEquals(
    fake.calls.map(({ voice, model, language, apiKey, outputFormat }) => ({
      voice,
      model,
      language,
      apiKey,
      outputFormat,
    })),
    [
      {
        voice: "EXAVITQu4vr4xnSDxMaL",
        model: "eleven_multilingual_v2",
        language: null,
        apiKey: "key",
        outputFormat: "mp3_44100_128",
      },
      {
        voice: "a/b",
        model: "eleven_flash_v2_5",
        language: "hu",
        apiKey: "key",
        outputFormat: "mp3_44100_128",
      },
    ],
  );
  await fake.stop();
});

Deno.test("elevenlabs is asked for a voice and never for another path", async () => {
  const fake = startElevenLabs();
  const speech = createElevenlabsSpeech({ origin: fake.origin, apiKey: "key" });
  for (const voice of ["..", "."]) {
    const failure = await assertRejects(() => speech.speak({ text: TEXT, language: "en", voice }, call()));
    assert(failure instanceof JobFailure && failure.code === "voiceover_failed" && !failure.retryable);
  }
  assertEquals(fake.requests.length, 0);
  for (const voice of ["../..", "%2e%2e", "?x=", "#", "a\r\nb"]) {
    await speech.speak({ text: TEXT, language: "en", voice }, call());
    assertEquals(fake.calls.at(-1)?.voice, voice);
  }
  await fake.stop();
});

Deno.test("elevenlabs' answer is read whatever it is called, and its characters without spaces each have a time", async () => {
  const fake = startElevenLabs();
  const speech = createElevenlabsSpeech({ origin: fake.origin, apiKey: "key" });
  fake.faults.push("wrong_type");
  const said = await speech.speak({ text: "新しいLED lamp", language: "ja", voice: null }, call());
  assertEquals(said.words.map((word) => word.text), ["新", "し", "い", "LED", "lamp"]);
  await fake.stop();
});

Deno.test("elevenlabs' timings are those of the text in words where it gives no others; unreadable ones cost no recording", async () => {
  const fake = startElevenLabs();
  const speech = createElevenlabsSpeech({ origin: fake.origin, apiKey: "key" });
  const speak = () => speech.speak({ text: "Lamp & table", language: "en", voice: null }, call());
  fake.timings = "normalized";
  assertEquals((await speak()).words.map((word) => word.text), ["Lamp", "&", "table"]);
  fake.timings = "unreadable";
  const said = await speak();
  assertEquals([said.words, said.duration_s > 0.5, fake.requests.length], [[], true, 2]);
  await fake.stop();
});

Deno.test("elevenlabs without a key fails clearly, without a request", async () => {
  const fake = startElevenLabs();
  assert(!(await failureOf(createElevenlabsSpeech({ origin: fake.origin, apiKey: null }))).retryable);
  assertEquals(fake.requests.length, 0);
  await fake.stop();
});

Deno.test("an MP3's length is counted by its whole frames, behind a tag; of other files nothing is counted", () => {
  const frames = silentMp3(1.2);
  const tagged = new Uint8Array([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 2, 0, 0, ...frames]);
  assert(Math.abs(mp3Seconds(tagged) - 1.2) < 0.001);
  assert(Math.abs(mp3Seconds(frames.subarray(0, frames.length - 10)) - 1.176) < 0.001);
  assertEquals(mp3Seconds(new TextEncoder().encode("<html>no audio</html>")), 0);
  const noise = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 2_654_435_761) >>> 24);
  assertEquals(mp3Seconds(noise), 0);
  assertEquals(mp3Seconds(new Uint8Array([...frames, ...noise])), 0);
});
