// Finished files by what a platform or a player finds in them: rate, groups of pictures, sound against picture, loudness,
// size under the worst picture, title. FFMPEG_PATH chooses the ffmpeg that makes and measures them.

import { assert, assertEquals, assertMatch } from "../assert.ts";
import { FRAME, PRESETS } from "../../renderer/video/presets.ts";
import { ENCODING_PRESETS } from "../../supabase/functions/_shared/contracts/options.ts";
import { loudness, probeVideo, runTestFfmpeg } from "../support/video_probe.ts";
import { beeps, beepTimes, encodeSignal, flashTimes, packets, voice } from "./signals.ts";
import { sampleSpec, withFolder } from "./specs.ts";

const LONG = Deno.env.get("TEST_LONG") === "1";
const MOST_APART_S = 0.04;
const MOST_BYTES = 45_000_000;

/** A spec with a voice of its own from `start_s`. */
function spoken(duration_s: number, start_s = 0, overrides: Partial<Parameters<typeof sampleSpec>[0]> = {}) {
  const sound = { url: "http://127.0.0.1:1/v", format: "wav" as const, start_s, tempo: 1, cut_at_s: null };
  return sampleSpec({ duration_s, voice: sound, captions: [], ...overrides });
}

Deno.test("sound and picture agree within 40 ms at the start and at the end, whatever the voice's start", async () => {
  for (const start_s of [0, 0.4]) {
    await withFolder(async (folder) => {
      const duration_s = 15;
      const at = [0.5, 7, duration_s - 0.7];
      const path = await encodeSignal(folder, {
        spec: spoken(duration_s, start_s),
        voice: beeps(at.map((time) => time - start_s), { duration_s: duration_s - start_s - 0.2 }),
        flashes_s: at,
      });
      const [flashes, sounds] = [await flashTimes(path), await beepTimes(path)];
      assertEquals([flashes.length, sounds.length], [3, 3]);
      flashes.forEach((flash, i) => {
        assert(Math.abs(flash - at[i]!) < 0.001, `flash at ${flash}, not ${at[i]}`);
        assert(Math.abs(sounds[i]! - flash) < MOST_APART_S, `beep at ${sounds[i]}, flash at ${flash}`);
      });
    });
  }
});

Deno.test("the file is exactly as long as asked for, both tracks begin at 0, and sound ends with the picture", async () => {
  for (const duration_s of LONG ? [15, 30, 45, 60, 7.35, 1] : [15, 7.35, 1]) {
    await withFolder(async (folder) => {
      const spec = spoken(duration_s);
      const path = await encodeSignal(folder, { spec, voice: voice(0.2, { duration_s: duration_s - 0.3 }) });
      const { video, audio, ...file } = await probeVideo(path);
      const frames = Math.round(duration_s * FRAME.rate);
      assertEquals([video.samples, video.sample_durations.length], [frames, 1]);
      assert(Math.abs(file.duration_s - frames / FRAME.rate) < 0.001, `${file.duration_s} s`);
      assert(audio.duration_s <= video.duration_s, "sound goes on after the picture");
      assert(video.duration_s - audio.duration_s < MOST_APART_S, "sound ends before the picture");
      assert(file.tracks.every((track) => !track.has_edit_list), "an edit list");
      const all = await packets(path);
      for (const stream of [0, 1]) {
        const times = all.filter((packet) => packet.stream === stream).map((packet) => packet.pts_s);
        assertEquals(Math.min(...times), 0, `stream ${stream} begins`);
      }
    });
  }
});

