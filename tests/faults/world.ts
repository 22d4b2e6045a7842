// A small world to kill workers in: real Postgres, the gateway, real workers as processes, and fakes of other
// people's services; the sweep runs as its schedule would, only faster.

import { exportJWK, generateKeyPair } from "jose";
import type { Sql } from "postgres";
import type { Configuration } from "../../local/configuration.ts";
import { baseEnvironment } from "../../local/environment.ts";
import { type Isolate, startIsolate } from "../../local/functions_host/isolate.ts";
import { createGateway } from "../../local/gateway/app.ts";
import { openPool } from "../../local/gateway/database.ts";
import { startAi } from "../fakes/ai.ts";
import { startElevenLabs } from "../fakes/elevenlabs.ts";
import { startRendererFake } from "../fakes/renderer.ts";
import { openShop, OPTIONS, type Shop } from "../database/shop.ts";
import { type TestDatabase, withDatabase } from "../support/database.ts";
import { type Fault, startFaultProxy } from "./fault_proxy.ts";

const SECRET_KEY = "sb_secret_faults";
const PUBLISHABLE_KEY = "sb_publishable_faults";
const RENDERER_SECRET = "renderer-secret";
const SWEEP_EVERY_MS = 200;
const BATCH_LIMIT_MS = 60_000;
const WORKER = new URL("../../supabase/functions/process-next/index.ts", import.meta.url).href;

/** Lease, back-off and limits as short as the harness needs them. */
const SETTINGS = {
  lease_s: 2,
  backoff_first_s: 0.1,
  backoff_max_s: 0.5,
  max_active_batches: 1000,
  max_requests_per_minute: 100000,
};

/** What is left when a batch of three has ended, whatever was killed on the way. */
export interface Outcome {
  batchId: string;
  calls: { method: string; path: string; target: string }[];
  struck: number;
  /** Offences against what must hold; empty where all held. */
  offences: string[];
}

export interface World {
  /** Makes a batch of three with these faults, and looks at what is left. */
  run(faults: Fault[]): Promise<Outcome>;
}

interface Row {
  id: string;
  position: number;
  status: string;
  started_at: Date;
  error_code: string | null;
  result: { video_path: string; thumbnail_path: string; subtitles_path: string } | null;
}

/** Opens a world, hands it over, and takes it down. */
export async function withWorld<T>(use: (world: World) => Promise<T>): Promise<T> {
  return await withDatabase("faults", async (database) => {
    const dataDir = await Deno.makeTempDir({ prefix: "reelbatch-faults-" });
    const workers = new Map<string, () => Promise<Response>>();
    const print = console.log;
    // Hundreds of workers log what they are made to suffer.
    console.log = (...words) => String(words[0]).startsWith("{") ? undefined : print(...words);
    const ending = new AbortController();
    const gateway = await serveGateway(database, { dataDir, signal: ending.signal });
    const fakes = {
      renderer: startRendererFake({ secret: RENDERER_SECRET, renderMs: 40 }),
      speech: startElevenLabs(),
      ai: startAi(),
    };
    const sweeping = sweepOn(database.service, { origin: gateway.origin, workers, signal: ending.signal });
    try {
      for (const [name, value] of Object.entries(SETTINGS)) {
        await database.sql`update private.settings set value = ${value} where name = ${name}`;
      }
      return await use({
        run: (faults) => runBatch({ database, gatewayOrigin: gateway.origin, fakes, workers }, faults),
      });
    } finally {
      console.log = print;
      ending.abort();
      await sweeping;
      await gateway.close();
      await fakes.renderer[Symbol.asyncDispose]();
      await Promise.all([fakes.speech.stop(), fakes.ai.stop()]);
      await Deno.remove(dataDir, { recursive: true });
    }
  });
}

