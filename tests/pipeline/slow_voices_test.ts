// Voices that speak too slowly, answers that are paid for in vain, and how much text a voice is ever given.

import { type ClaimedJob, JobFailure } from "../../supabase/functions/_shared/contracts/jobs.ts";
import type { RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { quickScript } from "../../supabase/functions/_shared/pipeline/script.ts";
import { speakingSeconds } from "../../supabase/functions/_shared/pipeline/speaking_time.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { startEdgeReadAloud } from "../fakes/edge_read_aloud.ts";
import { startElevenLabs } from "../fakes/elevenlabs.ts";
import { aJob, type Bench, startBench } from "./bench.ts";

/** What the voice may take of a 15 second video. */
const ROOM_S = 14.2;
const TITLE = "Lampă de birou reglabilă cu lumină caldă și rece, port USB și picior greu din oțel";

interface Voice {
  bench: Bench;
  /** Lets the script of a job last so long. */
  lastFor(seconds: number, job: ClaimedJob): void;
  texts(): string[];
  stop(): Promise<void>;
}

function startVoice(provider: "edge" | "elevenlabs" | "local"): Voice {
  const edge = startEdgeReadAloud();
  const elevenlabs = startElevenLabs();
  const bench = startBench({ edgeOrigin: edge.origin, elevenlabsOrigin: elevenlabs.origin });
  const [renderer] = bench.renderers;
  return {
    bench,
    lastFor(seconds, job) {
      const script = quickScript(job);
      const wordS = seconds / script.split(" ").length;
      edge.wordS = wordS;
      elevenlabs.characterS = seconds / script.length;
      if (renderer) renderer.wordS = wordS;
    },
    texts: () =>
      provider === "local"
        ? renderer?.spoken ?? []
        : (provider === "edge" ? edge : elevenlabs).calls.map((call) => call.text),
    async stop() {
      await bench[Symbol.asyncDispose]();
      await edge.stop();
      await elevenlabs.stop();
    },
  };
}

function specOf(bench: Bench): RenderSpec {
  const spec = [...bench.renderers[0]?.renders.values() ?? []].at(-1)?.spec;
  assert(spec);
  return spec;
}

function slowJob(
  provider: "edge" | "elevenlabs" | "local",
  more: Parameters<typeof aJob>[0] = {},
): ClaimedJob {
  return aJob({
    ...more,
    product: { title: TITLE, ...more.product },
    options: { tts_provider: provider, ...more.options },
  });
}

/** Everything that is said lies in the video, and nothing ends within a word. */
function assertFits(bench: Bench): void {
  const { voice, captions, duration_s } = specOf(bench);
  assert(voice);
  assertEquals(duration_s, 15);
  assert(voice.tempo >= 1 && voice.tempo <= 1.15, String(voice.tempo));
  const spoken = bench.kept.voiceover;
  assert(spoken);
  const end = voice.cut_at_s ?? spoken.duration_s;
  assert(voice.start_s + end / voice.tempo <= 15 - 0.49, `${end} at ${voice.tempo}`);
  assertEquals(spoken.words.filter((word) => word.start_s < end - 0.001 && word.end_s > end + 0.001), []);
  const last = captions.at(-1);
  assert(last && last.end_s <= voice.start_s + end / voice.tempo + 0.001);
  assert(captions.length > 0 && captions.every((page) => page.end_s > page.start_s));
}

for (const provider of ["edge", "elevenlabs", "local"] as const) {
  Deno.test(`${provider} a little too slow plays faster, with nothing left out`, async () => {
    const voice = startVoice(provider);
    voice.lastFor(15.6, slowJob(provider));
    await voice.bench.run(slowJob(provider));
    const { tempo, cut_at_s } = specOf(voice.bench).voice ?? { tempo: 0, cut_at_s: 0 };
    const end = voice.bench.kept.voiceover?.words.at(-1)?.end_s ?? 0;
    assert(tempo > 1 && tempo <= 1.15 && (cut_at_s ?? end) >= end, `${tempo} ${cut_at_s}`);
    assertEquals(voice.texts().length, 1);
    assertFits(voice.bench);
    await voice.stop();
  });

  Deno.test(`${provider} far too slow says less: the price stays where a voice is free, a whole sentence where it is not`, async () => {
    for (const seconds of [18, 24, 32]) {
      const voice = startVoice(provider);
      voice.lastFor(seconds, slowJob(provider));
      await voice.bench.run(slowJob(provider));
      const texts = voice.texts();
      assert(texts.length <= 2);
      if (provider !== "elevenlabs") {
        assertEquals(texts.length, 2);
        assert((texts[1]?.length ?? 999) < (texts[0]?.length ?? 0));
        assert(texts[1]?.includes("49,99 lei"), texts[1]);
        assertEquals(voice.bench.kept.script?.text, texts[1]);
        // What is kept is what the next attempt uses: it asks for no voice.
        await voice.bench.run(slowJob(provider, { checkpoint: voice.bench.kept }));
        assertEquals(voice.texts().length, 2);
      }
      assertFits(voice.bench);
      await voice.stop();
    }
  });
}

Deno.test("a paid voice is not asked again where a whole sentence of it fits", async () => {
  const voice = startVoice("elevenlabs");
  const template = "O lampă foarte bună, pentru birou și pentru citit seara. {title}. Acum {price}.";
  const job = slowJob("elevenlabs", { options: { voiceover_template: template } });
  voice.lastFor(30, job);
  await voice.bench.run(job);
  assertEquals(voice.texts().length, 1);
  assertFits(voice.bench);
  await voice.stop();
});

Deno.test("speech of no use is bought five times and then no more", async () => {
  const elevenlabs = startElevenLabs();
  await using bench = startBench({ elevenlabsOrigin: elevenlabs.origin });
  for (let attempt = 1; attempt <= 5; attempt++) {
    elevenlabs.faults.push("empty_audio");
    const failure = await assertRejects(() =>
      bench.run(slowJob("elevenlabs", { attempt, checkpoint: bench.kept }))
    );
    assert(failure instanceof JobFailure);
    assertEquals([failure.code, failure.retryable], ["voiceover_failed", attempt < 5]);
  }
  // A service that is away costs nothing: it is waited for as long as any.
  elevenlabs.faults.push("unavailable");
  const away = await assertRejects(() => bench.run(slowJob("elevenlabs", { attempt: 9 })));
  assert(away instanceof JobFailure && away.retryable);
  assertEquals(elevenlabs.calls.length, 5);
  await elevenlabs.stop();
});

Deno.test("no voice is given more than fits the video, however long the product's texts are", async () => {
  const long = "Un text foarte lung despre o lampă. ".repeat(300);
  const texts: Partial<ClaimedJob["product"]>[] = [
    { description: long },
    { description: long.replaceAll(".", ""), title: "a".repeat(10_000) },
    { title: long, brand: long, description: `<p>${long}` },
    { title: "Lampă", description: "&lt;break time='9s'/&gt;".repeat(500) + long },
  ];
  for (const duration_s of [15, 60] as const) {
    for (const product of texts) {
      const voice = startVoice("elevenlabs");
      const voiceover_template = "{title} by {brand}. {description}. Acum {price}. {cta}";
      await voice.bench.run(slowJob("elevenlabs", { product, options: { voiceover_template, duration_s } }));
      const [text = "", ...more] = voice.texts();
      assertEquals(more, []);
      assert(text.length > 20 && text.length < duration_s * 25, `${text.length} characters`);
      assert(speakingSeconds(text, "ro") <= duration_s - (15 - ROOM_S));
      assert(text.includes("49,99 lei"), text);
      assert(!/[<>]|break|&lt;/.test(text), text);
      await voice.stop();
    }
  }
});