/** Kinds of the coded pictures' slices in the file's order: 5 is one that decoding may begin at. */
async function sliceKinds(path: string): Promise<number[]> {
  const copy = ["-map", "0:v", "-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "h264", "pipe:1"];
  const { output } = await runTestFfmpeg(["-loglevel", "error", "-i", path, ...copy]);
  const kinds: number[] = [];
  for (let at = 0; at + 4 < output.length; at++) {
    if (output[at] !== 0 || output[at + 1] !== 0 || output[at + 2] !== 1) continue;
    const kind = output[at + 3]! & 31;
    // The first slice of a picture has its first macroblock: number 0, one bit that is set.
    if ((kind === 1 || kind === 5) && output[at + 4]! >= 128) kinds.push(kind);
  }
  return kinds;
}

Deno.test("groups of pictures are closed, begin with an IDR picture every half second, and hold two B-frames in a row", async () => {
  await withFolder(async (folder) => {
    // Something moves, or there would be nothing to predict.
    const frame = new Uint8Array(FRAME.width * FRAME.height * 3 / 2).fill(128);
    const draw = (index: number) => {
      frame.fill(60, 0, FRAME.width * FRAME.height);
      for (let y = 400; y < 700; y++) {
        frame.fill(200, y * FRAME.width + index * 8, y * FRAME.width + index * 8 + 200);
      }
      return frame;
    };
    const path = await encodeSignal(folder, { spec: sampleSpec({ duration_s: 3, captions: [] }), draw });
    const { video } = await probeVideo(path);
    const firsts = Array.from({ length: 6 }, (_, i) => 1 + i * FRAME.rate / 2);
    assertEquals(video.sync_samples, firsts);
    const kinds = await sliceKinds(path);
    assertEquals(kinds.length, 90);
    assertEquals(kinds.flatMap((kind, i) => kind === 5 ? [i + 1] : []), firsts);
    const pictures = (await packets(path)).filter((packet) => packet.stream === 0);
    firsts.forEach((first, group) => {
      const begins = pictures[first - 1]!.pts_s;
      const earlier = pictures.slice(first).filter((packet) => packet.pts_s < begins);
      assertEquals(earlier.length, 0, `pictures after the ${group + 1}th IDR picture are shown before it`);
    });
    const late = pictures.filter((packet, i) => i > 0 && packet.pts_s < pictures[i - 1]!.pts_s);
    assert(late.length > 10, "no B-frames");
  });
});

Deno.test("any voice ends at -14 LUFS within 1, its true peaks under -1.5 dB: quiet, loud, clipped, very short", async () => {
  const voices = {
    quiet: voice(0.004, { duration_s: 4 }),
    loud: voice(0.5, { duration_s: 4 }),
    clipped: voice(12, { duration_s: 4 }),
    short: voice(0.2, { duration_s: 0.5 }),
  };
  for (const preset of ENCODING_PRESETS) {
    for (const [name, sound] of Object.entries(voices)) {
      await withFolder(async (folder) => {
        const spec = spoken(5, 0.3, { encoding_preset: preset });
        const level = await loudness(await encodeSignal(folder, { spec, voice: sound }));
        const said = `${name}, ${preset}: ${level.integrated_lufs} LUFS, ${level.true_peak_dbtp} dBTP`;
        assert(Math.abs(level.integrated_lufs + 14) <= 1, said);
        assert(level.true_peak_dbtp < -1.5, said);
      });
    }
  }
});

Deno.test("a minute of noise that jumps from frame to frame stays under 45 MB with every preset", async () => {
  let state = 1;
  const frames = Array.from({ length: 4 }, () => {
    const frame = new Uint8Array(FRAME.width * FRAME.height * 3 / 2);
    for (let i = 0; i < frame.length; i++) {
      frame[i] = (state = (state * 1_664_525 + 1_013_904_223) >>> 0) >>> 24;
    }
    return frame;
  });
  const duration_s = LONG ? 60 : 4;
  for (const name of ENCODING_PRESETS) {
    await withFolder(async (folder) => {
      const spec = spoken(duration_s, 0, { encoding_preset: name });
      const sound = voice(0.5, { duration_s });
      const path = await encodeSignal(folder, {
        spec,
        voice: sound,
        draw: (i) => frames[i % frames.length]!,
      });
      const { size } = await Deno.stat(path);
      const preset = PRESETS[name];
      const kbits = (preset.video_kbps_max + preset.audio_kbps) * duration_s + preset.video_buffer_kbits;
      assert(size <= kbits * 1000 / 8 * 1.02, `${name}: ${size} bytes, ${kbits} kbit allowed`);
      const minute = size + (preset.video_kbps_max + preset.audio_kbps) * 1000 / 8 * (60 - duration_s);
      assert(minute < MOST_BYTES, `${name}: ${minute} bytes a minute`);
    });
  }
});

Deno.test("the picture is tagged BT.709 in the stream too, High profile, and the title is kept letter by letter", async () => {
  await withFolder(async (folder) => {
    const title = `Lampă "Aurora" = 50% off; l'été \\ 🎁 مصباح`;
    const path = await encodeSignal(folder, { spec: sampleSpec({ duration_s: 1, captions: [], title }) });
    const { log } = await runTestFfmpeg(["-i", path, "-f", "null", "-"]);
    assertMatch(log, /Video: h264 \(High\).*yuv420p\(tv, bt709/);
    assert(log.includes(`title           : ${title}\n`), log);
    const { boxes } = await probeVideo(path);
    assert(boxes.indexOf("moov") < boxes.indexOf("mdat"), "moov first");
  });
});
