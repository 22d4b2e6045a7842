// Recordings of no use: heard before the render, told by the renderer, and never used a second time.

import { JobFailure } from "../../supabase/functions/_shared/contracts/jobs.ts";
import { mp3Seconds } from "../../supabase/functions/_shared/providers/mp3.ts";
import { listenTo } from "../../supabase/functions/_shared/providers/recording.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { startElevenLabs } from "../fakes/elevenlabs.ts";
import { garbledMp3, hummedMp3, silentMp3 } from "../fakes/mp3_files.ts";
import { aJob, type Bench, startBench } from "./bench.ts";

const UNPLAYABLE = {
  code: "voiceover_failed",
  message: "The recording of the voice cannot be played.",
  retryable: true,
};

/** A buzz with a pause in its middle, as a WAV file of 16-bit mono. */
function buzz(level: number, seconds: number): Uint8Array {
  const rate = 24_000;
  const file = new Uint8Array(44 + rate * seconds * 2);
  const view = new DataView(file.buffer);
  const name = (at: number, text: string) => file.set(new TextEncoder().encode(text), at);
  name(0, "RIFF");
  view.setUint32(4, file.length - 8, true);
  name(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  name(36, "data");
  view.setUint32(40, file.length - 44, true);
  for (let at = 0; at < rate * seconds; at++) {
    const isPause = Math.abs(at / rate - seconds / 2) < 0.2;
    view.setInt16(44 + 2 * at, isPause ? 0 : 32_767 * level * Math.sin(at / 30), true);
  }
  return file;
}

async function failureOf(bench: Bench, attempt: number): Promise<JobFailure> {
  const failure = await assertRejects(() => bench.run(aJob({ checkpoint: bench.kept, attempt })));
  assert(failure instanceof JobFailure, String(failure));
  return failure;
}

Deno.test("a recording is refused that is silent, cut off, garbled, or no file of its format", async () => {
  const speech = buzz(0.3, 2);
  const refused: { format: "mp3" | "wav"; audio: Uint8Array; why: RegExp; words?: [string, number][] }[] = [
    { format: "mp3", audio: silentMp3(2), why: /nothing but silence/ },
    { format: "wav", audio: buzz(0, 2), why: /nothing but silence/ },
    { format: "wav", audio: buzz(0.0005, 2), why: /silence/ },
    { format: "mp3", audio: garbledMp3(2), why: /no sound/ },
    { format: "mp3", audio: hummedMp3(2).subarray(0, 6_000), why: /breaks off/ },
    { format: "mp3", audio: hummedMp3(1), why: /words of 2/, words: [["end", 2]] },
    { format: "wav", audio: speech.subarray(0, 44), why: /can be decoded/ },
    { format: "wav", audio: speech.subarray(0, speech.length / 2), why: /can be decoded/ },
    { format: "wav", audio: hummedMp3(2), why: /can be decoded/ },
    { format: "mp3", audio: speech, why: /can be decoded/ },
    { format: "mp3", audio: hummedMp3(181), why: /more than any script/ },
  ];
  for (const { format, audio, why, words = [] } of refused) {
    const timed = words.map(([text, end_s]) => ({ text, start_s: end_s - 0.3, end_s }));
    const duration_s = format === "mp3" && mp3Seconds(audio) || 2;
    const failure = await assertRejects(() => listenTo({ format, audio, duration_s, words: timed }));
    assertMatch(failure.message, why);
  }
});

Deno.test("a recording is taken that is quiet, without pauses, or whose last frame is short behind timed words", async () => {
  const quiet = buzz(0.004, 2);
  assert((await listenTo({ format: "wav", audio: quiet, duration_s: 2, words: [] })).length > 0);
  const hum = hummedMp3(2);
  assertEquals(
    await listenTo({ format: "mp3", audio: hum.subarray(0, -144), duration_s: 2, words: [] }),
    [],
  );
  const words = [{ text: "end", start_s: 1, end_s: 1.9 }];
  await listenTo({ format: "mp3", audio: hum.subarray(0, -200), duration_s: 2, words });
});

Deno.test("a recording that the renderer cannot play is bought anew by the next attempt, and by the next run", async () => {
  await using bench = startBench();
  const [renderer] = bench.renderers;
  assert(renderer);
  renderer.failure = UNPLAYABLE;
  const failure = await failureOf(bench, 1);
  assertEquals([failure.code, failure.message, failure.retryable], [
    "voiceover_failed",
    UNPLAYABLE.message,
    true,
  ]);
  assertEquals(renderer.counts.speech, 1);
  renderer.failure = null;
  const outcome = await bench.run(aJob({ checkpoint: bench.kept, attempt: 2 }));
  assertEquals(outcome.kind, "completed");
  assertEquals(renderer.counts.speech, 2);
  assertEquals(new Set(renderer.begunIds).size, 2, "another recording is another render");
  // The good one is kept: no attempt behind it buys a third.
  await bench.run(aJob({ checkpoint: bench.kept, run: 2 }));
  assertEquals(renderer.counts.speech, 2);
});

Deno.test("recordings that no renderer can play are bought five times and then no more; a new run starts again", async () => {
  await using bench = startBench();
  const [renderer] = bench.renderers;
  assert(renderer);
  renderer.failure = UNPLAYABLE;
  for (let attempt = 1; attempt <= 5; attempt++) {
    assertEquals((await failureOf(bench, attempt)).retryable, attempt < 5, String(attempt));
  }
  assertEquals(renderer.counts.speech, 5);
  renderer.failure = null;
  const outcome = await bench.run(aJob({ checkpoint: bench.kept, run: 2 }));
  assertEquals([outcome.kind, renderer.counts.speech], ["completed", 6]);
});

Deno.test("attempts that bought nothing are no recordings: the fifth that is of no use is final, not the fifth attempt", async () => {
  const elevenlabs = startElevenLabs();
  await using bench = startBench({ elevenlabsOrigin: elevenlabs.origin });
  const job = (attempt: number) =>
    aJob({ options: { tts_provider: "elevenlabs" }, checkpoint: bench.kept, attempt });
  elevenlabs.faults.push("unavailable", "rate_limited", "unavailable", "unavailable");
  for (let spoilt = 1; spoilt <= 5; spoilt++) elevenlabs.faults.push(spoilt % 2 ? "silence" : "half_audio");
  const retryable: boolean[] = [];
  for (let attempt = 1; attempt <= 9; attempt++) {
    const failure = await assertRejects(() => bench.run(job(attempt)));
    assert(failure instanceof JobFailure && failure.code === "voiceover_failed");
    retryable.push(failure.retryable);
  }
  assertEquals(retryable, [...Array(8).fill(true), false]);
  assertEquals(elevenlabs.calls.length, 5);
  await elevenlabs.stop();
});

Deno.test("no render is begun for a voice that is cut off, silent or garbled, and the next good one is used", async () => {
  const elevenlabs = startElevenLabs();
  await using bench = startBench({ elevenlabsOrigin: elevenlabs.origin });
  const job = (attempt: number) =>
    aJob({ options: { tts_provider: "elevenlabs" }, checkpoint: bench.kept, attempt });
  elevenlabs.faults.push("half_audio", "silence", "garbled");
  for (let attempt = 1; attempt <= 3; attempt++) {
    const failure = await assertRejects(() => bench.run(job(attempt)));
    assert(failure instanceof JobFailure);
    assertEquals([failure.code, failure.retryable], ["voiceover_failed", true]);
    assertEquals(failure.message, "The voice service sent no usable speech.");
  }
  assertEquals([bench.kept.voiceover, bench.renderers[0]?.counts.begun], [undefined, 0]);
  assertEquals((await bench.run(job(4))).kind, "completed");
  assertEquals([elevenlabs.calls.length, bench.renderers[0]?.counts.begun], [4, 1]);
  await elevenlabs.stop();
});