async function serveGateway(database: TestDatabase, options: { dataDir: string; signal: AbortSignal }) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = (listener.addr as Deno.NetAddr).port;
  listener.close();
  const origin = `http://127.0.0.1:${port}`;
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const configuration: Configuration = {
    dataDir: options.dataDir,
    ports: { gateway: port, postgres: 0, renderer: 0, functions: 0 },
    supabaseUrl: origin,
    databaseUrl: database.adminUrl,
    rendererUrl: "",
    rendererSecret: RENDERER_SECRET,
    publishableKey: PUBLISHABLE_KEY,
    secretKey: SECRET_KEY,
    tokenSecret: "a secret of thirty-two characters.",
    signingKeys: [{ ...await exportJWK(privateKey), kid: "faults", alg: "ES256" }],
    wallClockS: 150,
    handedOn: {},
  };
  const pools = {
    rest: openPool(database.adminUrl, { user: "authenticator", max: 12 }),
    auth: openPool(database.adminUrl, { user: "supabase_auth_admin", max: 1 }),
    storage: openPool(database.adminUrl, { user: "supabase_storage_admin", max: 6 }),
  };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, signal: options.signal, onListen: () => {} },
    createGateway({ configuration, pools }),
  );
  return {
    origin,
    async close() {
      await server.finished;
      await Promise.all(Object.values(pools).map((pool) => pool.end({ timeout: 1 })));
    },
  };
}

/** The schedule: lost leases are taken back, named batches kicked, orphans removed. */
async function sweepOn(
  service: Sql,
  { origin, workers, signal }: {
    origin: string;
    workers: Map<string, () => Promise<Response>>;
    signal: AbortSignal;
  },
): Promise<void> {
  while (!signal.aborted) {
    await sweepOnce(service, { origin, workers });
    await new Promise((resolve) => setTimeout(resolve, SWEEP_EVERY_MS));
  }
}

async function sweepOnce(
  service: Sql,
  { origin, workers }: { origin: string; workers: Map<string, () => Promise<Response>> },
): Promise<void> {
  const [row] = await service<
    { swept: { kick: string[]; orphans: string[] } }[]
  >`select public.sweep() as swept`;
  for (const batchId of row!.swept.kick) {
    workers.get(batchId)?.().then((response) => response.body?.cancel()).catch(() => {});
  }
  for (const path of row!.swept.orphans) {
    const response = await fetch(`${origin}/storage/v1/object/videos/${path}`, {
      method: "DELETE",
      headers: { apikey: SECRET_KEY, authorization: `Bearer ${SECRET_KEY}` },
    });
    await response.body?.cancel();
  }
}

interface Parts {
  database: TestDatabase;
  gatewayOrigin: string;
  fakes: {
    renderer: ReturnType<typeof startRendererFake>;
    speech: ReturnType<typeof startElevenLabs>;
    ai: ReturnType<typeof startAi>;
  };
  workers: Map<string, () => Promise<Response>>;
}

async function openBatch({ database }: Parts): Promise<{ shop: Shop; batchId: string }> {
  const shop = await openShop(database.sql, 3);
  await database.sql`
    update public.products set title = 'Lamp ' || external_id, image_urls = '{https://example.com/a.jpg}'
    where profile_id = ${shop.profileId}`;
  const options = { ...OPTIONS, voiceover_mode: "elaborate", tts_provider: "elevenlabs" };
  const [row] = await database.service<{ answer: { batch_id: string } }[]>`
    select public.create_batch(${shop.userId}, null, null, ${shop.productIds}::uuid[],
      ${database.service.json(options)}) as answer`;
  return { shop, batchId: row!.answer.batch_id };
}

