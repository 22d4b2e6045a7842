// Pictures that mean harm, and honest ones that decoders get wrong: told apart by content, decoded within bounds.

import { deflateSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { DECODE_LIMITS, decodePicture, PictureInvalid } from "../../renderer/pictures/decode.ts";
import { scratchFolder } from "../renderer/support.ts";
import { forAll } from "./attacker.ts";
import { gifHeader, jpegHeader, manyFramesGif, pngChunk, pngOf, webpHeader } from "./picture_bytes.ts";

const text = (content: string) => new TextEncoder().encode(content);

interface Decoded {
  width: number;
  height: number;
  /** Red, green and blue of a pixel by its place, from 0 to 1. */
  at(x: number, y: number): number[];
}

/** Decodes as the renderer does: in a process of its own. */
async function decode(bytes: Uint8Array): Promise<Decoded> {
  await using folder = await scratchFolder();
  await Deno.writeFile(`${folder.path}/in`, bytes);
  const { width, height, path } = await decodePicture(`${folder.path}/in`, {
    target: `${folder.path}/out`,
    limits: DECODE_LIMITS,
    signal: new AbortController().signal,
  });
  const raw = await Deno.readFile(path);
  assertEquals(raw.length, width * height * 3);
  return {
    width,
    height,
    at(x, y) {
      const start = (Math.floor(y * (height - 1)) * width + Math.floor(x * (width - 1))) * 3;
      return [...raw.subarray(start, start + 3)];
    },
  };
}

const flat = (width: number, height: number, background = "#dc1e28") =>
  sharp({ create: { width, height, channels: 3, background }, limitInputPixels: false });

/** Left half red, right half blue: what is turned or mirrored shows. */
const halves = () =>
  flat(40, 20).composite([{
    input: { create: { width: 20, height: 20, channels: 3, background: "#1e28dc" } },
    left: 20,
    top: 0,
  }]);

const SVG = (inside: string) =>
  text(
    `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
    width="90" height="90">${inside}</svg>`,
  );

Deno.test("what is no raster picture of five kinds is refused by its content, each within seconds", async () => {
  const hostile: [string, Uint8Array][] = [
    ["an SVG", SVG("<rect width='9' height='9'/>")],
    ["an SVG that reads a file", SVG('<image xlink:href="file:///etc/passwd" width="9" height="9"/>')],
    [
      "an SVG that calls out",
      SVG(
        '<image href="http://127.0.0.1:9/x.png" width="9" height="9"/><style>@import url(http://127.0.0.1:9/)</style>',
      ),
    ],
    [
      "an SVG with entities",
      text(
        `<!DOCTYPE svg [<!ENTITY a "${
          "a".repeat(99)
        }"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
      <svg xmlns="http://www.w3.org/2000/svg"><text>&b;&c;</text></svg>`,
      ),
    ],
    ["a packed SVG", new Uint8Array(gzipSync(SVG("<rect width='9' height='9'/>")))],
    ["a play list", text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")],
    ["a list for ffmpeg", text("ffconcat version 1.0\nfile /etc/passwd\n")],
    [
      "commands for ImageMagick",
      text("push graphic-context\nviewbox 0 0 9 9\nfill 'url(https://x\"|id\")'\npop graphic-context"),
    ],
    ["PostScript", text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file")],
    ["PDF", text("%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>")],
    ["TIFF", await flat(9, 9).tiff().toBuffer()],
    [
      "a bitmap",
      Uint8Array.from([
        66,
        77,
        70,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        54,
        0,
        0,
        0,
        40,
        0,
        0,
        0,
        2,
        0,
        0,
        0,
        2,
        0,
        0,
        0,
        1,
        0,
        24,
        0,
        ...Array(46).fill(0),
      ]),
    ],
    ["Radiance", text("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 9 +X 9\n")],
    ["a vips file", Uint8Array.from([8, 242, 166, 182, ...Array(200).fill(0)])],
    ["a PPM", text("P6 4 4 255 ................................................")],
    ["a CSV that would be a matrix", text("1,2,3\n4,5,6\n7,8,9\n")],
    ["an executable", text("\x7fELF\x02\x01\x01")],
    ["an archive", text("PK\x03\x04\x14\x00\x00\x00\x08\x00")],
    ["nothing but zeros", new Uint8Array(1000)],
    ["a JPEG of 65,500 x 65,500", jpegHeader(65_500)],
    ["a GIF of 65,535 x 65,535", gifHeader(65_535)],
    ["a WebP of 16,383 x 16,383", webpHeader(16_383)],
    ["a PNG of 30,000 x 30,000", pngOf({ side: 30_000, rows: deflateSync(new Uint8Array(5_000_000)) })],
    ["a PNG without its end", pngOf({ side: 64, rows: deflateSync(new Uint8Array(65 * 30)) })],
    ["41 megapixels", await flat(6_405, 6_405).png({ compressionLevel: 1 }).toBuffer()],
    ["one pixel", await flat(1, 1).png().toBuffer()],
  ];
  await forAll(hostile, async ([what, bytes]) => {
    const started = performance.now();
    const error = await assertRejects(() => decode(bytes), `${what} was taken`);
    assert(error instanceof PictureInvalid, `${what}: ${error}`);
    assert(/^it [^/\\]+$/.test(error.message), `${what}: ${error.message}`);
    assert(performance.now() - started < 10_000, `${what} took ${performance.now() - started} ms`);
  });
});

Deno.test("what hides more than it shows is decoded as what it shows", async () => {
  const png = await halves().png().toBuffer();
  const withChunk = (chunk: Uint8Array) =>
    new Uint8Array([...png.subarray(0, 33), ...chunk, ...png.subarray(33)]);
  const latin = (content: string) => [...content].map((letter) => letter.charCodeAt(0));
  const zeros = deflateSync(new Uint8Array(100_000_000));
  const disguised: [string, Uint8Array][] = [
    ["100 MB of packed comment", withChunk(pngChunk("zTXt", [...latin("Comment\0\0"), ...zeros]))],
    ["100 MB of packed colour profile", withChunk(pngChunk("iCCP", [...latin("icc\0\0"), ...zeros]))],
    ["an animation's chunk", withChunk(pngChunk("acTL", [0, 0, 39, 16, 0, 0, 0, 0]))],
    ["a page behind it", new Uint8Array([...png, ...text("<script>alert(1)</script>")])],
    ["an archive behind it", new Uint8Array([...await halves().jpeg().toBuffer(), ...text("PK\x03\x04")])],
    [
      "metadata that is a script",
      await halves().withExif({ IFD0: { Copyright: "<script>$(id)</script>" } }).jpeg().toBuffer(),
    ],
  ];
  await forAll(disguised, async ([what, bytes]) => {
    const { width, height, at } = await decode(bytes);
    assertEquals([what, width, height], [what, 40, 20]);
    const [[red = 0, , less = 0], [few = 0, , blue = 0]] = [at(0, 0) as number[], at(1, 0) as number[]] as [
      number[],
      number[],
    ];
    assert(red > 150 && less < 90 && few < 90 && blue > 150, `${what}: ${at(0, 0)} ${at(1, 0)}`);
  });
});

Deno.test("of 10,000 frames, and of an animated WebP or GIF, the first is taken", async () => {
  const red = await flat(30, 30).png().toBuffer();
  const blue = await flat(30, 30, "#1e28dc").png().toBuffer();
  const animated = sharp([red, blue], { join: { animated: true } });
  const moving: [string, Uint8Array][] = [
    ["10,000 frames", manyFramesGif(10_000)],
    ["WebP", await animated.clone().webp({ lossless: true }).toBuffer()],
    ["GIF", await animated.clone().gif().toBuffer()],
  ];
  await forAll(moving, async ([what, bytes]) => {
    const { width, height, at } = await decode(bytes);
    assertEquals([what, width === height, at(0.5, 0.5)[0]! > 150, at(0.5, 0.5)[2]! < 90], [
      what,
      true,
      true,
      true,
    ]);
  });
});

Deno.test("every EXIF orientation comes out upright", async () => {
  // Where the red half lies after turning.
  const places: [number, string][] = [[1, "left"], [2, "right"], [3, "right"], [4, "left"], [5, "top"], [
    6,
    "top",
  ], [
    7,
    "bottom",
  ], [8, "bottom"]];
  await forAll(places, async ([orientation, place]) => {
    const { width, height, at } = await decode(
      await halves().jpeg({ quality: 95 }).withMetadata({ orientation }).toBuffer(),
    );
    const isRed = ([red = 0, , blue = 0]: number[]) => red > blue;
    const found = height > width
      ? (isRed(at(0.5, 0)) ? "top" : "bottom")
      : isRed(at(0, 0.5))
      ? "left"
      : "right";
    assertEquals([orientation, found], [orientation, place]);
  });
});

Deno.test("CMYK, 16 bit, palettes, grey, one bit, interlaced and the largest size come out in their colours", async () => {
  const honest: [string, Uint8Array, number[]][] = [
    ["CMYK", await flat(30, 20).toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer(), [220, 30, 40]],
    ["16 bit", await flat(30, 20).toColourspace("rgb16").png().toBuffer(), [220, 30, 40]],
    ["a palette", await flat(30, 20).png({ palette: true, colours: 4 }).toBuffer(), [220, 30, 40]],
    ["one bit", await flat(30, 20, "#ffffff").threshold(128).png({ palette: true, colours: 2 }).toBuffer(), [
      255,
      255,
      255,
    ]],
    [
      "grey with transparency",
      await sharp({ create: { width: 30, height: 20, channels: 4, background: "#80808000" } })
        .toColourspace("b-w").png().toBuffer(),
      [255, 255, 255],
    ],
    ["interlaced", await flat(30, 20).png({ progressive: true }).toBuffer(), [220, 30, 40]],
    ["a progressive JPEG", await flat(30, 20).jpeg({ progressive: true, quality: 95 }).toBuffer(), [
      220,
      30,
      40,
    ]],
    ["lossless WebP", await flat(30, 20).webp({ lossless: true }).toBuffer(), [220, 30, 40]],
    [
      "AVIF of 10 bit",
      await flat(30, 20).avif({ bitdepth: 10, quality: 90 }).toBuffer().catch(() =>
        flat(30, 20).avif().toBuffer()
      ),
      [220, 30, 40],
    ],
    ["40 megapixels", await flat(8_000, 5_000).jpeg().toBuffer(), [220, 30, 40]],
    ["a strip", await flat(20_000, 20).png().toBuffer(), [220, 30, 40]],
  ];
  await forAll(honest, async ([what, bytes, expected]) => {
    const { at } = await decode(bytes);
    // Ink cannot show every red.
    const tolerance = what === "CMYK" ? 45 : 10;
    const near = at(0.5, 0.5).every((value, index) => Math.abs(value - expected[index]!) <= tolerance);
    assert(near, `${what}: ${at(0.5, 0.5)}`);
  });
});
