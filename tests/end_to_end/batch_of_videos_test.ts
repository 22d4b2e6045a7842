// The main job on real parts: real functions, real Postgres, the real renderer, over HTTP as a shop's frontend does it.

import { join } from "node:path";
import { assert, assertEquals, eventually } from "../assert.ts";
import {
  absentProducts,
  type Answer,
  type Caller,
  connect,
  createBatch,
} from "../functions/stack_support.ts";
import { descendantsOf, survivors } from "../renderer/support.ts";
import { stopSharedStack } from "../support/stack.ts";
import { framePixels, loudness, probeVideo } from "../support/video_probe.ts";
import { pidsOf } from "./trial.ts";

Deno.test.afterAll(stopSharedStack);

const OPTIONS = { tts_provider: "local", duration_s: 15 };
const RENDER_TIMEOUT_MS = 150_000;

async function ended(caller: Caller, batchId: string): Promise<Answer["body"]> {
  return await eventually(async () => {
    const { body } = await caller.call("GET", `/batch-status/${batchId}`);
    return body.status === "processing" ? null : body;
  }, { timeoutMs: RENDER_TIMEOUT_MS, everyMs: 500, what: "the batch ends" });
}

async function download(url: string): Promise<string> {
  const response = await fetch(url);
  assertEquals(response.status, 200);
  const path = await Deno.makeTempFile({ suffix: ".mp4" });
  await Deno.writeFile(path, new Uint8Array(await response.arrayBuffer()));
  return path;
}

/** Every line of a job says whose it is; the ends of stages and attempts say how long they took. */
// deno-lint-ignore no-explicit-any
async function assertLogged({ stack }: Caller, batch: any): Promise<void> {
  if (!stack.dataDir) return;
  const text = await Deno.readTextFile(join(stack.dataDir, "logs", "functions.log"));
  const objects = text.split("\n").map((line) => line.slice(line.indexOf("{")));
  const lines = objects.filter((line) => line.includes(batch.batch_id) && line.includes(`"job_id"`))
    .map((line) => JSON.parse(line));
  for (const row of batch.product_jobs.filter((each: { status: string }) => each.status === "completed")) {
    const own = lines.filter(({ job_id }) => job_id === row.job_id);
    for (const line of own) {
      assertEquals([line.batch_id, typeof line.run, typeof line.attempt], [
        batch.batch_id,
        "number",
        "number",
      ], JSON.stringify(line));
    }
    const timed = own.filter(({ event }) => event === "stage_finished" || event === "job_ended");
    assert(timed.every(({ stage, duration_ms }) => stage && duration_ms >= 0), JSON.stringify(timed));
    const stages = new Set(timed.map(({ stage }) => stage));
    for (const stage of ["script", "voiceover", "subtitles", "render"]) {
      assert(stages.has(stage), `${stage} is not among ${[...stages]}`);
    }
  }
}

async function addProduct(caller: Caller, imageUrls: string[]): Promise<string> {
  const { data: profile } = await caller.stack.demo.from("profiles").select("id").eq("is_default", true)
    .single();
  const { data, error } = await caller.stack.demo.from("products").insert({
    profile_id: profile!.id,
    external_id: crypto.randomUUID(),
    title: "Repaired later",
    price: 20,
    currency: "EUR",
    image_urls: imageUrls,
  }).select("id").single();
  if (error) throw error;
  return data.id;
}

async function samplePicture(caller: Caller): Promise<string> {
  const { data, error } = await caller.stack.demo.from("products").select("image_urls").in(
    "id",
    caller.products,
  );
  if (error) throw error;
  return data.flatMap(({ image_urls }) => image_urls as string[])[0]!;
}

