// The render spec of a product: what is shown, said and captioned, and which pictures are used.

import { type Checkpoint, type ClaimedJob, JobFailure } from "../contracts/jobs.ts";
import { Color, MAX_PICTURES, type Template, TEMPLATES } from "../contracts/options.ts";
import { RenderSpec } from "../contracts/render_spec.ts";
import { drawable } from "./plain_text.ts";
import { brandOf, ctaOf, languageOf, pricesOf } from "./script.ts";

const DEFAULT_PRIMARY_COLOR = "#1f2937";
const DEFAULT_ACCENT_COLOR = "#facc15";

/** A product's pictures, at most six, and what is to be said of those that are no web address. */
export interface Pictures {
  urls: string[];
  warnings: string[];
}

/** Fails at once, before anything is bought, where no picture has an address that could be fetched. */
export function picturesOf(job: ClaimedJob): Pictures {
  const urls: string[] = [];
  const warnings: string[] = [];
  job.product.image_urls.forEach((address, index) => {
    const url = URL.canParse(address) ? new URL(address) : null;
    if (!url || !/^https?:$/.test(url.protocol) || url.href.length > 4096) {
      warnings.push(`picture ${index + 1} was left out: its address is no web address`);
    } else if (!urls.includes(url.href)) urls.push(url.href);
  });
  if (urls.length === 0) {
    throw new JobFailure(
      "image_unavailable",
      job.product.image_urls.length === 0
        ? "The product has no picture."
        : "No picture of the product has a web address.",
    );
  }
  return { urls: urls.slice(0, MAX_PICTURES), warnings };
}

/** The whole spec. Throws `JobFailure("internal")` where it would not pass the renderer's own check. */
export function buildSpec(
  job: ClaimedJob,
  parts: {
    pictures: Pictures;
    voiceUrl: string;
    voiceover: NonNullable<Checkpoint["voiceover"]>;
    subtitles: NonNullable<Checkpoint["subtitles"]>;
    uploads: RenderSpec["uploads"];
  },
): RenderSpec {
  const { product, profile, options } = job;
  const prices = pricesOf(job);
  const brand = drawable(brandOf(job), 300);
  const font = drawable(profile.font ?? "", 100);
  const spec = RenderSpec.safeParse({
    version: 1,
    template: TEMPLATES.includes(profile.template as Template) ? profile.template : TEMPLATES[0],
    encoding_preset: options.encoding_preset,
    duration_s: options.duration_s,
    language: languageOf(job),
    title: drawable(product.title, 1000) || brand || "–",
    brand: brand || null,
    price: prices && { current: prices.current, old: prices.old, saving_percent: prices.saving_percent },
    cta_text: drawable(ctaOf(job), 200),
    primary_color: Color.safeParse(profile.primary_color).data ?? DEFAULT_PRIMARY_COLOR,
    accent_color: Color.safeParse(profile.accent_color).data ?? DEFAULT_ACCENT_COLOR,
    font: font || null,
    image_urls: parts.pictures.urls,
    filters: {
      denoise: options.enable_denoise,
      sharpen: options.enable_sharpen,
      color_correction: options.enable_color_correction,
    },
    voice: {
      url: parts.voiceUrl,
      format: parts.voiceover.format,
      start_s: parts.subtitles.start_s,
      tempo: parts.subtitles.tempo,
      cut_at_s: parts.subtitles.cut_at_s,
    },
    captions: parts.subtitles.captions,
    uploads: parts.uploads,
  });
  if (spec.success) return spec.data;
  throw new JobFailure("internal", "This product's video could not be described.", { cause: spec.error });
}
