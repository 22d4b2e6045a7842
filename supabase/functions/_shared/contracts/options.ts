// The options of a batch: their names, bounds and defaults (the request table of the public contract).

import { z } from "zod";

/** Video lengths on offer, in seconds. */
export const DURATIONS_S = [15, 30, 45, 60] as const;
export const TTS_PROVIDERS = ["edge", "elevenlabs", "local"] as const;
export const AI_PROVIDERS = ["gemini", "claude"] as const;
export const ENCODING_PRESETS = ["tiktok", "reels", "youtube_shorts"] as const;
export const TEMPLATES = ["product_spotlight", "sale_banner", "collection_showcase"] as const;
/** The words that a voiceover template may name in braces. */
export const TEMPLATE_PLACEHOLDERS = ["title", "brand", "price", "description", "cta"] as const;
export const DEFAULT_VOICEOVER_TEMPLATE = "{title} by {brand}. Now {price}.";
export const DEFAULT_CTA_TEXT = "Shop now";
/** Pictures of a product that a video uses at most. */
export const MAX_PICTURES = 6;

export type TtsProvider = (typeof TTS_PROVIDERS)[number];
export type AiProvider = (typeof AI_PROVIDERS)[number];
export type EncodingPreset = (typeof ENCODING_PRESETS)[number];
export type Template = (typeof TEMPLATES)[number];

/** A batch's options as they are stored: validated, trimmed, every default filled in. */
export interface BatchOptions {
  voiceover_mode: "quick" | "elaborate";
  tts_provider: TtsProvider;
  voice_id: string | null;
  ai_provider: AiProvider;
  duration_s: (typeof DURATIONS_S)[number];
  encoding_preset: EncodingPreset;
  voiceover_template: string;
  cta_text: string | null;
  enable_denoise: boolean;
  enable_sharpen: boolean;
  enable_color_correction: boolean;
  concurrency: number;
}

/** `#rrggbb`, either case. */
export const Color = z.string().regex(/^#[0-9a-fA-F]{6}$/);
