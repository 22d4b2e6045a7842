// The MP3 voices end to end: Edge and ElevenLabs as real speech over their wire formats, through the pipeline and the real
// renderer, to a file that is as loud as it must be, with captions where its words are heard.

import { createRendererClient } from "../../supabase/functions/_shared/renderer_client.ts";
import { FRAME_S, levelsOf, soundOf } from "../../supabase/functions/_shared/providers/sound.ts";
import { createSpeech } from "../../renderer/speech/speech.ts";
import { assert, assertEquals } from "../assert.ts";
import { startEdgeReadAloud } from "../fakes/edge_read_aloud.ts";
import { startElevenLabs } from "../fakes/elevenlabs.ts";
import type { Recite } from "../fakes/faults.ts";
import { aJob, type Bench, startBench } from "../pipeline/bench.ts";
import {
  jpeg,
  scratchFolder,
  SECRET,
  serveBytes,
  startFakeHost,
  startRenderer,
} from "../renderer/support.ts";
import { loudness, probeVideo, runTestFfmpeg, silences } from "../support/video_probe.ts";

/** Captions agree with what is heard to this where a provider gives timings. */
const NEAR_S = 0.15;
const SENTENCE_PAUSE_S = 0.25;

const speak = createSpeech({ parallel: 1, waiting: 20 });

const TITLES: Record<string, { title: string; description: string; template: string; currency: string }> = {
  en: {
    title: "Aurora desk lamp",
    description: "A heavy steel foot keeps it where you put it. The light does not flicker",
    template: "Meet the {title} by {brand}. {description}. Now only {price}. Order today!",
    currency: "USD",
  },
  ro: {
    title: "Lampă de birou Aurora",
    description: "Piciorul greu din oțel o ține pe loc. Lumina nu pâlpâie",
    template: "{title} de la {brand}. {description}. Acum doar {price}. Comandă azi!",
    currency: "RON",
  },
};

