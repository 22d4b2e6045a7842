// What each platform takes and covers: one table, with where the figures come from.

import type { EncodingPreset } from "../../supabase/functions/_shared/contracts/options.ts";

/** Every video's size and rate: all three platforms take it. */
export const FRAME = { width: 1080, height: 1920, rate: 30 } as const;
export const AUDIO = { rate: 48_000, channels: 2 } as const;
/** Integrated loudness and true peak of the finished sound (what the platforms normalise to). */
export const LOUDNESS = { integrated_lufs: -14, true_peak_dbtp: -1.5 } as const;

/** The margins, in pixels at 1080x1920, that a platform's own buttons and texts cover. */
export interface Covered {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface Preset {
  name: string;
  covered: Covered;
  /** The platform's own limits. */
  takes: { min_duration_s: number; max_duration_s: number; max_bytes: number; max_kbps: number };
  /** Ours: 60 s at these rates stay under 45 MB, whatever the picture. */
  video_kbps_max: number;
  video_buffer_kbits: number;
  audio_kbps: number;
  source: string;
}

const MEGABYTE = 1_000_000;

export const PRESETS: Record<EncodingPreset, Preset> = {
  tiktok: {
    name: "TikTok",
    covered: { top: 150, right: 150, bottom: 440, left: 65 },
    takes: { min_duration_s: 3, max_duration_s: 600, max_bytes: 500 * MEGABYTE, max_kbps: 25_000 },
    video_kbps_max: 5_400,
    video_buffer_kbits: 8_000,
    audio_kbps: 192,
    source: "TikTok Ads Help: In-Feed specifications (MP4 H.264, 23-60 fps, up to 500 MB)",
  },
  reels: {
    name: "Instagram Reels",
    covered: { top: 269, right: 65, bottom: 672, left: 65 },
    takes: { min_duration_s: 3, max_duration_s: 900, max_bytes: 300 * MEGABYTE, max_kbps: 25_000 },
    video_kbps_max: 5_400,
    video_buffer_kbits: 8_000,
    audio_kbps: 128,
    source:
      "Meta for Developers: Instagram Graph API, reels (H.264, closed GOP, moov first, no edit list, 300 MB)",
  },
  youtube_shorts: {
    name: "YouTube Shorts",
    covered: { top: 150, right: 120, bottom: 480, left: 65 },
    takes: { min_duration_s: 1, max_duration_s: 180, max_bytes: 256_000 * MEGABYTE, max_kbps: 68_000 },
    video_kbps_max: 5_200,
    video_buffer_kbits: 8_000,
    audio_kbps: 384,
    source:
      "YouTube Help: recommended upload encoding settings (High, closed GOP of half the rate, 384k stereo)",
  },
};