Deno.test("a batch becomes videos that play, and what fails fails alone; a repaired product is retried alone", async () => {
  const caller = await connect();
  const picture = caller.stack.env.SUPABASE_URL + "/samples/pictures/absent.jpg";
  const broken = await addProduct(caller, [picture]);
  const [first, second] = caller.products as [string, string];
  const [absent] = absentProducts(1) as [string];
  const batchId = await createBatch(caller, { product_ids: [first, broken, absent, second], ...OPTIONS });

  const seen = new Map<string, number>();
  const watched = await eventually(async () => {
    const { body } = await caller.call("GET", `/batch-status/${batchId}`);
    const rows = body.product_jobs as { product_id: string; status: string; progress: string }[];
    assert(rows.filter((row) => row.status === "processing").length <= 1, "never two at a time");
    for (const row of rows) {
      assert(/^\d{1,3}$/.test(row.progress) && Number(row.progress) >= (seen.get(row.product_id) ?? 0));
      seen.set(row.product_id, Number(row.progress));
    }
    return body.status === "processing" ? null : body;
  }, { timeoutMs: RENDER_TIMEOUT_MS, everyMs: 250, what: "the batch ends" });

  assertEquals([watched.status, watched.outcome], ["completed", "completed_with_errors"]);
  assertEquals([watched.total, watched.completed, watched.failed], [4, 2, 2]);
  const rows = watched.product_jobs;
  assertEquals(rows.map((row: { error_code: string | null }) => row.error_code), [
    null,
    "image_unavailable",
    "product_not_found",
    null,
  ]);
  const starts = rows.map((row: { started_at: string }) => Date.parse(row.started_at));
  assertEquals(starts, [...starts].sort((a: number, b: number) => a - b));
  for (const row of [rows[0], rows[3]]) {
    const path = await download(row.result.video_url);
    const probe = await probeVideo(path);
    assertEquals([probe.video.width, probe.video.height], [1080, 1920]);
    assert(Math.abs(row.result.duration_s - 15) < 0.1);
    assert((await loudness(path)).integrated_lufs > -16);
    const size = { width: 108, height: 192 };
    const [early, late] = [
      await framePixels(path, { at_s: 3, ...size }),
      await framePixels(path, { at_s: 3.5, ...size }),
    ];
    assert(early.some((byte, index) => byte !== late[index]), "something moves");
    assertEquals((await fetch(row.result.thumbnail_url)).headers.get("content-type"), "image/jpeg");
  }

  const before = rows[0].result.video_url;
  await caller.stack.demo.from("products").update({ image_urls: [await samplePicture(caller)], price: 35 })
    .eq("id", broken);
  const retried = await caller.call("POST", `/batch-generate/${batchId}/retry`, {
    body: { product_ids: [broken] },
  });
  assertEquals([retried.status, retried.body.requeued], [202, 1]);
  const after = await ended(caller, batchId);
  assertEquals([after.completed, after.failed], [3, 1]);
  assertEquals(after.product_jobs[0].result.video_url, before);
  const subtitles = await (await fetch(after.product_jobs[1].result.subtitles_url)).text();
  assert(/35/.test(subtitles) && !/20/.test(subtitles.replace(/.*-->.*/g, "")), subtitles);
  await assertLogged(caller, after);
  assertEquals((await caller.call("DELETE", `/batch-generate/${batchId}`)).status, 204);
  await eventually(async () => {
    const [{ count }] = await caller.stack.sql`
      select count(*)::int as count from storage.objects where bucket_id = 'videos'` as unknown as [
      { count: number },
    ];
    return count === 0;
  }, { timeoutMs: 30_000, what: "a deleted batch's objects are gone" });
});

Deno.test("a cancel in the middle of a render ends its ffmpeg within 5 s; what was completed stays and plays", async () => {
  const caller = await connect();
  const product_ids = caller.products.slice(0, 2);
  const batchId = await createBatch(caller, { product_ids, ...OPTIONS, concurrency: 1 });
  const look = async () => (await caller.call("GET", `/batch-status/${batchId}`)).body;
  await eventually(async () => (await look()).completed === 1, {
    timeoutMs: RENDER_TIMEOUT_MS,
    everyMs: 200,
    what: "the first is completed",
  });
  const working = await eventually(async () => {
    const family = (await Promise.all((await pidsOf(caller, "renderer")).map(descendantsOf))).flat();
    const isRendering = family.some(({ name }) => name.startsWith("ffmpeg"));
    return isRendering && Number((await look()).product_jobs[1].progress) > 50 ? family : null;
  }, { timeoutMs: RENDER_TIMEOUT_MS, everyMs: 50, what: "ffmpeg works for the second" });

  const cancelled = await caller.call("POST", `/batch-generate/${batchId}/cancel`, { body: {} });
  assertEquals(cancelled.status, 202);
  await eventually(async () => {
    return (await survivors(working)).every(({ name }) => !name.startsWith("ffmpeg"));
  }, { timeoutMs: 5_000, what: "ffmpeg is gone" });

  const body = await look();
  assertEquals([body.status, body.completed, body.cancelled], ["cancelled", 1, 1]);
  const [kept, ended] = body.product_jobs;
  assertEquals([kept.status, ended.status, ended.result], ["completed", "cancelled", null]);
  const probe = await probeVideo(await download(kept.result.video_url));
  assertEquals([probe.video.width, probe.video.height], [1080, 1920]);
});
