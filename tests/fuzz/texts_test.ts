// Whatever a shop writes: feeds are read or refused, scripts are sayable, subtitles keep their cues.

import fc from "fast-check";
import { readFeed } from "../../feeds/read_feed.ts";
import { FeedError } from "../../feeds/feed_error.ts";
import { subRip } from "../../renderer/video/subtitles.ts";
import { JobFailure } from "../../supabase/functions/_shared/contracts/jobs.ts";
import { drawable } from "../../supabase/functions/_shared/pipeline/plain_text.ts";
import { quickScript } from "../../supabase/functions/_shared/pipeline/script.ts";
import { assert, assertEquals } from "../assert.ts";
import { aJob } from "../pipeline/bench.ts";
import { tryMany } from "./try_many.ts";

const TRIES = { runs: 500, longRuns: 20_000 };

const hostile = fc.constantFrom(
  ..."<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>|&a;|]]>|<![CDATA[|-->|\n\n1\n00:00:00,000 --> 00:00:09,000\n"
    .split("|"),
  ...[
    "\0",
    "\u202e",
    "\ud800",
    "{title}",
    "{",
    "\\n",
    "%{pts}",
    "';[in]",
    "<script>",
    "-i",
    "🛒",
    "ﷺ",
    "́".repeat(40),
  ],
);
const text = fc.array(fc.oneof(hostile, fc.string({ unit: "binary" })), { maxLength: 12 })
  .chain((parts) => fc.nat(200).map((times) => parts.join("").repeat(times).slice(0, 20_000)));
const amount = fc.oneof(text, fc.constantFrom("1,249.00 USD", "-1", "NaN", "1e999", "1.249,00 lei"));

Deno.test("any feed is read, or refused by name", async () => {
  const item = fc.record({ title: text, price: amount, id: text, link: text }).map((fields) =>
    `<item>${
      Object.entries(fields).map(([name, value]) => `<g:${name}>${value}</g:${name}>`).join("")
    }</item>`
  );
  const feed = fc.tuple(text, fc.array(item, { maxLength: 4 }), fc.boolean()).map(([head, items, isWhole]) =>
    `${isWhole ? "<?xml version='1.0'?>" : head}<rss xmlns:g="http://base.google.com/ns/1.0"><channel>` +
    `${items.join("")}</channel></rss>`
  );
  await tryMany({ what: "feeds", ...TRIES }, fc.oneof(feed, text), (xml) => {
    try {
      for (const { title, external_id } of readFeed(xml, "https://shop.test/").products) {
        assert(title !== "" && external_id !== "");
        assert(!title.includes("root:"));
      }
    } catch (error) {
      assert(error instanceof FeedError, String(error));
    }
  });
});

Deno.test("any product and template give a script that is said, or none by name", async () => {
  const product = fc.record({ title: text, brand: text, description: text });
  await tryMany({ what: "scripts", ...TRIES }, fc.tuple(product, text), ([product, voiceover_template]) => {
    try {
      const script = quickScript(aJob({ product, options: { voiceover_template, duration_s: 15 } }));
      assert(/[\p{L}\p{N}]/u.test(script) && !/[\0<>]/.test(script), JSON.stringify(script));
    } catch (error) {
      assert(error instanceof JobFailure, String(error));
    }
    assert(drawable(product.title, 1000).length <= 1000);
  });
});

Deno.test("no word of a caption adds a cue or a time line to the subtitles", async () => {
  const words = fc.array(text.map((word) => drawable(word, 200)), { minLength: 1, maxLength: 5 });
  await tryMany({ what: "subtitles", ...TRIES }, fc.array(words, { maxLength: 4 }), (pages) => {
    const captions = pages.map((page, at) => ({
      start_s: at,
      end_s: at + 1,
      words: page.map((word) => ({ text: word, start_s: at, end_s: at + 1 })),
    }));
    const cues = subRip(captions, 15);
    assertEquals(cues.split("-->").length - 1, pages.length);
    assertEquals(cues.match(/^\d+\n\d\d:\d\d:\d\d,\d{3} --> /gm)?.length ?? 0, pages.length);
  });
});
