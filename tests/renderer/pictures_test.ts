// Untrusted pictures: what is taken comes out right, what is hostile is refused with a code and a sentence.

import sharp from "sharp";
import { deflateSync } from "node:zlib";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { DECODE_LIMITS, decodePicture, PictureInvalid } from "../../renderer/pictures/decode.ts";
import { gatherPictures } from "../../renderer/pictures/gather.ts";
import { RenderFailure } from "../../renderer/render_failure.ts";
import { jpeg, scratchFolder, serveBytes, startFakeHost } from "./support.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Decodes bytes and gives the size and one pixel. */
async function decoded(bytes: Uint8Array, at: { x: number; y: number } = { x: 0, y: 0 }) {
  await using folder = await scratchFolder();
  await Deno.writeFile(`${folder.path}/in`, bytes);
  const picture = await decodePicture(`${folder.path}/in`, {
    target: `${folder.path}/out`,
    limits: DECODE_LIMITS,
    signal: new AbortController().signal,
  });
  const raw = await Deno.readFile(picture.path);
  assertEquals(raw.length, picture.width * picture.height * 3);
  const start = (at.y * picture.width + at.x) * 3;
  return { width: picture.width, height: picture.height, pixel: [...raw.subarray(start, start + 3)] };
}

function isNear(actual: number[], expected: number[], tolerance = 6): boolean {
  return actual.every((value, index) => Math.abs(value - (expected[index] ?? 0)) <= tolerance);
}

const RED = { r: 220, g: 30, b: 40 };
const plain = (options: { width: number; height: number; alpha?: number }) =>
  sharp({
    create: {
      width: options.width,
      height: options.height,
      channels: 4,
      background: { ...RED, alpha: options.alpha ?? 1 },
    },
  });

Deno.test("JPEG, PNG, WebP, AVIF and GIF come out in their colours", async () => {
  const red = plain({ width: 64, height: 48 }).flatten();
  for (
    const [name, bytes] of [
      ["jpeg", await red.clone().jpeg().toBuffer()],
      ["png", await red.clone().png().toBuffer()],
      ["png, 16 bit", await red.clone().toColourspace("rgb16").png().toBuffer()],
      ["webp", await red.clone().webp().toBuffer()],
      ["avif", await red.clone().avif().toBuffer()],
      ["gif", await red.clone().gif().toBuffer()],
      ["jpeg, CMYK", await red.clone().toColourspace("cmyk").jpeg().toBuffer()],
    ] as const
  ) {
    const { width, height, pixel } = await decoded(bytes);
    assertEquals([width, height], [64, 48], name);
    // CMYK ink cannot show every red.
    assert(isNear(pixel, [220, 30, 40], name.includes("CMYK") ? 40 : 8), `${name}: ${pixel}`);
  }
});

Deno.test("a grey picture has three equal channels, and transparent ones stand on white", async () => {
  const grey = await sharp({ create: { width: 9, height: 9, channels: 3, background: "#808080" } })
    .toColourspace("b-w").png().toBuffer();
  assert(isNear((await decoded(grey)).pixel, [128, 128, 128]));
  const clear = await plain({ width: 9, height: 9, alpha: 0 }).png({ palette: true }).toBuffer();
  assertEquals((await decoded(clear)).pixel, [255, 255, 255]);
});

Deno.test("a white product that is cut out stands on a tint, so that it can be seen", async () => {
  const cutOut = async (colour: string) => {
    const svg =
      `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="60"><path d="M0 0H60V30H0z" fill="${colour}"/></svg>`;
    return await decoded(await sharp(new TextEncoder().encode(svg)).png().toBuffer(), { x: 30, y: 45 });
  };
  assertEquals((await cutOut("#dc1e28")).pixel, [255, 255, 255]);
  assertEquals((await cutOut("#fafafa")).pixel, [204, 212, 222]);
});

Deno.test("a picture is turned as its EXIF says, and a large one scaled to the longest side", async () => {
  const turned = await plain({ width: 60, height: 30 }).flatten().withMetadata({ orientation: 6 }).jpeg()
    .toBuffer();
  const upright = await decoded(turned);
  assertEquals([upright.width, upright.height], [30, 60]);
  const wide = await decoded(await plain({ width: 5000, height: 2500 }).flatten().jpeg().toBuffer());
  assertEquals([wide.width, wide.height], [2400, 1200]);
});

Deno.test("of an animated GIF the first frame is taken", async () => {
  const frames = await Promise.all(
    ["#ff0000", "#0000ff"].map((background) =>
      sharp({ create: { width: 20, height: 20, channels: 3, background } }).png().toBuffer()
    ),
  );
  const animated = await sharp(frames, { join: { animated: true } }).gif().toBuffer();
  const { width, height, pixel } = await decoded(animated);
  assertEquals([width, height], [20, 20]);
  assert(isNear(pixel, [255, 0, 0]), String(pixel));
});

