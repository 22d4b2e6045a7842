// A product's whole way, its interruptions, and what is never made or bought twice.

import { JobFailure, LeaseLost } from "../../supabase/functions/_shared/contracts/jobs.ts";
import { assert, assertEquals, assertMatch, assertRejects, eventually } from "../assert.ts";
import { startAi } from "../fakes/ai.ts";
import type { ProgressReport } from "../../supabase/functions/_shared/pipeline/ports.ts";
import { aJob, startBench } from "./bench.ts";

const ID = /^11111111-1111-4111-8111-111111111111-1-[0-9a-f]{16}$/;

async function failureOf(run: () => Promise<unknown>): Promise<JobFailure> {
  const failure = await assertRejects(run);
  assert(failure instanceof JobFailure, String(failure));
  return failure;
}

Deno.test("a product becomes a stored video whose files and read tokens the result names", async () => {
  await using bench = startBench();
  const outcome = await bench.run(aJob());
  assert(outcome.kind === "completed");
  const id = outcome.result.video_path.split("/")[2]?.replace(".mp4", "") ?? "";
  assertMatch(id, ID);
  const folder = "33333333-3333-4333-8333-333333333333/11111111-1111-4111-8111-111111111111";
  assertEquals(outcome.result.video_path, `${folder}/${id}.mp4`);
  assertEquals(outcome.result.subtitles_path, `${folder}/${id}.srt`);
  for (
    const path of [outcome.result.video_path, outcome.result.thumbnail_path, outcome.result.subtitles_path]
  ) {
    assert(bench.storage.objects.has(path), path);
  }
  assertMatch(
    [...bench.storage.objects.keys()].find((path) => path.endsWith(".mp3")) ?? "",
    /\/[0-9a-f]{16}\.mp3$/,
  );
  assert(outcome.result.video_token.startsWith("read"));
  const days = (Date.parse(outcome.result.url_expires_at) - Date.now()) / 86_400_000;
  assert(days > 364 && days <= 365);
  const progress = bench.reports.map((report) => report.progress);
  assertEquals(progress, progress.toSorted((a, b) => a - b));
  assertEquals(progress.at(-1), 97);
  assertEquals(bench.renderers[0]?.spoken, ["Lampă de birou by Lumen. Now 49,99 lei."]);
});

Deno.test("an attempt behind all checkpoints buys no voice and begins no render", async () => {
  await using bench = startBench();
  await bench.run(aJob());
  const outcome = await bench.run(aJob({ checkpoint: bench.kept }));
  assertEquals(outcome.kind, "completed");
  assertEquals(bench.renderers[0]?.counts, { speech: 1, begun: 1, deleted: 0 });
});

Deno.test("files that are all stored are not rendered again when no renderer remembers them", async () => {
  await using bench = startBench();
  const first = await bench.run(aJob());
  bench.renderers[0]?.forget();
  const second = await bench.run(aJob({ checkpoint: bench.kept }));
  assert(first.kind === "completed" && second.kind === "completed");
  assertEquals(bench.renderers[0]?.counts.begun, 1);
  assertEquals(second.result.size_bytes, first.result.size_bytes);
  assertEquals(second.result.video_path, first.result.video_path);
});

Deno.test("what a renderer said of its files is kept, though it dies as soon as they are stored", async () => {
  await using bench = startBench();
  const renderer = bench.renderers[0];
  assert(renderer);
  renderer.mode = "uploading";
  let dead = false;
  const first = bench.run(aJob(), { secondsLeft: () => dead ? 1 : 100 });
  await eventually(() => bench.kept.render?.result !== undefined);
  assertEquals(bench.storage.objects.size, 1);
  renderer.mode = "well";
  await eventually(() => [...renderer.renders.values()][0]?.state.status === "completed");
  dead = true;
  renderer.forget();
  await first.catch(() => {});
  const second = await bench.run(aJob({ checkpoint: bench.kept }));
  assert(second.kind === "completed");
  assertEquals(renderer.counts.begun, 1);
  assertEquals(second.result.warnings, ["picture 2 could not be fetched"]);
  assertEquals(second.result.postable, { tiktok: { ok: true, reasons: [] } });
});

Deno.test("only what is missing is uploaded when a part of the files is stored", async () => {
  await using bench = startBench();
  const first = await bench.run(aJob());
  assert(first.kind === "completed");
  bench.renderers[0]?.forget();
  bench.storage.objects.delete(first.result.thumbnail_path);
  const second = await bench.run(aJob({ checkpoint: bench.kept }));
  assertEquals(second.kind, "completed");
  const uploads = [...bench.renderers[0]?.renders.values() ?? []][0]?.spec.uploads;
  assertEquals([uploads?.video, uploads?.subtitles], [null, null]);
  assert(uploads?.thumbnail && bench.storage.objects.has(first.result.thumbnail_path));
});

