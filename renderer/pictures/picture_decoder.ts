// A process of its own per picture: reads one untrusted file, writes raw RGB, says its size, and ends.
// Run as `picture_decoder.ts SOURCE TARGET LONGEST_SIDE MAX_PIXELS`.

import sharp, { type Metadata } from "sharp";

/** By content, never by name; SVG, PDF and the like are not taken, though the decoder could read them. */
const FORMATS = new Set(["jpeg", "png", "webp", "heif", "avif", "gif"]);

/** What transparent pictures stand on; a white product would be gone on white. */
const BEHIND = "#ffffff";
const BEHIND_WHITE = "#ccd4de";
/** Of what is opaque at least this share is nearly white: a white product. */
const WHITE_SHARE = 0.8;
const NEARLY_WHITE = 232;
/** Side of the copy in which that is counted. */
const SAMPLE_SIDE = 96;

type Input = { failOn: "error"; limitInputPixels: number; sequentialRead: true; pages: number };

async function backgroundOf(source: string, input: Input): Promise<string> {
  const { data, info } = await sharp(source, input).resize(SAMPLE_SIDE, SAMPLE_SIDE, { fit: "inside" })
    .toColourspace("srgb").ensureAlpha().raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  let opaque = 0;
  let white = 0;
  for (let at = 0; at < data.length; at += info.channels) {
    if (data[at + info.channels - 1]! < 128) continue;
    opaque++;
    if (Math.min(...data.subarray(at, at + info.channels - 1)) >= NEARLY_WHITE) white++;
  }
  const pixels = data.length / info.channels;
  // Hardly anything is transparent: there is no behind.
  return opaque < pixels * 0.98 && white > opaque * WHITE_SHARE ? BEHIND_WHITE : BEHIND;
}

async function decode(source: string, options: { target: string; longestSide: number; maxPixels: number }) {
  sharp.cache(false);
  sharp.concurrency(1);
  const input: Input = {
    failOn: "error",
    limitInputPixels: options.maxPixels,
    sequentialRead: true,
    pages: 1,
  };
  const metadata = await readHeader(source, options.maxPixels);
  const background = metadata.hasAlpha ? await backgroundOf(source, input) : BEHIND;
  const { data, info } = await sharp(source, input)
    .rotate()
    .resize(options.longestSide, options.longestSide, {
      fit: "inside",
      withoutEnlargement: true,
      kernel: "lanczos3",
    })
    .flatten({ background })
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
