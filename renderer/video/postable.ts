// Whether a platform takes the finished file as it is: the file's own boxes held against the platform's table.

import type { z } from "zod";
import type { Postable } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { ENCODING_PRESETS, type EncodingPreset } from "../../supabase/functions/_shared/contracts/options.ts";
import type { Mp4File, Mp4Track } from "./mp4.ts";
import { FRAME, PRESETS } from "./presets.ts";

type Verdict = z.infer<typeof Postable>;

const BT709 = 1;
const RATES = { least: 23, most: 60 } as const;
const MOST_AUDIO_HZ = 48_000;
const SYNC_TOLERANCE_S = 0.04;

function pictureReasons(video: Mp4Track | undefined): string[] {
  if (!video) return ["no video track"];
  const reasons: string[] = [];
  const rate = video.samples / video.duration_s;
  if (video.codec !== "avc1") reasons.push(`video is ${video.codec}, not H.264`);
  if (video.width !== FRAME.width || video.height !== FRAME.height) {
    reasons.push(`picture is ${video.width}x${video.height}`);
  }
  if (video.sample_durations.length !== 1) reasons.push("frame rate is not constant");
  if (rate < RATES.least || rate > RATES.most) reasons.push(`${rate.toFixed(2)} frames a second`);
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

function judge(file: Mp4File, platform: EncodingPreset): Verdict {
  const { takes } = PRESETS[platform];
  const video = file.tracks.find((track) => track.kind === "video");
  const audio = file.tracks.find((track) => track.kind === "audio");
  const reasons = [...pictureReasons(video), ...soundReasons(audio, video)];
  if (file.tracks.some((track) => track.has_edit_list)) reasons.push("the file has an edit list");
  if (file.boxes.indexOf("moov") > file.boxes.indexOf("mdat")) reasons.push("the index is not at the front");
  // A frame's rounding of the header is no reason to refuse.
  const duration = Math.round(file.duration_s * 100) / 100;
  if (duration < takes.min_duration_s) reasons.push(`shorter than ${takes.min_duration_s} s`);
  if (duration > takes.max_duration_s) reasons.push(`longer than ${takes.max_duration_s} s`);
  if (file.size_bytes > takes.max_bytes) reasons.push(`larger than ${takes.max_bytes} bytes`);
  const kbps = file.size_bytes * 8 / 1000 / file.duration_s;
  if (kbps > takes.max_kbps) reasons.push(`${Math.round(kbps)} kbit/s`);
  return { ok: reasons.length === 0, reasons };
}

/** The verdict of every platform. */
export function judgePostable(file: Mp4File): Record<EncodingPreset, Verdict> {
  return Object.fromEntries(ENCODING_PRESETS.map((name) => [name, judge(file, name)])) as Record<
    EncodingPreset,
    Verdict
  >;
}
