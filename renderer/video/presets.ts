// What each platform takes and covers: one table, with the page that each figure is from.

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

/** A platform's figure and the page that it is from; null where the platform publishes none. */
export interface Figure {
  value: number | null;
  source: string;
}

export interface Preset {
  name: string;
  covered: Covered & { source: string };
  /** The platform's own limits: a finished file is held against them. */
  takes: {
    min_duration_s: Figure;
    max_duration_s: Figure;
    max_bytes: Figure;
    max_kbps: Figure;
    max_audio_kbps: Figure;
    min_rate: Figure;
    max_rate: Figure;
  };
  /** Ours: 60 s at these rates stay under 45 MB, whatever the picture. */
  video_kbps_max: number;
  video_buffer_kbits: number;
  audio_kbps: number;
}

const MEGABYTE = 1_000_000;

const TIKTOK_API = "TikTok for Developers: Content Posting API, media transfer guide";
const TIKTOK_ADS = "TikTok Business Help Center: In-Feed ads, video specifications";
const META_REELS = "Meta for Developers: Instagram Platform, IG User media, reel specifications";
const YOUTUBE_UPLOAD = "YouTube Help: recommended upload encoding settings";
const YOUTUBE_SHORTS = "YouTube Help: three-minute YouTube Shorts";
const NOT_PUBLISHED = "not published";
/** No platform publishes these: vendors of templates quote them, and they agree within a few pixels. */
const COVERED_SOURCE = "not published as a figure; templates of vendors that quote the platform";

/** A rate that a platform names as a recommendation ("8 Mbps at 30 fps", "384 kbps stereo") is no limit and stands as a comment. */
export const PRESETS: Record<EncodingPreset, Preset> = {
  tiktok: {
    name: "TikTok",
    covered: { top: 150, right: 150, bottom: 440, left: 65, source: COVERED_SOURCE },
    takes: {
      min_duration_s: { value: 3, source: TIKTOK_API },
      max_duration_s: { value: 600, source: TIKTOK_API },
      // For ads; posts may be larger.
      max_bytes: { value: 500 * MEGABYTE, source: TIKTOK_ADS },
      max_kbps: { value: null, source: NOT_PUBLISHED },
      max_audio_kbps: { value: null, source: NOT_PUBLISHED },
      min_rate: { value: 23, source: TIKTOK_API },
      max_rate: { value: 60, source: TIKTOK_API },
    },
    // Own choice: no rate is published but 2.5 Mbps at least for reserved ads; sound as Reels takes it, so that one
    // file serves both.
    video_kbps_max: 5_400,
    video_buffer_kbits: 8_000,
    audio_kbps: 128,
  },
  reels: {
    name: "Instagram Reels",
    covered: { top: 269, right: 65, bottom: 672, left: 65, source: COVERED_SOURCE },
    takes: {
      min_duration_s: { value: 3, source: META_REELS },
      max_duration_s: { value: 900, source: META_REELS },
      max_bytes: { value: 300 * MEGABYTE, source: META_REELS },
      max_kbps: { value: 25_000, source: META_REELS },
      max_audio_kbps: { value: 128, source: META_REELS },
      min_rate: { value: 23, source: META_REELS },
      max_rate: { value: 60, source: META_REELS },
    },
    video_kbps_max: 5_400,
    video_buffer_kbits: 8_000,
    audio_kbps: 128,
  },
  youtube_shorts: {
    name: "YouTube Shorts",
    covered: { top: 150, right: 120, bottom: 480, left: 65, source: COVERED_SOURCE },
    takes: {
      min_duration_s: { value: null, source: NOT_PUBLISHED },
      max_duration_s: { value: 180, source: YOUTUBE_SHORTS },
      max_bytes: { value: null, source: NOT_PUBLISHED },
      max_kbps: { value: null, source: NOT_PUBLISHED },
      max_audio_kbps: { value: null, source: NOT_PUBLISHED },
      min_rate: { value: 24, source: YOUTUBE_UPLOAD },
      max_rate: { value: 60, source: YOUTUBE_UPLOAD },
    },
    // The page recommends 8 Mbps at 30 fps: 60 s of it would pass 45 MB, and nothing here needs it. Sound as it recommends.
    video_kbps_max: 5_200,
    video_buffer_kbits: 8_000,
    audio_kbps: 384,
  },
};
