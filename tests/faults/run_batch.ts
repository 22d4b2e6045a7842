// One batch of three in a world, with its faults: a worker process, a proxy around it, and a verdict at the end.

import type { Sql } from "postgres";
import { baseEnvironment } from "../../local/environment.ts";
import { type Isolate, startIsolate } from "../../local/functions_host/isolate.ts";
import { openShop, OPTIONS } from "../database/shop.ts";
import { type Call, type Fault, type FaultProxy, startFaultProxy } from "./fault_proxy.ts";
import { judge, type Verdict } from "./offences.ts";
import type { LostPurchases } from "./purchases.ts";
import { type Parts, PUBLISHABLE_KEY, RENDERER_SECRET, SECRET_KEY } from "./world.ts";

const WORKER = new URL("../../supabase/functions/process-next/index.ts", import.meta.url).href;

/** How a batch's worker is kicked, by batch. */
export type Workers = Map<string, () => Promise<Response>>;

export interface BatchOrder {
  faults: Fault[];
  /** Products at a time. */
  concurrency?: number;
}

export interface Outcome extends Verdict {
  batchId: string;
  calls: Call[];
  /** Faults that struck. */
  struck: number;
  lostPurchases: LostPurchases;
}

export async function runBatch(parts: Parts, { faults, concurrency = 1 }: BatchOrder): Promise<Outcome> {
  const batchId = await openBatch(parts, concurrency);
  const held: { worker: Isolate | null } = { worker: null };
  const ask = async (body: BodyInit): Promise<Response> => {
    if (!held.worker?.isAlive()) held.worker = startWorker(parts, proxy.openOrigins());
    const port = await held.worker.port;
    return await fetch(`http://127.0.0.1:${port}/process-next`, {
      method: "POST",
      headers: { apikey: SECRET_KEY, "content-type": "application/json" },
      body,
    });
  };
  const proxy = startProxy(parts, { faults, ask, kill: () => held.worker?.kill() });
  const kick = () => ask(JSON.stringify({ batch_id: batchId }));
  parts.workers.set(batchId, kick);
  try {
    await kick().then((response) => response.body?.cancel()).catch(() => {});
    const isOver = await waitForEnd(parts.database.sql, { batchId, limitMs: parts.limitMs });
    // What the last product's invocation still does.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await parts.sweepOnce();
    const begunIds = await parts.renderer.begunIds();
    const verdict = await judge(parts.database.sql, { batchId, proxy, begunIds });
    if (!isOver) verdict.offences.unshift("the batch never ended");
    return {
      ...verdict,
      batchId,
      calls: proxy.calls,
      struck: proxy.struck(),
      lostPurchases: proxy.purchases.lost(),
    };
  } finally {
    parts.workers.delete(batchId);
    held.worker?.kill();
    await held.worker?.ended;
    await proxy.stop();
  }
}

async function openBatch({ database, renderer }: Parts, concurrency: number): Promise<string> {
  const shop = await openShop(database.sql, 3);
  await database.sql`
    update public.products set title = 'Lamp ' || external_id, image_urls = ${renderer.pictures}
    where profile_id = ${shop.profileId}`;
  const options = { ...OPTIONS, voiceover_mode: "elaborate", tts_provider: "elevenlabs", concurrency };
  const [row] = await database.service<{ answer: { batch_id: string } }[]>`
    select public.create_batch(${shop.userId}, null, null, ${shop.productIds}::uuid[],
      ${database.service.json(options)}) as answer`;
  return row!.answer.batch_id;
}

function startProxy(
  parts: Parts,
  options: { faults: Fault[]; ask: (body: BodyInit) => Promise<Response>; kill: () => void },
): FaultProxy {
  return startFaultProxy({
    supabase: async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = await request.arrayBuffer();
      if (pathname === "/functions/v1/process-next") return await options.ask(body);
      const init: RequestInit = { method: request.method, headers: request.headers };
      if (body.byteLength > 0) init.body = body;
      return await fetch(`${parts.gatewayOrigin}${pathname}${search}`, init);
    },
    renderer: parts.renderer.origin,
    speech: parts.speechOrigin,
    ai: parts.aiOrigin,
  }, options);
}

function startWorker({ gatewayOrigin }: Parts, origins: Record<string, string>): Isolate {
  return startIsolate(WORKER, {
    environment: {
      ...baseEnvironment(),
      SUPABASE_URL: origins.supabase!,
      PUBLIC_URL: gatewayOrigin,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: PUBLISHABLE_KEY }),
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: SECRET_KEY }),
      RENDERER_URL: origins.renderer!,
      RENDERER_SECRET,
      ELEVENLABS_API_KEY: "key",
      ELEVENLABS_URL: origins.speech!,
      GEMINI_API_KEY: "key",
      GEMINI_URL: origins.ai!,
    },
    wallClockS: 150,
    mark: "faults",
  });
}

async function waitForEnd(
  sql: Sql,
  { batchId, limitMs }: { batchId: string; limitMs: number },
): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    const [row] =
      await sql`select from public.jobs where batch_id = ${batchId} and finished_at is null limit 1`;
    if (!row) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