async function runBatch(parts: Parts, faults: Fault[]): Promise<Outcome> {
  const { shop, batchId } = await openBatch(parts);
  const held: { worker: Isolate | null } = { worker: null };
  const ask = async (body: BodyInit): Promise<Response> => {
    if (!held.worker?.isAlive()) held.worker = startWorker(parts, proxy.origins);
    const port = await held.worker.port;
    return await fetch(`http://127.0.0.1:${port}/process-next`, {
      method: "POST",
      headers: { apikey: SECRET_KEY, "content-type": "application/json" },
      body,
    });
  };
  const proxy = startFaultProxy({
    supabase: async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = await request.arrayBuffer();
      if (pathname === "/functions/v1/process-next") return await ask(body);
      const init: RequestInit = { method: request.method, headers: request.headers };
      if (body.byteLength > 0) init.body = body;
      return await fetch(`${parts.gatewayOrigin}${pathname}${search}`, init);
    },
    renderer: parts.fakes.renderer.origin,
    speech: parts.fakes.speech.origin,
    ai: parts.fakes.ai.origin,
  }, { faults, purchases: ["speech", "ai"], kill: () => held.worker?.kill() });
  const kick = () => ask(JSON.stringify({ batch_id: batchId }));
  parts.workers.set(batchId, kick);
  try {
    await kick().then((response) => response.body?.cancel()).catch(() => {});
    const isOver = await waitForEnd(parts.database.sql, batchId);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const offences = isOver ? [] : ["the batch never ended"];
    await sweepOnce(parts.database.service, { origin: parts.gatewayOrigin, workers: parts.workers });
    offences.push(
      ...await offencesOf(parts, { shop, batchId, bought: proxy.purchases(), lost: proxy.lostPurchases() }),
    );
    return { batchId, calls: proxy.calls, struck: proxy.struck(), offences };
  } finally {
    parts.workers.delete(batchId);
    held.worker?.kill();
    await proxy.stop();
  }
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

async function waitForEnd(sql: Sql, batchId: string): Promise<boolean> {
  const end = performance.now() + BATCH_LIMIT_MS;
  while (performance.now() < end) {
    const [row] =
      await sql`select from public.jobs where batch_id = ${batchId} and finished_at is null limit 1`;
    if (!row) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function offencesOf(
  { database: { sql } }: Parts,
  { shop, batchId, bought, lost }: { shop: Shop; batchId: string; bought: number; lost: number },
): Promise<string[]> {
  const offences: string[] = [];
  const rows = await sql<Row[]>`select * from public.jobs where batch_id = ${batchId} order by position`;
  for (const row of rows) {
    if (row.status !== "completed") offences.push(`row ${row.position} is ${row.status} (${row.error_code})`);
  }
  const [view] = await sql`select * from public.batch_status where batch_id = ${batchId}`;
  const completed = rows.filter((row) => row.status === "completed").length;
  if (Number(view?.total) !== 3 || Number(view?.completed) !== completed) {
    offences.push(`the view counts ${JSON.stringify(view)}`);
  }
  const starts = rows.map((row) => row.started_at.getTime());
  if (starts.some((at, index) => index > 0 && at < starts[index - 1]!)) offences.push("claimed out of order");
  // A script and a voice for each of three products.
  if (bought > 6 + lost || bought < 6) offences.push(`${bought} purchases, of which ${lost} were lost`);
  const leases = await sql`select from private.leases where batch_id = ${batchId}`;
  if (leases.length > 0) offences.push(`${leases.length} leases are left`);
  const named = rows.flatMap(({ result }) =>
    result ? [result.video_path, result.thumbnail_path, result.subtitles_path] : []
  );
  const voices = await sql<{ path: string }[]>`
    select c.data -> 'voiceover' ->> 'path' as path from private.checkpoints c
    join public.jobs j on j.id = c.job_id where j.batch_id = ${batchId}`;
  const expected = new Set([...named, ...voices.map(({ path }) => path)]);
  const objects = await sql<{ name: string }[]>`
    select name from storage.objects where bucket_id = 'videos' and name like ${shop.profileId + "/%"}`;
  for (const { name } of objects) if (!expected.has(name)) offences.push(`leftover object ${name}`);
  for (const name of expected) {
    if (!objects.some((object) => object.name === name)) offences.push(`missing object ${name}`);
  }
  return offences;
}