Deno.test("a new price is spoken anew and makes a new render; a new run makes one of its own", async () => {
  await using bench = startBench();
  await bench.run(aJob());
  await bench.run(aJob({ checkpoint: structuredClone(bench.kept), product: { price: "39.99" } }));
  assertEquals(bench.renderers[0]?.spoken.at(-1), "Lampă de birou by Lumen. Now 39,99 lei.");
  assertEquals(bench.renderers[0]?.counts.begun, 2);
  await bench.run(aJob({ checkpoint: structuredClone(bench.kept), product: { price: "39.99" }, run: 2 }));
  assertEquals(bench.renderers[0]?.counts, { speech: 2, begun: 3, deleted: 0 });
});

Deno.test("a wall clock that runs out hands over, and the next invocation picks the same render up", async () => {
  await using bench = startBench();
  const renderer = bench.renderers[0];
  assert(renderer);
  renderer.renderMs = 1500;
  let asked = 0;
  const first = await bench.run(aJob(), {
    secondsLeft: () => renderer.calls.some((call) => call.startsWith("GET")) && ++asked > 1 ? 1 : 100,
  });
  assertEquals(first.kind, "handed_over");
  assert(bench.kept.render?.stalled_s !== undefined);
  const second = await bench.run(aJob({ checkpoint: bench.kept }));
  assertEquals(second.kind, "completed");
  assertEquals(renderer.counts, { speech: 1, begun: 1, deleted: 0 });
});

Deno.test("no voice is bought when too little of the wall clock is left", async () => {
  await using bench = startBench();
  assertEquals((await bench.run(aJob(), { secondsLeft: () => 10 })).kind, "handed_over");
  assertEquals(bench.renderers[0]?.counts.speech, 0);
});

Deno.test("a product without a picture's address fails before anything is bought", async () => {
  await using bench = startBench();
  for (const image_urls of [[], ["file:///etc/passwd", "not an address"]]) {
    const failure = await failureOf(() => bench.run(aJob({ product: { image_urls } })));
    assertEquals([failure.code, failure.retryable], ["image_unavailable", false]);
  }
  assertEquals(bench.renderers[0]?.counts.speech, 0);
});

Deno.test("a profile's voice that is no text is no voice: the provider's own speaks", async () => {
  await using bench = startBench();
  for (const voice of [{ voice: "../x" }, ["x"], 1, null, true]) {
    const outcome = await bench.run(aJob({ profile: { voices: { local: voice } } }));
    assertEquals([voice, outcome.kind], [voice, "completed"]);
  }
});

Deno.test("a voice that is gone from the storage is made again; one that goes while it is kept is only stored again", async () => {
  await using bench = startBench();
  const voices = () => [...bench.storage.objects.keys()].filter((path) => path.endsWith(".mp3"));
  const removeVoices = () => voices().forEach((path) => bench.storage.objects.delete(path));
  assertEquals((await bench.run(aJob())).kind, "completed");
  removeVoices();
  assertEquals((await bench.run(aJob({ checkpoint: structuredClone(bench.kept) }))).kind, "completed");
  assertEquals([bench.renderers[0]?.counts.speech, voices().length], [2, 1]);

  // As a late removal by the sweep meets a retry that bought identical bytes.
  removeVoices();
  const report = (update: ProgressReport) => {
    if (update.checkpoint?.voiceover) removeVoices();
    return Promise.resolve();
  };
  assertEquals((await bench.run(aJob(), { report })).kind, "completed");
  assertEquals([bench.renderers[0]?.counts.speech, voices().length], [3, 1]);
});

Deno.test("a voice that goes before the renderer has fetched it is made again by the next attempt", async () => {
  await using bench = startBench();
  const renderer = bench.renderers[0];
  assert(renderer);
  renderer.mode = "queued";
  const failing = failureOf(() => bench.run(aJob()));
  await eventually(() => renderer.counts.begun === 1);
  bench.storage.objects.clear();
  renderer.mode = "well";
  const failure = await failing;
  assertEquals([failure.code, failure.retryable], ["storage_unavailable", true]);
  assertEquals((await bench.run(aJob({ checkpoint: bench.kept }))).kind, "completed");
  assertEquals(renderer.counts.speech, 2);
});

Deno.test("rows of a batch, whose ids begin alike, go to the renderers in turn", async () => {
  await using bench = startBench({ renderers: 2 });
  for (let position = 0; position < 4; position++) {
    const job_id = `01a20a73-3542-7c24-9b1f-10${position}b96216313`;
    await bench.run({ ...aJob({ product: { title: `Mug ${position}` } }), job_id, position });
  }
  assertEquals(bench.renderers.map((renderer) => renderer.counts.begun), [2, 2]);
});

