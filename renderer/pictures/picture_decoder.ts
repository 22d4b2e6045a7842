// A process of its own per picture: reads one untrusted file, writes raw RGB, says its size, and ends.
// Run as `picture_decoder.ts SOURCE TARGET LONGEST_SIDE MAX_PIXELS`.

import sharp, { type Metadata } from "sharp";

/** By content, never by name; SVG, PDF and the like are not taken, though the decoder could read them. */
const FORMATS = new Set(["jpeg", "png", "webp", "heif", "avif", "gif"]);

async function decode(source: string, options: { target: string; longestSide: number; maxPixels: number }) {
  sharp.cache(false);
  sharp.concurrency(1);
  const input = {
    failOn: "error",
    limitInputPixels: options.maxPixels,
    sequentialRead: true,
    pages: 1,
  } as const;
  const metadata = await readHeader(source, options.maxPixels);
  const { data, info } = await sharp(source, input)
    .rotate()
    .resize(options.longestSide, options.longestSide, {
      fit: "inside",
      withoutEnlargement: true,
      kernel: "lanczos3",
    })
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`decoded to ${info.channels} channels`);
  await Deno.writeFile(options.target, data);
  return { ok: true, width: info.width, height: info.height, format: metadata.format };
}

async function readHeader(source: string, maxPixels: number): Promise<Metadata> {
  let metadata: Metadata;
  try {
    metadata = await sharp(source, { limitInputPixels: false }).metadata();
  } catch {
    throw new Refused("it is no picture of a kind that is taken (JPEG, PNG, WebP, AVIF, GIF)");
  }
  if (!FORMATS.has(metadata.format ?? "")) {
    throw new Refused("it is no picture of a kind that is taken (JPEG, PNG, WebP, AVIF, GIF)");
  }
  if (metadata.width * metadata.height > maxPixels) {
    throw new Refused(`it has more than ${Math.round(maxPixels / 1e6)} megapixels`);
  }
  if (metadata.width < 2 || metadata.height < 2) throw new Refused("it is smaller than 2 x 2 pixels");
  return metadata;
}

class Refused extends Error {}

if (import.meta.main) {
  const [source = "", target = "", longestSide, maxPixels] = Deno.args;
  let answer: Record<string, unknown>;
  try {
    answer = await decode(source, {
      target,
      longestSide: Number(longestSide),
      maxPixels: Number(maxPixels),
    });
  } catch (error) {
    const message = error instanceof Refused ? error.message : "it is damaged or cannot be decoded";
    answer = { ok: false, message, cause: String(error), diskFull: /no space|ENOSPC/i.test(String(error)) };
  }
  console.log(JSON.stringify(answer));
}
