// Whether a platform takes the finished file as it is: the file's own boxes held against the platform's table.

import type { z } from "zod";
import type { Postable } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { ENCODING_PRESETS, type EncodingPreset } from "../../supabase/functions/_shared/contracts/options.ts";
import type { Mp4File, Mp4Track } from "./mp4.ts";
import { type Figure, FRAME, PRESETS } from "./presets.ts";

type Verdict = z.infer<typeof Postable>;

const BT709 = 1;
const MOST_AUDIO_HZ = 48_000;
const SYNC_TOLERANCE_S = 0.04;
/** An encoder's mean lies a little beside what it was asked for. */
const AUDIO_RATE_TOLERANCE = 1.1;

function pictureReasons(video: Mp4Track | undefined): string[] {
  if (!video) return ["no video track"];
  const reasons: string[] = [];
  if (video.codec !== "avc1") reasons.push(`video is ${video.codec}, not H.264`);
  if (video.width !== FRAME.width || video.height !== FRAME.height) {
    reasons.push(`picture is ${video.width}x${video.height}`);
  }
  if (video.sample_durations.length !== 1) reasons.push("frame rate is not constant");
  if (video.sync_samples[0] !== 1) reasons.push("the first group of pictures is open");
  if (!video.colour?.every((value) => value === BT709)) reasons.push("colours are not tagged BT.709");
  return reasons;
}

function soundReasons(audio: Mp4Track | undefined, video: Mp4Track | undefined): string[] {
  if (!audio) return ["no sound track"];
  const reasons: string[] = [];
  if (audio.codec !== "mp4a") reasons.push(`sound is ${audio.codec}, not AAC`);
  if (audio.sample_rate > MOST_AUDIO_HZ) reasons.push(`sound at ${audio.sample_rate} Hz`);
  if (video && Math.abs(video.duration_s - audio.duration_s) > SYNC_TOLERANCE_S) {
    reasons.push("sound and picture differ in length");
  }
  return reasons;
}

function fileReasons(file: Mp4File): string[] {
  const reasons: string[] = [];
  if (file.tracks.some((track) => track.has_edit_list)) reasons.push("the file has an edit list");
  if (file.boxes.indexOf("moov") > file.boxes.indexOf("mdat")) reasons.push("the index is not at the front");
  return reasons;
}

interface Measured {
  what: string;
  value: number;
  least?: Figure;
  most?: Figure;
}

/** What of the file lies outside of a figure that the platform publishes. */
function limitReasons(measured: Measured[]): string[] {
  return measured.flatMap(({ what, value, least, most }) => {
    if (least?.value != null && value < least.value) {
      return [`${what}: at least ${least.value} (${least.source})`];
    }
    if (most?.value != null && value > most.value) return [`${what}: at most ${most.value} (${most.source})`];
    return [];
  });
}

function judge(file: Mp4File, platform: EncodingPreset): Verdict {
  const { takes } = PRESETS[platform];
  const video = file.tracks.find((track) => track.kind === "video");
  const audio = file.tracks.find((track) => track.kind === "audio");
  // A frame's rounding of the header is no reason to refuse.
  const seconds = Math.round(file.duration_s * 100) / 100;
  const kbps = Math.round(file.size_bytes * 8 / 1000 / file.duration_s);
  const measured: Measured[] = [
    {
      what: `it lasts ${seconds} s`,
      value: seconds,
      least: takes.min_duration_s,
      most: takes.max_duration_s,
    },
    { what: `it has ${file.size_bytes} bytes`, value: file.size_bytes, most: takes.max_bytes },
    { what: `it has ${kbps} kbit/s`, value: kbps, most: takes.max_kbps },
  ];
  if (video) {
    const rate = Math.round(video.samples / video.duration_s * 100) / 100;
    measured.push({
      what: `${rate} frames a second`,
      value: rate,
      least: takes.min_rate,
      most: takes.max_rate,
    });
  }
  if (audio) {
    const sound = Math.round(audio.bytes * 8 / 1000 / audio.duration_s);
    measured.push({
      what: `its sound has ${sound} kbit/s`,
      value: sound / AUDIO_RATE_TOLERANCE,
      most: takes.max_audio_kbps,
    });
  }
  const reasons = [
    ...pictureReasons(video),
    ...soundReasons(audio, video),
    ...fileReasons(file),
    ...limitReasons(measured),
  ];
  return { ok: reasons.length === 0, reasons };
}

/** The verdict of every platform. */
export function judgePostable(file: Mp4File): Record<EncodingPreset, Verdict> {
  return Object.fromEntries(ENCODING_PRESETS.map((name) => [name, judge(file, name)])) as Record<
    EncodingPreset,
    Verdict
  >;
}
