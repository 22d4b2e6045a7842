// Batches of real videos in a benchmark's stack: the sample shop, one batch to its end, the same work without the system.

import { createClient } from "@supabase/supabase-js";
import { importFeed, readFeed } from "../../feeds/import.ts";
import { openShop } from "../../tests/database/shop.ts";
import type { Owner } from "./chain_run.ts";
import { covered, makeAlone, type ProductWork } from "./renderers.ts";
import { type BenchStack, callFunction } from "./stack.ts";

const FEED = new URL("../../samples/feed.xml", import.meta.url);
/** Each look takes the processor from a render for a moment. */
const LOOK_EVERY_MS = 100;
const PRODUCT_LIMIT_MS = 180_000;

/** The owner of the first products of the sample shop. */
export async function openSampleOwner(stack: BenchStack, productCount: number): Promise<Owner> {
  const { userId, profileId } = await openShop(stack.sql, 0);
  const token = await stack.signToken(userId);
  const client = createClient(stack.origin, stack.publishableKey, {
    accessToken: () => Promise.resolve(token),
  });
  const { products } = readFeed(await Deno.readFile(FEED), `${stack.origin}/samples/feed.xml`);
  const { problems } = await importFeed({ client, profileId, items: products });
  if (problems.length > 0) throw new Error(`the sample shop was refused: ${JSON.stringify(problems)}`);
  const rows = await stack.sql<{ id: string }[]>`
    select id from public.products where profile_id = ${profileId} order by external_id limit ${productCount}`;
  if (rows.length < productCount) throw new Error(`the sample shop has only ${rows.length} products`);
  return { token, productIds: rows.map(({ id }) => id) };
}

/** A batch that is done. */
export interface VideoRun {
  batchId: string;
  wallMs: number;
  /** Of the wall, how long neither a voice nor a render was under way. */
  idleMs: number;
  work: ProductWork[];
}

/** Posts a batch and waits until its last video is stored. */
export async function makeBatch(
  stack: BenchStack,
  { owner, seconds, concurrency }: { owner: Owner; seconds: number; concurrency: number },
): Promise<VideoRun> {
  const { recorded } = stack;
  for (const list of Object.values(recorded)) list.length = 0;
  const { token, productIds } = owner;
  const start = performance.now();
  const body = { product_ids: productIds, tts_provider: "local", duration_s: seconds, concurrency };
  const response = await callFunction(stack, "batch-generate", { token, body, expected: 202 });
  const { batch_id: batchId } = await response.json();
  await untilDone(stack, { batchId, limitMs: PRODUCT_LIMIT_MS * productIds.length });
  const wallMs = performance.now() - start;
  const rows = await stack.sql`select status, error from public.jobs where batch_id = ${batchId}`;
  const failed = rows.filter(({ status }) => status !== "completed");
  if (failed.length > 0) throw new Error(`a video was not made: ${failed[0]!.error}`);
  const { speeches, specs } = recorded;
  const count = productIds.length;
  if (speeches.length !== count || specs.length !== count) {
    throw new Error(`${speeches.length} voices and ${specs.length} renders were asked for, not ${count}`);
  }
  const work = specs.map((spec, index) => ({ spec, speech: speeches[index]! }));
  return { batchId, wallMs, idleMs: wallMs - covered(recorded.underWay), work };
}

/** Asks the database itself: no poll takes the processor from a render. */
async function untilDone(
  { sql }: BenchStack,
  { batchId, limitMs }: { batchId: string; limitMs: number },
): Promise<void> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    const [open] = await sql`
      select from public.jobs where batch_id = ${batchId} and finished_at is null limit 1`;
    if (!open) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error("the batch did not end");
}

/** The same voices and renders with nothing around them, `parallel` at once, on the renderers in turn. */
export async function makeAllAlone(
  stack: BenchStack,
  { work, parallel }: { work: ProductWork[]; parallel: number },
): Promise<{ wallMs: number; voiceMs: number; renderMs: number }> {
  const left = [...work];
  const sums = { voiceMs: 0, renderMs: 0 };
  const start = performance.now();
  await Promise.all(Array.from({ length: parallel }, async (_, lane) => {
    const { origin } = stack.renderers[lane % stack.renderers.length]!;
    for (let next = left.shift(); next; next = left.shift()) {
      const { voiceMs, renderMs } = await makeAlone(next, { origin, secret: stack.rendererSecret });
      sums.voiceMs += voiceMs;
      sums.renderMs += renderMs;
    }
  }));
  return { wallMs: performance.now() - start, ...sums };
}
