// Finished files: probed by their own boxes, decoded, listened to.

import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { composeVideo } from "../../renderer/video/compose.ts";
import { VoiceUnusable } from "../../renderer/video/sound.ts";
import type { RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import type { Pixels } from "../../renderer/video/pictures.ts";
import { framePixels, loudness, probeVideo, silences, testFfmpegPath } from "../support/video_probe.ts";
import { samplePicture, sampleSpec, sampleVoice, withFolder, writePictures } from "./specs.ts";

const ADDRESS = "http://127.0.0.1:1/voice";

async function compose(
  folder: string,
  options: {
    spec: RenderSpec;
    pictures?: Pixels[];
    voice?: Uint8Array;
    signal?: AbortSignal;
    onPid?(pid: number): void;
  },
) {
  const pictures = options.pictures ?? [samplePicture({ width: 900, height: 900 })];
  let voicePath: string | null = null;
  if (options.voice) await Deno.writeFile(voicePath = `${folder}/voice.wav`, options.voice);
  const progress: number[] = [];
  const made = await composeVideo({
    spec: options.spec,
    pictures: await writePictures(folder, pictures),
    voicePath,
    folder,
    ffmpegPath: testFfmpegPath(),
    signal: options.signal ?? new AbortController().signal,
    onProgress: (percent) => progress.push(percent),
    onChildProcess: options.onPid,
  });
  return { ...made, progress };
}

function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
}

Deno.test("compose_video makes a file that every platform takes, with voice, thumbnail and subtitles", async () => {
  await withFolder(async (folder) => {
    const voice = { url: ADDRESS, format: "wav" as const, start_s: 0.4, tempo: 1.1, cut_at_s: 2.2 };
    const made = await compose(folder, { spec: sampleSpec({ voice }), voice: sampleVoice(2.6) });
    const { video, audio, ...file } = await probeVideo(made.videoPath);
    assertEquals([video.width, video.height, video.codec, video.samples], [1080, 1920, "avc1", 90]);
    assertEquals(video.sample_durations.length, 1, "constant rate");
    assertEquals(video.colour, [1, 1, 1], "BT.709");
    assertEquals(video.sync_samples, [1, 16, 31, 46, 61, 76], "a closed group of half the rate");
    assertEquals([audio.codec, audio.sample_rate, audio.channels], ["mp4a", 48_000, 2]);
    assertEquals(file.duration_s, 3);
    assert(Math.abs(video.duration_s - audio.duration_s) < 0.04, "sound and picture end together");
    assert(file.tracks.every((track) => !track.has_edit_list), "no edit list");
    assert(file.boxes.indexOf("moov") < file.boxes.indexOf("mdat"), "moov first");
    for (const verdict of Object.values(made.result.postable!)) {
      assertEquals(verdict, { ok: true, reasons: [] });
    }
    const level = await loudness(made.videoPath);
    assert(Math.abs(level.integrated_lufs + 14) <= 1, `${level.integrated_lufs} LUFS`);
    assert(level.true_peak_dbtp < -1.5, `${level.true_peak_dbtp} dBTP`);
    const [before] = await silences(made.videoPath);
    assert(before && before.end_s > 0.36 && before.end_s < 0.48, `voice begins at ${before?.end_s} s`);
    const [thumbnail, subtitles] = [
      await Deno.readFile(made.thumbnailPath),
      await Deno.readTextFile(made.subtitlesPath),
    ];
    assertEquals([thumbnail[0], thumbnail[1], thumbnail.length], [
      0xff,
      0xd8,
      made.result.thumbnail_size_bytes,
    ]);
    assertMatch(subtitles, /^1\n00:00:00,500 --> 00:00:01,400\nMeet Aurora\.\n\n2\n/);
    assert(
      made.progress.length > 30 && made.progress.every((p, i) => i === 0 || p >= made.progress[i - 1]!),
      "progress",
    );
    assertEquals(made.progress.at(-1), 100);
  });
});

Deno.test("compose_video without a voice, price and brand makes a silent video of moving pictures", async () => {
  await withFolder(async (folder) => {
    const spec = sampleSpec({
      template: "collection_showcase",
      brand: null,
      price: null,
      captions: [],
      duration_s: 2,
    });
    const pictures = [
      samplePicture({ width: 478, height: 850 }),
      samplePicture({ width: 1200, height: 500 }, 1),
    ];
    const made = await compose(folder, { spec, pictures });
    const file = await probeVideo(made.videoPath);
    assertEquals(file.duration_s, 2);
    assertEquals((await loudness(made.videoPath)).integrated_lufs, -Infinity);
    const at = (at_s: number) => framePixels(made.videoPath, { at_s, width: 108, height: 192 });
    assert(difference(await at(0.1), await at(0.9)) > 1, "nothing moves");
    assert(difference(await at(0.5), await at(1.8)) > 8, "no end card");
    assertEquals(made.result.postable?.tiktok?.ok, false, "2 s are too short");
    assertEquals(made.result.postable?.youtube_shorts?.ok, true);
  });
});

Deno.test("compose_video that is aborted rejects and leaves no ffmpeg", async () => {
  await withFolder(async (folder) => {
    const controller = new AbortController();
    const pids: number[] = [];
    const onPid = (pid: number) => {
      pids.push(pid);
      setTimeout(() => controller.abort(new Error("cancelled")), 300);
    };
    const spec = sampleSpec({ duration_s: 60 });
    const error = await assertRejects(() => compose(folder, { spec, signal: controller.signal, onPid }));
    assertEquals(error.message, "cancelled");
    assert(pids.length > 0, "nothing was started");
    for (const pid of pids) await assertRejects(() => Deno.stat(`/proc/${pid}/exe`), `${pid} lives on`);
  });
});

Deno.test("compose_video with a broken voice fails for the voice's sake, with ffmpeg's words behind it", async () => {
  await withFolder(async (folder) => {
    const voice = { url: ADDRESS, format: "wav" as const, start_s: 0, tempo: 1, cut_at_s: null };
    const spec = sampleSpec({ voice });
    const error = await assertRejects(() => compose(folder, { spec, voice: new Uint8Array(100) }));
    assert(error instanceof VoiceUnusable, String(error));
    assertMatch(String(error.cause), /ffmpeg ended with [1-9]/);
  });
});
