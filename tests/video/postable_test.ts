// Postable: each platform's verdict of a file, yes and no, and the table that it is held against.

import { assert, assertEquals, assertMatch } from "../assert.ts";
import { ENCODING_PRESETS } from "../../supabase/functions/_shared/contracts/options.ts";
import type { Mp4File, Mp4Track } from "../../renderer/video/mp4.ts";
import { judgePostable } from "../../renderer/video/postable.ts";
import { PRESETS } from "../../renderer/video/presets.ts";

const TRACK: Mp4Track = {
  kind: "video",
  codec: "avc1",
  duration_s: 30,
  samples: 900,
  bytes: 15_000_000,
  sample_durations: [512],
  timescale: 15_360,
  width: 1080,
  height: 1920,
  channels: 0,
  sample_rate: 0,
  has_edit_list: false,
  colour: [1, 1, 1],
  sync_samples: [1, 16],
};
const SOUND: Mp4Track = {
  ...TRACK,
  kind: "audio",
  codec: "mp4a",
  bytes: 480_000,
  width: 0,
  height: 0,
  channels: 2,
  sample_rate: 48_000,
  colour: null,
  sync_samples: [],
};

/** A file that every platform takes, but for what is said. */
function file(
  overrides: Partial<Mp4File> = {},
  tracks: { video?: Partial<Mp4Track>; audio?: Partial<Mp4Track> } = {},
) {
  const both = [{ ...TRACK, ...tracks.video }, { ...SOUND, ...tracks.audio }];
  return {
    size_bytes: 15_500_000,
    duration_s: 30,
    boxes: ["ftyp", "moov", "mdat"],
    tracks: both,
    ...overrides,
  };
}

const NAMES = ["tiktok", "reels", "youtube_shorts"] as const;

function refusedBy(what: Mp4File, reason: RegExp): string[] {
  const verdicts = judgePostable(what);
  return NAMES.filter((name) => {
    const { ok, reasons } = verdicts[name];
    assertEquals(ok, reasons.length === 0);
    if (!ok) assertMatch(reasons.join("; "), reason, name);
    return !ok;
  });
}

Deno.test("postable says yes for every platform where a file is as they ask", () => {
  assertEquals(refusedBy(file(), /never/), []);
});

Deno.test("postable says no with the reason, for the platforms that refuse it and no other", () => {
  const lasting = (seconds: number) =>
    file({ duration_s: seconds, size_bytes: seconds * 500_000 }, {
      video: { duration_s: seconds, samples: seconds * 30 },
      audio: { duration_s: seconds, bytes: seconds * 16_000 },
    });
  assertEquals(refusedBy(lasting(2), /lasts 2 s: at least 3/), ["tiktok", "reels"]);
  assertEquals(refusedBy(lasting(200), /lasts 200 s: at most 180/), ["youtube_shorts"]);
  assertEquals(refusedBy(lasting(700), /lasts 700 s: at most \d+|bytes: at most/), [...NAMES]);
  assertEquals(refusedBy(file({ size_bytes: 320_000_000 }), /bytes: at most 300000000|kbit/), ["reels"]);
  assertEquals(refusedBy(file({ size_bytes: 100_000_000 }), /26667 kbit\/s: at most 25000/), ["reels"]);
  assertEquals(refusedBy(file({}, { audio: { bytes: 1_440_000 } }), /sound has 384 kbit\/s: at most 128/), [
    "reels",
  ]);
  assertEquals(refusedBy(file({}, { video: { samples: 600 } }), /20 frames a second/), [...NAMES]);
});

Deno.test("postable says no to what no platform takes", () => {
  const everywhere: [Mp4File, RegExp][] = [
    [file({}, { video: { has_edit_list: true } }), /edit list/],
    [file({ boxes: ["ftyp", "mdat", "moov"] }), /index is not at the front/],
    [file({}, { video: { codec: "hvc1" } }), /hvc1, not H\.264/],
    [file({}, { audio: { codec: "Opus" } }), /Opus, not AAC/],
    [file({}, { audio: { sample_rate: 96_000 } }), /96000 Hz/],
    [file({}, { video: { colour: null } }), /not tagged BT\.709/],
    [file({}, { video: { width: 1920, height: 1080 } }), /1920x1080/],
    [file({}, { video: { sample_durations: [512, 600] } }), /not constant/],
    [file({}, { video: { sync_samples: [3] } }), /open/],
    [file({}, { audio: { duration_s: 29.9 } }), /differ in length/],
    [file({ tracks: [TRACK] }), /no sound track/],
    [file({ tracks: [SOUND] }), /no video track/],
  ];
  for (const [what, reason] of everywhere) assertEquals(refusedBy(what, reason), [...NAMES], String(reason));
});

Deno.test("presets name the source of each figure, and 60 s of any picture stay under 45 MB", () => {
  for (const name of ENCODING_PRESETS) {
    const preset = PRESETS[name];
    for (const [key, figure] of Object.entries(preset.takes)) {
      assert(figure.source.length > 10, `${name}.${key} has no source`);
      assertEquals(figure.value === null, figure.source === "not published", `${name}.${key}`);
    }
    assert(preset.covered.source.length > 10, `${name}.covered has no source`);
    const bits = (preset.video_kbps_max + preset.audio_kbps) * 1000 * 60 + preset.video_buffer_kbits * 1000;
    assert(bits / 8 < 45_000_000, `${name}: ${bits / 8} bytes`);
    assert(
      preset.audio_kbps <= (preset.takes.max_audio_kbps.value ?? Infinity),
      `${name}'s own sound is refused`,
    );
  }
});
