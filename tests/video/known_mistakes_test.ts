// Mistakes that makers of such videos are known for, each tried. Of those that are no matter of pixels: templates with
// stray braces and holes, prices read wrongly, currencies, captions of "---" in tests/pipeline and tests/feeds; EXIF, CMYK
// and palettes in tests/renderer/pictures_test.ts; half-written files in tests/renderer/render_test.ts; covered areas in
// layout_test.ts; progress in compose_test.ts.

import { createCanvas } from "@napi-rs/canvas";
import sharp from "sharp";
import { assert, assertEquals } from "../assert.ts";
import { ENCODING_PRESETS, TEMPLATES } from "../../supabase/functions/_shared/contracts/options.ts";
import type { RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { setCaption } from "../../renderer/video/captions.ts";
import { composeVideo } from "../../renderer/video/compose.ts";
import { fontStack } from "../../renderer/video/fonts.ts";
import { createGlyphs, withDrawableTexts } from "../../renderer/video/glyphs.ts";
import { layOut } from "../../renderer/video/layout.ts";
import { createScene } from "../../renderer/video/scene.ts";
import { subRip } from "../../renderer/video/subtitles.ts";
import { drawText, setText, type TextStyle, textWidth } from "../../renderer/video/text.ts";
import { warningsOf } from "../../renderer/video/warnings.ts";
import { framePixels, loudness, probeVideo, silences, testFfmpegPath } from "../support/video_probe.ts";
import { samplePicture, sampleSpec, sampleVoice, withFolder, writePictures } from "./specs.ts";

const ROOM = { maxHeight: 600, size: 70, minSize: 36, lines: 4 };

function styleOf(language: string): TextStyle {
  return { stack: fontStack({ language, family: null }), weight: 800, language };
}

/** One flat colour: what comes out of the encoder can be compared with it. */
const ORANGE = [214, 96, 42] as const;

function flatPicture() {
  const data = Uint8Array.from({ length: 1080 * 1920 * 3 }, (_, i) => ORANGE[i % 3]!);
  return { data, width: 1080, height: 1920 };
}

async function render(folder: string, spec: RenderSpec, voice: Uint8Array | null) {
  await Deno.mkdir(folder);
  const voicePath = voice && `${folder}/voice.wav`;
  if (voicePath) await Deno.writeFile(voicePath, voice);
  const pictures = await writePictures(folder, [flatPicture()]);
  const signal = new AbortController().signal;
  const ports = { ffmpegPath: testFfmpegPath(), signal, onProgress() {} };
  return await composeVideo({ spec, pictures, voicePath, folder, ...ports });
}

Deno.test("two renders side by side keep their own voice, length and colours, however long the voice is", async () => {
  await withFolder(async (folder) => {
    const voice = {
      url: "http://127.0.0.1:1/voice",
      format: "wav" as const,
      start_s: 0.2,
      tempo: 1,
      cut_at_s: null,
    };
    const spec = sampleSpec({ captions: [], price: null });
    const [spoken, silent] = await Promise.all([
      render(`${folder}/spoken`, { ...spec, voice }, sampleVoice(7)),
      render(`${folder}/silent`, spec, null),
    ]);
    for (const { videoPath } of [spoken, silent]) {
      const { duration_s, video, audio } = await probeVideo(videoPath);
      assertEquals(duration_s, 3);
      assert(Math.abs(video.duration_s - audio.duration_s) < 0.04, "sound and picture end together");
    }
    assert(Math.abs((await loudness(spoken.videoPath)).integrated_lufs + 14) <= 1, "the voice is there");
    assertEquals((await loudness(silent.videoPath)).integrated_lufs, -Infinity);
    assertEquals((await silences(spoken.videoPath, 1)).length, 0, "the voice breaks off");
    // A spot that no text covers: washed out it would be where BT.601 and BT.709 were mixed.
    const frame = await framePixels(silent.videoPath, { at_s: 1, width: 108, height: 192 });
    const spot = (150 * 108 + 50) * 3;
    ORANGE.forEach((value, i) =>
      assert(Math.abs(frame[spot + i]! - value) <= 6, `${frame.slice(spot, spot + 3)}`)
    );
    // The thumbnail is the frame with all parts, not the first one.
    const small = async (at_s: number) =>
      await framePixels(silent.videoPath, { at_s, width: 108, height: 192 });
    const thumbnail = await sharp(silent.thumbnailPath).resize(108, 192).raw().toBuffer();
    const away = (other: Uint8Array) =>
      other.reduce((sum, value, i) => sum + Math.abs(value - thumbnail[i]!), 0) / other.length;
    const [same, first] = [away(await small(1.6)), away(await small(0))];
    assert(
      same < 5 && first > 2 * same,
      `the thumbnail is ${same} from its own frame, ${first} from the first`,
    );
  });
});

Deno.test("a title of a hundred characters is set whole, on the end card too", () => {
  const title =
    "Ergonomic Office Chair with Lumbar Support, Adjustable Armrests and a Breathable Mesh Back, Night Blue";
  assert(title.length > 100);
  for (const template of TEMPLATES) {
    for (const encoding_preset of ENCODING_PRESETS) {
      const { main, end } = layOut(sampleSpec({ template, encoding_preset, title }), { pictures: 1 });
      for (const blocks of [main, end]) {
        const text = blocks.flatMap((block) => block.texts).find(({ part }) => part === "title")!;
        assertEquals(text.set.lines.join(" "), title, `${template} ${encoding_preset}`);
      }
    }
  }
});

Deno.test("a title of nearly two hundred characters is set whole, in letters that a phone shows", () => {
  const title =
    "Professional Ergonomic Mesh Office Chair with Adjustable Lumbar Support, 4D Armrests, Headrest, " +
    "Tilt Lock and Silent Casters for Home Office, Gaming and Study, Breathable Black, 150 kg";
  for (const template of TEMPLATES) {
    for (const encoding_preset of ENCODING_PRESETS) {
      const { main, end } = layOut(sampleSpec({ template, encoding_preset, title }), { pictures: 1 });
      for (const [blocks, least] of [[main, 40], [end, 36]] as const) {
        const text = blocks.flatMap((block) => block.texts).find(({ part }) => part === "title")!;
        assertEquals(text.set.lines.join(" "), title, `${template} ${encoding_preset}`);
        assert(text.set.size >= least, `${template} ${encoding_preset}: ${text.set.size}`);
      }
    }
  }
});

Deno.test("no ink leaves a text's box: descenders, stacked accents, joined scripts", () => {
  for (
    const [language, text] of [
      ["en", "Gypsy jumping (quickly) [gjpqy] Ç"],
      ["vi", "Ấm trà gốm ỆỄỔ Ặng gjp"],
      ["ar", "إِضَاءَةٌ مُمَيَّزَةٌ لِغُرْفَتِكِ"],
      ["he", "כִּסֵּא נֹחַ לַסָּלוֹן"],
      ["hi", "हिन्दी में कुर्सी"],
      ["ru", "Щётка «Ёлка» цуд"],
    ] as const
  ) {
    const style = styleOf(language);
    const set = setText(text, style, { ...ROOM, width: 600 });
    const margin = 60;
    const canvas = createCanvas(600 + 2 * margin, set.height + 2 * margin);
    const context = canvas.getContext("2d");
    drawText(context, set, { style, x: margin, y: margin, width: 600, align: "start", colour: "#000000" });
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    let inked = 0;
    for (let i = 0; i < width * height; i++) {
      if (data[i * 4 + 3]! < 60) continue;
      inked++;
      const x = i % width - margin, y = Math.floor(i / width) - margin;
      assert(
        x >= -2 && x <= 602 && y >= 0 && y < set.height,
        `${language}: ink at ${x},${y} of ${set.height}`,
      );
    }
    assert(inked > 1000, `${language}: nothing was drawn`);
  }
});

Deno.test("no line begins with a dash or a bar that stands between two parts; a sign of a number stays with it", () => {
  for (
    const text of [
      "Lamp with light – 50% brighter – family pack",
      "Shirt | cotton | blue | for men",
      "Made for -20 degrees",
    ]
  ) {
    for (let width = 260; width < 900; width += 40) {
      const { lines } = setText(text, styleOf("en"), { ...ROOM, width });
      assert(lines.every((line) => !/^[–|]|^- |-$/.test(line)), `${width}: ${lines.join(" / ")}`);
    }
  }
});

Deno.test("no word stands alone on a last line where a little smaller letters would take it up", () => {
  const title = "ALL CAPS MEGA SUPER SALE WATERPROOF BLUETOOTH SPEAKER XL";
  for (const template of TEMPLATES) {
    for (const encoding_preset of ENCODING_PRESETS) {
      const { main } = layOut(sampleSpec({ template, encoding_preset, title }), { pictures: 1 });
      const { set } = main.flatMap((block) => block.texts).find(({ part }) => part === "title")!;
      assert(set.lines.at(-1) !== "XL", `${template} ${encoding_preset}: ${set.lines.join(" / ")}`);
    }
  }
});

Deno.test("a word that is broken leaves room for its hyphen", () => {
  const text = "50%jumping50%Lamp–&a50%50%50%jumpingChair|Chair|gypsy&gypsyW&grand&Donaudampfschifffahrt";
  for (let width = 260; width < 900; width += 7) {
    const { lines, size } = setText(text, styleOf("en"), { ...ROOM, width });
    const widest = Math.max(...lines.map((line) => textWidth(line, { ...styleOf("en"), size })));
    assert(widest <= width + 1, `${widest} of ${width}: ${lines.join(" / ")}`);
  }
});

Deno.test("a word that no line holds is broken where its language divides it, an address behind its signs", () => {
  const linesOf = (text: string, language: string) =>
    setText(text, styleOf(language), { ...ROOM, width: 560 }).lines;
  const divided = ["Auf-be-wah-rungs-be-häl-ter-sor-ti-ment", "Was-ser-ko-cher-un-ter-satz-her-stel-ler"];
  for (const syllables of divided) {
    const word = syllables.replaceAll("-", "");
    const lines = linesOf(word, "de");
    assert(lines.length > 1, `not broken: ${lines}`);
    assertEquals(lines.join("").replaceAll("-", ""), word);
    const ends = lines.slice(0, -1).map((_, at) =>
      lines.slice(0, at + 1).join("").replaceAll("-", "").length
    );
    const places = syllables.split("-").map((_, at, all) => all.slice(0, at + 1).join("").length);
    for (const end of ends) assert(places.includes(end), lines.join(" / "));
  }
  const address = "https://shop.example/table-lamps/brushed-brass/shades";
  for (const line of linesOf(address, "de").slice(0, -1)) assert(/[-/]$/.test(line), line);
  assertEquals(linesOf(address, "de").join(""), address);
  // A language that nobody has patterns for, and one that would lead out of their folder.
  for (const language of ["xx", "../de"]) {
    assert(linesOf("Aufbewahrungsbehältersortiment", language).length > 1);
  }
});

Deno.test("scripts without spaces are broken at their words, and no line begins with a stop", () => {
  const text = "暖かい光のオーロラデスクランプ、木製ベース付き。調光機能と自動消灯タイマー搭載、寝室に。";
  const set = setText(text, styleOf("ja"), { ...ROOM, width: 700 });
  assert(set.lines.length > 1, "not broken");
  assertEquals(set.lines.join(""), text);
  for (const line of set.lines) {
    assert(textWidth(line, { ...styleOf("ja"), size: set.size }) <= 700, line);
    assert(!/^[、。」）]/u.test(line), line);
  }
});

Deno.test("Arabic letters are joined", () => {
  const style = { ...styleOf("ar"), size: 80 };
  const apart = [..."تسوق"].reduce((sum, letter) => sum + textWidth(letter, style), 0);
  assert(textWidth("تسوق", style) < apart * 0.85, `${textWidth("تسوق", style)} of ${apart}`);
});

Deno.test("the last caption goes when its last word was said, on screen and in the file", async () => {
  const words = [{ text: "Bye", start_s: 0.4, end_s: 1 }];
  const spec = sampleSpec({ captions: [{ start_s: 0.4, end_s: 1, words }] });
  const scene = await createScene(spec, [() => samplePicture({ width: 600, height: 600 })]);
  const isShown = (second: number) => {
    const frame = Math.round(second * 30);
    const without = scene.draw(frame, { captions: false }).slice();
    return scene.draw(frame).some((value, i) => value !== without[i]);
  };
  assertEquals([0.2, 0.8, 1.1, 2.2].map(isShown), [false, true, false, false]);
  assertEquals(subRip(spec.captions, 3), "1\n00:00:00,400 --> 00:00:01,000\nBye\n");
});

Deno.test("letters that no font has are warned of by name, and signs that none has are not drawn as boxes", () => {
  // Yi and Cherokee: scripts that no package here brings.
  const spec = sampleSpec({ title: "Lamp ꀀ", captions: [] });
  assertEquals(warningsOf(spec, []), ["no font has ꀀ: drawn as boxes"]);
  assertEquals(warningsOf(sampleSpec({ title: "Лампа λ مصباح מנורה दीपक ș ß 🎉👩‍👩‍👧‍👦" }), []), []);
  assertEquals(warningsOf(sampleSpec(), [{ width: 60, height: 60 }]), [
    "picture 1 has only 60 x 60 pixels: it looks soft",
  ]);
  const drawn = withDrawableTexts(sampleSpec({ title: "𝐋𝐚𝐦𝐩 𓀀🎉", cta_text: "𖡼" }));
  assert(createGlyphs("en").missing(["𝐋𝐚𝐦𝐩"]).length === 0, "letters of mathematics become ordinary ones");
  assertEquals(drawn.title.startsWith("Lamp "), true);
});

Deno.test("a word longer than any line is captioned in parts that share its time, none of it left out", () => {
  const text = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
  const captions = [{ start_s: 1, end_s: 4, words: [{ text, start_s: 1, end_s: 4 }] }];
  const spec = withDrawableTexts(sampleSpec({ captions }));
  const words = spec.captions.flatMap((page) => page.words);
  assertEquals(words.map((word) => word.text.replace(/-$/, "")).join(""), text);
  assertEquals(spec.captions.map(({ start_s, end_s }) => [start_s, end_s]), [[1, 2], [2, 3], [3, 4]]);
  const box = layOut(spec, { pictures: 1 }).captions;
  const german = withDrawableTexts({ ...sampleSpec({ captions }), language: "de" });
  assertEquals(
    german.captions.flatMap((page) => page.words.map((word) => word.text)),
    ["Donaudampfschifffahrtselek-", "trizitätenhauptbetriebswerk-", "bauunterbeamtengesellschaft"],
  );
  const [set] = spec.captions.map((page) => setCaption(page, box, styleOf("de")));
  assert(set && set.size >= 48 && set.words.every((word) => !word.text.includes("…")), JSON.stringify(set));
  const endless = withDrawableTexts(
    sampleSpec({
      captions: [{ start_s: 0, end_s: 1, words: [{ text: "W".repeat(200), start_s: 0, end_s: 1 }] }],
    }),
  );
  const { box: widest } = setCaption(endless.captions[0]!, box, styleOf("en"));
  assert(widest.y >= box.y && widest.y + widest.height <= box.y + box.height, JSON.stringify(widest));
  assert(set.box.x >= box.x && set.box.x + set.box.width <= box.x + box.width, JSON.stringify(set.box));
});