/** A PNG whose header announces any size, over zeros that pack to next to nothing. */
function pngBomb(side: number): Bytes {
  const chunk = (type: string, data: Uint8Array) => {
    const bytes = new Uint8Array(12 + data.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, data.length);
    bytes.set(new TextEncoder().encode(type), 4);
    bytes.set(data, 8);
    view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
    return bytes;
  };
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, side);
  new DataView(header.buffer).setUint32(4, side);
  header.set([8, 0, 0, 0, 0], 8);
  const parts = [
    Uint8Array.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(new Uint8Array(1_000_000))),
    chunk("IEND", new Uint8Array()),
  ];
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

const encode = (text: string): Bytes => new TextEncoder().encode(text);

Deno.test("what is no picture that is taken is refused, whatever its name or type says", async () => {
  const whole = await jpeg();
  const hostile: [string, Uint8Array][] = [
    ["html", encode("<!doctype html><title>no picture</title>")],
    [
      "svg",
      encode(
        `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>`,
      ),
    ],
    ["truncated jpeg", whole.subarray(0, Math.floor(whole.length / 2))],
    ["bomb of 16000 x 16000", pngBomb(16_000)],
    ["bomb of 2^31 x 2^31", pngBomb(2 ** 31 - 1)],
    ["pdf", encode("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>")],
    ["tiff", await plain({ width: 9, height: 9 }).flatten().tiff().toBuffer()],
    ["jpeg's beginning, then noise", Uint8Array.from({ length: 5000 }, (_, i) => whole[i % 30] ?? 0)],
    ["one byte", Uint8Array.from([255])],
  ];
  for (const [name, bytes] of hostile) {
    const started = performance.now();
    const error = await assertRejects(() => decoded(bytes), `${name} was taken`);
    assert(error instanceof PictureInvalid, `${name}: ${error}`);
    assert(performance.now() - started < 5_000, `${name} took long`);
    assertMatch(error.message, /^it /);
  }
});

Deno.test("a decoder that takes too long is killed", async () => {
  await using folder = await scratchFolder();
  await Deno.writeFile(`${folder.path}/in`, await jpeg());
  const error = await assertRejects(() =>
    decodePicture(`${folder.path}/in`, {
      target: `${folder.path}/out`,
      limits: { ...DECODE_LIMITS, timeoutMs: 1 },
      signal: new AbortController().signal,
    })
  );
  assert(error instanceof PictureInvalid, String(error));
  assertEquals(error.message, "it took too long to decode");
});

Deno.test("a decoder that wants more memory than its bound fails alone", async () => {
  await using folder = await scratchFolder();
  const large = await sharp({ create: { width: 6000, height: 6000, channels: 3, background: "#123456" } })
    .png({ progressive: true }).toBuffer();
  await Deno.writeFile(`${folder.path}/in`, large);
  const error = await assertRejects(() =>
    decodePicture(`${folder.path}/in`, {
      target: `${folder.path}/out`,
      limits: { ...DECODE_LIMITS, memoryMb: 64 },
      signal: new AbortController().signal,
    })
  );
  assert(error instanceof PictureInvalid, String(error));
});

Deno.test("pictures that fail are named and left out; the render fails only where none is left", async () => {
  await using host = startFakeHost();
  await using folder = await scratchFolder();
  host.routes.set("/good.jpg", serveBytes(await jpeg()));
  host.routes.set("/text.jpg", serveBytes(encode("no picture")));
  const gather = (names: string[]) =>
    gatherPictures(names.map((name) => host.origin + name), {
      folder: folder.path,
      rules: { allowOrigins: [host.origin] },
      signal: new AbortController().signal,
    });

  const { pictures, warnings } = await gather(["/gone.jpg", "/good.jpg", "/text.jpg"]);
  assertEquals(pictures.length, 1);
  assertMatch(warnings[0] ?? "", /^Picture 1 could not be fetched: its host answered 404\.$/);
  assertMatch(warnings[1] ?? "", /^Picture 3 was left out: it is no picture/);

  for (
    const [names, code] of [
      [["/gone.jpg"], "image_unavailable"],
      [["/text.jpg"], "image_invalid"],
      [["/gone.jpg", "/text.jpg"], "image_unavailable"],
    ] as const
  ) {
    const error = await assertRejects(() => gather([...names]));
    assert(error instanceof RenderFailure, String(error));
    assertEquals([error.code, error.retryable], [code, false]);
  }
});
