// Voices and scripts of other people's services: the real clients against fakes with their wire formats and faults.

import { JobFailure } from "../../supabase/functions/_shared/contracts/jobs.ts";
import type { AiProvider } from "../../supabase/functions/_shared/contracts/options.ts";
import type { ScriptInput, SpeechProvider } from "../../supabase/functions/_shared/pipeline/ports.ts";
import { createScriptWriter } from "../../supabase/functions/_shared/providers/ai_scripts.ts";
import { createEdgeSpeech } from "../../supabase/functions/_shared/providers/edge_speech.ts";
import { createElevenlabsSpeech } from "../../supabase/functions/_shared/providers/elevenlabs_speech.ts";
import { mp3Seconds } from "../../supabase/functions/_shared/providers/mp3.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { startAi } from "../fakes/ai.ts";
import { startEdgeReadAloud } from "../fakes/edge_read_aloud.ts";
import { startElevenLabs } from "../fakes/elevenlabs.ts";
import type { FakeService, ServiceFault } from "../fakes/faults.ts";
import { silentMp3 } from "../fakes/silent_mp3.ts";
import { aJob } from "./bench.ts";

const LANGUAGES = ["en", "ro", "de", "fr", "es", "it", "pt", "pl", "hu", "nl"];
const TEXT = `Meet the "Lamp" <b> & friends. Now 49,99 lei.`;
const PASSING: ServiceFault[] = [
  "rate_limited",
  "server_error",
  "cut_off",
  "empty_audio",
  "wrong_json",
  "slow",
];

const VOICES: { name: string; start(): { fake: FakeService<unknown>; speech: SpeechProvider } }[] = [
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

for (const { name, start } of VOICES) {
  Deno.test(`${name} gives audio, its length and the time of every word of the text as it was sent`, async () => {
    const { fake, speech } = start();
    const said = await speech.speak({ text: TEXT, language: "ro", voice: null }, call());
    assertEquals((fake.calls[0] as { text: string }).text, TEXT);
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

  for (const fault of PASSING) {
    Deno.test(`${name} with ${fault} is a voiceover that is tried again later`, async () => {
      const { fake, speech } = start();
      fake.faults.push(fault);
      const limits = call(fault === "slow" ? 200 : 10_000);
      const failure = await assertRejects(() =>
        speech.speak({ text: TEXT, language: "en", voice: null }, limits)
      );
      assert(failure instanceof JobFailure, String(failure));
      assertEquals([failure.code, failure.retryable], ["voiceover_failed", true]);
      assertEquals(failure.retryAfterS, fault === "rate_limited" ? 7 : null);
      await fake.stop();
    });
  }

  Deno.test(`${name} that refuses the caller fails for good`, async () => {
    const { fake, speech } = start();
    fake.faults.push("forbidden");
    const failure = await assertRejects(() =>
      speech.speak({ text: TEXT, language: "en", voice: null }, call())
    );
    assert(failure instanceof JobFailure && !failure.retryable);
    await fake.stop();
  });
}

Deno.test("an MP3's length is counted by its whole frames, behind a tag", () => {
  const frames = silentMp3(1.2);
  const tagged = new Uint8Array([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 2, 0, 0, ...frames]);
  assert(Math.abs(mp3Seconds(tagged) - 1.2) < 0.001);
  assert(Math.abs(mp3Seconds(frames.subarray(0, frames.length - 10)) - 1.176) < 0.001);
  assertEquals(mp3Seconds(new TextEncoder().encode("<html>no audio</html>")), 0);
});

const INPUT: ScriptInput = {
  product: aJob().product,
  language: "ro",
  price: { current: "49,99 lei", old: null },
  ctaText: "Cumpără acum",
  maxWords: 40,
  durationS: 15,
};

function startWriter(provider: AiProvider) {
  const fake = startAi();
  const origins = { gemini: fake.origin, claude: fake.origin };
  return { fake, writer: createScriptWriter(provider, { keys: { gemini: "key", claude: "key" }, origins }) };
}

for (const provider of ["gemini", "claude"] as const) {
  Deno.test(`${provider} writes a script, with its tokens and its cost`, async () => {
    const { fake, writer } = startWriter(provider);
    fake.script = "O lampă bună. 49,99 lei. Cumpără acum.";
    const written = await writer.write(INPUT, call());
    assertEquals(written.text, fake.script);
    assert(written.input_tokens > 100 && written.output_tokens > 10 && written.cost_usd > 0);
    await fake.stop();
  });

  for (const fault of ["server_error", "wrong_json", "cut_off"] as const) {
    Deno.test(`${provider} with one ${fault} is asked once more`, async () => {
      const { fake, writer } = startWriter(provider);
      fake.faults.push(fault);
      assertEquals((await writer.write(INPUT, call())).text, fake.script);
      await fake.stop();
    });
  }

  Deno.test(`${provider} with 429 is not asked again at once, and its Retry-After is kept`, async () => {
    const { fake, writer } = startWriter(provider);
    fake.faults.push("rate_limited", "server_error");
    const failure = await assertRejects(() => writer.write(INPUT, call()));
    assert(failure instanceof JobFailure && failure.retryable);
    assertEquals([failure.retryAfterS, fake.faults.length], [7, 1]);
    await fake.stop();
  });

  Deno.test(`${provider} that gives no JSON twice, or refuses the key, fails for good`, async () => {
    for (const faults of [["wrong_json", "wrong_json"], ["forbidden"]] as ServiceFault[][]) {
      const { fake, writer } = startWriter(provider);
      fake.faults.push(...faults);
      const failure = await assertRejects(() => writer.write(INPUT, call()));
      assert(failure instanceof JobFailure && failure.code === "script_failed" && !failure.retryable);
      await fake.stop();
    }
  });

  Deno.test(`${provider} that takes too long is tried again later`, async () => {
    const { fake, writer } = startWriter(provider);
    fake.faults.push("slow", "slow");
    const failure = await assertRejects(() => writer.write(INPUT, call(600)));
    assert(failure instanceof JobFailure && failure.retryable);
    await fake.stop();
  });
}
