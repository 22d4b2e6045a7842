// What the renderer is asked to make, and what it answers. Both sides of the wire import this file.

import { z } from "zod";
import { Color, ENCODING_PRESETS, MAX_PICTURES, TEMPLATES } from "./options.ts";

const url = z.url({ protocol: /^https?$/ }).max(4096);
/** Text that is drawn: capped, no control characters (new lines are the layout's to make). */
// deno-lint-ignore no-control-regex
const text = (max: number) => z.string().max(max).regex(/^[^\u0000-\u001f\u007f]*$/u);
const second = z.number().min(0).max(120);

/**
 * A word as written, with the time it is spoken at, in seconds of the video. `spaced`: whether a space is written before
 * it, where that is not as its script does it (none between two words of Chinese or Thai, one between others).
 */
export const TimedWord = z.strictObject({
  text: text(200),
  start_s: second,
  end_s: second,
  spaced: z.boolean().optional(),
});
export type TimedWord = z.infer<typeof TimedWord>;

/** One page of burned-in captions (two lines at most), in seconds of the video. */
export const Caption = z.strictObject({
  start_s: second,
  end_s: second,
  words: z.array(TimedWord).min(1).max(24),
});
export type Caption = z.infer<typeof Caption>;

export const RenderSpec = z.strictObject({
  version: z.literal(1),
  template: z.enum(TEMPLATES),
  encoding_preset: z.enum(ENCODING_PRESETS),
  /** Exact length of the video, in seconds. */
  duration_s: z.number().min(1).max(60),
  /** BCP 47 language of the product's texts: decides fonts' order and text direction. */
  language: z.string().min(2).max(35),
  title: text(1000).min(1),
  brand: text(300).nullable(),
  /** Prices as they are shown ("249,00 lei"); null where the product has none. `old` is drawn struck through. */
  price: z.strictObject({
    current: text(60),
    old: text(60).nullable(),
    saving_percent: z.number().int().min(1).max(99).nullable(),
  }).nullable(),
  cta_text: text(200).min(1),
  primary_color: Color,
  accent_color: Color,
  /** A family name of the profile, or null for the renderer's own. Unknown families fall back. */
  font: text(100).nullable(),
  /** Addresses of the product's pictures, http(s), fetched by the renderer under its own address rules. */
  image_urls: z.array(url).min(1).max(MAX_PICTURES),
  filters: z.strictObject({ denoise: z.boolean(), sharpen: z.boolean(), color_correction: z.boolean() }),
  voice: z.strictObject({
    /** Where the audio is read from (a signed URL; its token is no part of the render's identity). */
    url,
    format: z.enum(["mp3", "wav"]),
    /** When the voice starts, in seconds of the video. */
    start_s: second,
    /** Faster than recorded, pitch kept: 1 to 1.15. Captions are in video time already. */
    tempo: z.number().min(1).max(1.15),
    /** Where the recording is cut (a sentence's end), in seconds of the recording; null: not cut. */
    cut_at_s: second.nullable(),
  }).nullable(),
  captions: z.array(Caption).max(400),
  /**
   * Signed upload URLs of the three files; null: that object is stored already and is not uploaded again.
   * No part of the render's identity; fresh ones replace old ones.
   */
  uploads: z.strictObject({ video: url.nullable(), thumbnail: url.nullable(), subtitles: url.nullable() }),
});
export type RenderSpec = z.infer<typeof RenderSpec>;

export const RENDER_ID_PATTERN =
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-[0-9]{1,9}-[0-9a-f]{16}$/;

export const RENDER_STATUSES = ["queued", "running", "completed", "failed", "cancelled"] as const;

/** Whether a platform takes the finished file as it is; `reasons` is empty where it does. */
export const Postable = z.object({ ok: z.boolean(), reasons: z.array(z.string()) });

/** What a finished render says of its files. Sizes in bytes, lengths in seconds and pixels. */
export const RenderResult = z.object({
  duration_s: z.number(),
  width: z.number().int(),
  height: z.number().int(),
  size_bytes: z.number().int(),
  thumbnail_size_bytes: z.number().int().optional(),
  subtitles_size_bytes: z.number().int().optional(),
  /** What was left out ("picture 2 could not be fetched: ..."), for the shop owner. */
  warnings: z.array(z.string()).default([]),
  /** By platform: tiktok, reels, youtube_shorts. */
  postable: z.record(z.string(), Postable).optional(),
});
export type RenderResult = z.infer<typeof RenderResult>;

/** `error.code` is one of a row's error codes. */
export const RenderState = z.object({
  render_id: z.string(),
  status: z.enum(RENDER_STATUSES),
  progress: z.number().min(0).max(100),
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }).nullish(),
  result: RenderResult.nullish(),
});
export type RenderState = z.infer<typeof RenderState>;
