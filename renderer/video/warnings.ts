// What a shop owner should know of a finished video: letters without a font, pictures too small to look sharp.

import type { RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { fontAdvice } from "./fonts.ts";
import { createGlyphs } from "./glyphs.ts";

/** Pictures whose longer side has fewer pixels are shown enlarged more than twice. */
const SHARP_FROM = 480;

/** Sentences for `result.warnings`; none where all is well. */
export function warningsOf(spec: RenderSpec, pictures: { width: number; height: number }[]): string[] {
  const texts = [
    spec.title,
    spec.brand ?? "",
    spec.price?.current ?? "",
    spec.cta_text,
    ...spec.captions.flatMap((caption) => caption.words.map((word) => word.text)),
  ];
  const small = pictures.flatMap(({ width, height }, index) =>
    Math.max(width, height) < SHARP_FROM
      ? [`picture ${index + 1} has only ${width} x ${height} pixels: it looks soft`]
      : []
  );
  return [...fontAdvice(createGlyphs(spec.language).missing(texts), spec.language), ...small];
}
