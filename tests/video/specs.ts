// Specs, pictures and a voice for the video tests: everything is made here, nothing is fetched.

import type { RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import type { Pixels } from "../../renderer/video/pictures.ts";

const ADDRESS = "http://127.0.0.1:1/file";

/** A short video with everything on it. */
export function sampleSpec(overrides: Partial<RenderSpec> = {}): RenderSpec {
  return {
    version: 1,
    template: "product_spotlight",
    encoding_preset: "tiktok",
    duration_s: 3,
    language: "en",
    title: "Aurora Desk Lamp with Warm Light",
    brand: "Lumen & Co",
    price: { current: "199,00 lei", old: "249,00 lei", saving_percent: 20 },
    cta_text: "Shop now",
    primary_color: "#1f2a44",
    accent_color: "#ff7a45",
    font: null,
    image_urls: [ADDRESS],
    filters: { denoise: false, sharpen: false, color_correction: false },
    voice: null,
    captions: [
      {
        start_s: 0.5,
        end_s: 1.4,
        words: [{ text: "Meet", start_s: 0.5, end_s: 0.9 }, { text: "Aurora.", start_s: 0.9, end_s: 1.4 }],
      },
      { start_s: 1.5, end_s: 2.6, words: [{ text: "199,00 lei!", start_s: 1.5, end_s: 2.6 }] },
    ],
    uploads: { video: ADDRESS, thumbnail: ADDRESS, subtitles: ADDRESS },
    ...overrides,
  };
}

/** A product-like picture: a smooth background, a disc, a bar. Deterministic. */
export function samplePicture(size: { width: number; height: number }, hue = 0): Pixels {
  const { width, height } = size;
  const data = new Uint8Array(width * height * 3);
  const radius = Math.min(width, height) * 0.3;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      const disc = (x - width / 2) ** 2 + (y - height / 2) ** 2 < radius * radius;
      const bar = !disc && Math.abs(x - width / 2) < width * 0.02;
      const [r, g, b] = disc ? [236, 126, 58] : bar ? [32, 40, 66] : [
        120 + 90 * x / width,
        170 + 40 * y / height,
        200 - 60 * x / width,
      ];
      data[at] = hue === 0 ? r! : b!;
      data[at + 1] = g!;
      data[at + 2] = hue === 0 ? b! : r!;
    }
  }
  return { data, width, height };
}

/** Speech-like sound as a 16-bit mono WAV file: buzzing syllables with pauses. */
export function sampleVoice(duration_s: number, level = 0.2): Uint8Array {
  const rate = 22_050;
  const samples = new Int16Array(Math.round(duration_s * rate));
  for (let i = 0; i < samples.length; i++) {
    const t = i / rate;
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 3.2 * t)) * (t % 1.3 < 1.05 ? 1 : 0);
    const tone = [1, 2, 3, 5, 9].reduce(
      (sum, harmonic) => sum + Math.sin(2 * Math.PI * 140 * harmonic * t) / harmonic,
      0,
    );
    samples[i] = 32_767 * level * syllable * tone * 0.6;
  }
  const header = new DataView(new ArrayBuffer(44));
  const text = (at: number, value: string) =>
    [...value].forEach((c, i) => header.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  header.setUint32(4, 36 + samples.byteLength, true);
  text(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, rate, true);
  header.setUint32(28, rate * 2, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true);
  text(36, "data");
  header.setUint32(40, samples.byteLength, true);
  const file = new Uint8Array(44 + samples.byteLength);
  file.set(new Uint8Array(header.buffer));
  file.set(new Uint8Array(samples.buffer), 44);
  return file;
}

/** Runs with a folder of its own, which is gone afterwards. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "video_test_" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes pictures as the renderer's decoder does. */
export async function writePictures(folder: string, pictures: Pixels[]) {
  return await Promise.all(pictures.map(async ({ data, width, height }, i) => {
    const path = `${folder}/picture_${i}.rgb`;
    await Deno.writeFile(path, data);
    return { width, height, path };
  }));
}