/** The offline voice as the MP3 that a provider sends, without the header that tells an encoder's delay, or with it. */
function reciteIn(language: string, encoding: string[], rate = 1): Recite {
  return async (text) => {
    const { audio_base64, words } = await speak({ text, language, rate });
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeFile(
        `${folder}/voice.wav`,
        Uint8Array.from(atob(audio_base64), (c) => c.charCodeAt(0)),
      );
      const { output } = await runTestFfmpeg([
        ...["-loglevel", "error", "-i", `${folder}/voice.wav`, ...encoding, "-f", "mp3", "pipe:1"],
      ]);
      return { audio: output, words };
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

const EDGE_MP3 = ["-ar", "24000", "-b:a", "48k", "-ac", "1", "-write_xing", "0", "-id3v2_version", "0"];
const ELEVENLABS_MP3 = ["-ar", "44100", "-b:a", "128k", "-ac", "1"];

interface Cue {
  start_s: number;
  end_s: number;
  text: string;
}

function parseSrt(text: string): Cue[] {
  const seconds = (stamp: string) => {
    const [h, m, s] = stamp.replace(",", ".").split(":").map(Number);
    return h! * 3600 + m! * 60 + s!;
  };
  return text.trim().split(/\n\n+/).map((block, at) => {
    const [index, times = "", ...lines] = block.split("\n");
    assertEquals(index, String(at + 1));
    const [from = "", to = ""] = times.split(" --> ");
    return { start_s: seconds(from), end_s: seconds(to), text: lines.join(" ") };
  });
}

function stored(bench: Bench, ending: string): Uint8Array {
  const [path, object] = [...bench.storage.objects].find(([path]) => path.endsWith(ending)) ?? [];
  assert(path && object, `${ending} of ${[...bench.storage.objects.keys()]}`);
  return object.bytes;
}

/** Every silence between sentences lies between two cues: how far off the worst one is. */
function worstOffset(cues: Cue[], gaps: { start_s: number; end_s: number }[]): number {
  const sentences = cues.filter((_, at) => at === 0 || /[.!?]$/.test(cues[at - 1]!.text));
  assert(gaps.length >= sentences.length - 1, `${gaps.length} silences, ${sentences.length} sentences`);
  return Math.max(
    ...sentences.map(({ start_s }) => Math.min(...gaps.map((gap) => Math.abs(gap.end_s - start_s)))),
  );
}

const VOICES = [
  { name: "edge", language: "en", encoding: EDGE_MP3 },
  { name: "elevenlabs", language: "ro", encoding: ELEVENLABS_MP3 },
  { name: "edge", language: "ro", encoding: EDGE_MP3, untimed: true },
] as const;

for (const { name, language, encoding, ...voice } of VOICES) {
  const untimed = "untimed" in voice;
  Deno.test(`an MP3 of ${name} in ${language}${untimed ? " without timings" : ""} becomes a video of the right loudness whose subtitles are where it is heard`, async () => {
    const edge = startEdgeReadAloud();
    const elevenlabs = startElevenLabs();
    edge.recite = elevenlabs.recite = reciteIn(language, [...encoding]);
    if (untimed) edge.boundaries = "none";
    await using host = startFakeHost();
    host.routes.set("/lamp.jpg", serveBytes(await jpeg()));
    await using folder = await scratchFolder();
    await using bench = startBench({ edgeOrigin: edge.origin, elevenlabsOrigin: elevenlabs.origin });
    const allowOrigins = [host.origin, bench.storage.origin];
    await using renderer = await startRenderer({ dataDir: folder.path, allowOrigins });
    const renderers = createRendererClient({ origins: [renderer.origin], secret: SECRET });
    const { title, description, template, currency } = TITLES[language]!;
    const job = aJob({
      product: { title, description, language, currency, image_urls: [`${host.origin}/lamp.jpg`] },
      options: { tts_provider: name, voiceover_template: template },
    });
    const outcome = await bench.run(job, { renderers });
    assertEquals(outcome.kind, "completed");

    const path = `${folder.path}/video.mp4`;
    await Deno.writeFile(path, stored(bench, ".mp4"));
    assertEquals(Math.round((await probeVideo(path)).duration_s * 10) / 10, 15);
    const { integrated_lufs, true_peak_dbtp } = await loudness(path);
    assert(Math.abs(integrated_lufs + 14) <= 1, `${integrated_lufs} LUFS`);
    assert(true_peak_dbtp < -1.5, `${true_peak_dbtp} dBTP`);

    const cues = parseSrt(new TextDecoder().decode(stored(bench, ".srt")));
    assertEquals(cues.map((cue) => cue.text).join(" "), bench.kept.script?.text);
    cues.forEach((cue, at) => assert(cue.start_s < cue.end_s && cue.end_s <= (cues[at + 1]?.start_s ?? 15)));
    const gaps = await silences(path, SENTENCE_PAUSE_S);
    const worst = worstOffset(cues, gaps);
    assert(worst <= NEAR_S, `${worst} s off: ${JSON.stringify({ cues, gaps })}`);
    await edge.stop();
    await elevenlabs.stop();
  });
}

for (const name of ["edge", "elevenlabs"] as const) {
  for (const rate of [0.5, 0.75]) {
    Deno.test(`a real MP3 of ${name} at ${rate} of the speed is tightened and ends in a silence, not in a word`, async () => {
      const edge = startEdgeReadAloud();
      const elevenlabs = startElevenLabs();
      edge.recite = elevenlabs.recite = reciteIn("en", [...EDGE_MP3], rate);
      await using bench = startBench({ edgeOrigin: edge.origin, elevenlabsOrigin: elevenlabs.origin });
      const { title, description, currency } = TITLES.en!;
      const job = aJob({
        product: { title, description, language: "en", currency },
        options: {
          tts_provider: name,
          voiceover_template: "{description}. Meet the {title} by {brand}, at {price}, today",
        },
      });
      assertEquals((await bench.run(job)).kind, "completed");
      const spec = [...bench.renderers[0]!.renders.values()].at(-1)!.spec;
      const { voiceover } = bench.kept;
      assert(spec.voice && voiceover);
      const sound = await soundOf({ audio: bench.storage.objects.get(voiceover.path)!.bytes, format: "mp3" });
      assert(sound);
      const end = spec.voice.cut_at_s ?? voiceover.duration_s;
      assert(spec.voice.start_s + end / spec.voice.tempo <= 14.51, `${end} s at ${spec.voice.tempo}`);
      const levels = levelsOf(sound);
      const loudest = Math.max(...levels);
      const atEnd = levels.slice(Math.floor(end / FRAME_S) - 2, Math.floor(end / FRAME_S) + 1);
      assert(atEnd.every((level) => level < loudest / 10), `cut in a sound: ${atEnd} of ${loudest}`);
      await edge.stop();
      await elevenlabs.stop();
    });
  }
}