Deno.test("a busy renderer is passed over, and all busy is busy with the shortest wait", async () => {
  await using bench = startBench({ renderers: 2 });
  const [one, two] = bench.renderers;
  assert(one && two);
  await bench.run(aJob());
  const took = one.counts.begun === 1 ? one : two;
  const other = took === one ? two : one;
  took.mode = "busy";
  await bench.run(aJob({ product: { title: "Other" } }));
  assertEquals(other.counts.begun, 1);
  assertEquals(bench.kept.render?.renderer_url, other.origin);
  other.mode = "busy";
  const failure = await failureOf(() => bench.run(aJob({ product: { title: "Third" } })));
  assertEquals([failure.code, failure.retryable, failure.busy, failure.retryAfterS], [
    "renderer_unavailable",
    true,
    true,
    2,
  ]);
});

Deno.test("a renderer or a storage that is away is a transient failure", async () => {
  await using bench = startBench();
  const renderer = bench.renderers[0];
  assert(renderer);
  renderer.mode = "away";
  const failure = await failureOf(() => bench.run(aJob()));
  assertEquals([failure.code, failure.retryable, failure.busy], ["renderer_unavailable", true, false]);
  renderer.mode = "well";
  bench.storage.away = true;
  const other = await failureOf(() => bench.run(aJob()));
  assertEquals([other.code, other.retryable], ["storage_unavailable", true]);
});

Deno.test("a failed render fails with the renderer's code, and the next attempt starts it again", async () => {
  await using bench = startBench();
  const renderer = bench.renderers[0];
  assert(renderer);
  renderer.failure = { code: "image_invalid", message: "Picture 1 is no picture.", retryable: false };
  const failure = await failureOf(() => bench.run(aJob()));
  assertEquals([failure.code, failure.message, failure.retryable], [
    "image_invalid",
    "Picture 1 is no picture.",
    false,
  ]);
  renderer.failure = null;
  assertEquals((await bench.run(aJob({ checkpoint: bench.kept }))).kind, "completed");
  assertEquals(renderer.counts, { speech: 1, begun: 2, deleted: 0 });
});

Deno.test("a render that runs without progress for ten minutes fails; one that waits in the queue does not", async () => {
  await using bench = startBench();
  const renderer = bench.renderers[0];
  assert(renderer);
  let skewMs = 0;
  const clock = {
    now: () => Date.now() + skewMs,
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 20))),
  };
  const quick = {
    clock,
    secondsLeft: () => renderer.calls.filter((call) => call.startsWith("GET")).length > 1 ? 1 : 100,
  };
  renderer.mode = "queued";
  const queued = bench.run(aJob(), quick);
  await eventually(() => renderer.counts.begun === 1);
  skewMs = 700_000;
  assertEquals((await queued).kind, "handed_over");
  renderer.mode = "stuck";
  await eventually(() => [...renderer.renders.values()][0]?.state.status === "running");
  const stuck = failureOf(() => bench.run(aJob({ checkpoint: bench.kept }), { clock }));
  const before = renderer.calls.length;
  await eventually(() => renderer.calls.length >= before + 2);
  skewMs = 1_500_000;
  const failure = await stuck;
  assertEquals([failure.code, failure.retryable], ["render_failed", false]);
  assertEquals(renderer.counts.deleted, 1);
});

Deno.test("a lease that is voided cancels the render; one that ran out leaves it to the newer attempt", async () => {
  for (const ranOut of [false, true]) {
    await using bench = startBench();
    const renderer = bench.renderers[0];
    assert(renderer);
    renderer.mode = "stuck";
    let skewMs = 0;
    const lost = new AbortController();
    const clock = { now: () => Date.now() + skewMs, sleep: () => Promise.resolve() };
    const ending = assertRejects(() => bench.run(aJob(), { clock, signal: lost.signal }));
    await eventually(() => renderer.calls.some((call) => call.startsWith("GET")));
    if (ranOut) skewMs = 60_000;
    lost.abort(new LeaseLost());
    assert(await ending instanceof LeaseLost);
    assertEquals(renderer.counts.deleted, ranOut ? 0 : 1);
  }
});

Deno.test("an AI's script is said without the sentences whose figures are not the product's, at a logged cost", async () => {
  const ai = startAi();
  ai.script = "O lampă bună. Economisești 70%. Acum 49,99 lei. Cumpără azi.";
  try {
    await using bench = startBench({ aiOrigin: ai.origin });
    await bench.run(aJob({ options: { voiceover_mode: "elaborate" } }));
    assertEquals(bench.renderers[0]?.spoken, ["O lampă bună. Acum 49,99 lei. Cumpără azi."]);
    const line = bench.log.find(({ event }) => event === "script_written");
    assert(Number(line?.fields.cost_usd) > 0);
    await bench.run(aJob({ options: { voiceover_mode: "elaborate" }, checkpoint: bench.kept }));
    assertEquals(ai.calls.length, 1);
  } finally {
    await ai.stop();
  }
});
