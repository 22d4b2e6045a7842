// A small world to kill workers in: real Postgres, the gateway, real workers as processes, fakes of other people's
// services, a stand-in of the renderer or the real one; the sweep runs as its schedule would, only faster.

import { exportJWK, generateKeyPair } from "jose";
import { join } from "node:path";
import type { Sql } from "postgres";
import type { Configuration } from "../../local/configuration.ts";
import { type ProgramOptions, type Running, startProgram } from "../../local/part.ts";
import { startAi } from "../fakes/ai.ts";
import { startElevenLabs } from "../fakes/elevenlabs.ts";
import { startRendererFake } from "../fakes/renderer.ts";
import { type TestDatabase, withDatabase } from "../support/database.ts";
import { freePortBase } from "../support/stack.ts";
import { type BatchOrder, type Outcome, runBatch, type Workers } from "./run_batch.ts";

export const SECRET_KEY = "sb_secret_faults";
export const PUBLISHABLE_KEY = "sb_publishable_faults";
export const RENDERER_SECRET = "renderer-secret";

export interface WorldOptions {
  renderer: "stand-in" | "real";
  /** Of `private.settings`; lease, back-off and limits are short by default. */
  settings?: Record<string, number>;
  sweepEveryMs?: number;
  /** How long a batch may take before it counts as lost. */
  limitMs?: number;
}

export interface World {
  /** Makes a batch of three with these faults, and looks at what is left. */
  run(order: BatchOrder): Promise<Outcome>;
}

/** What a batch is made in. */
export interface Parts {
  database: TestDatabase;
  gatewayOrigin: string;
  renderer: { origin: string; pictures: string[]; begunIds(): Promise<string[]> };
  speechOrigin: string;
  aiOrigin: string;
  workers: Workers;
  sweepOnce(): Promise<void>;
  limitMs: number;
}

const SETTINGS = {
  lease_s: 2,
  backoff_first_s: 0.1,
  backoff_max_s: 0.5,
  max_active_batches: 1_000_000,
  max_requests_per_minute: 1_000_000,
};

/** Opens a world, hands it over, and takes it down. */
export async function withWorld<T>(options: WorldOptions, use: (world: World) => Promise<T>): Promise<T> {
  return await withDatabase("faults", async (database) => {
    const dataDir = await Deno.makeTempDir({ prefix: "reelbatch-faults-" });
    const print = console.log;
    // Hundreds of workers log what they are made to suffer.
    console.log = (...words) => String(words[0]).startsWith("{") ? undefined : print(...words);
    const ending = new AbortController();
    const ends: (() => Promise<unknown>)[] = [];
    try {
      const parts = await openParts(options, { database, dataDir, ends });
      const sweeping = sweepOn(parts, { everyMs: options.sweepEveryMs ?? 200, signal: ending.signal });
      ends.push(() => sweeping);
      for (const [name, value] of Object.entries({ ...SETTINGS, ...options.settings })) {
        await database.sql`update private.settings set value = ${value} where name = ${name}`;
      }
      return await use({ run: (order) => runBatch(parts, order) });
    } finally {
      console.log = print;
      ending.abort();
      for (const end of ends.reverse()) await end();
      await Deno.remove(dataDir, { recursive: true });
    }
  });
}

async function openParts(
  options: WorldOptions,
  { database, dataDir, ends }: { database: TestDatabase; dataDir: string; ends: (() => Promise<unknown>)[] },
): Promise<Parts> {
  const configuration = await configure(database, dataDir);
  const start = async (program: Omit<ProgramOptions, "configuration">): Promise<Running> => {
    const running = await startProgram({ ...program, configuration });
    ends.push(() => running.stop());
    return running;
  };
  await start({
    name: "gateway",
    program: "local/gateway/main.ts",
    flags: ["--unstable-no-legacy-abort"],
    isReady: (line) => line === "listening",
  });
  const speech = startElevenLabs(), ai = startAi();
  ends.push(() => speech.stop(), () => ai.stop());
  const workers: Workers = new Map();
  let lastSweep = Promise.resolve();
  return {
    database,
    gatewayOrigin: configuration.supabaseUrl,
    renderer: options.renderer === "real" ? await startRenderer(configuration, start) : standInRenderer(ends),
    speechOrigin: speech.origin,
    aiOrigin: ai.origin,
    workers,
    // One after another: a sweep beside another does nothing.
    sweepOnce: () =>
      lastSweep = lastSweep.catch(() => {}).then(() =>
        sweepOnce(database.service, { origin: configuration.supabaseUrl, workers })
      ),
    limitMs: options.limitMs ?? 60_000,
  };
}

async function configure(database: TestDatabase, dataDir: string): Promise<Configuration> {
  const port = freePortBase();
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return {
    dataDir,
    ports: { gateway: port, postgres: 0, renderer: port + 1, functions: port + 2 },
    supabaseUrl: `http://127.0.0.1:${port}`,
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
}

function standInRenderer(ends: (() => Promise<unknown>)[]): Parts["renderer"] {
  const fake = startRendererFake({ secret: RENDERER_SECRET, renderMs: 40 });
  ends.push(() => Promise.resolve(fake[Symbol.asyncDispose]()));
  const pictures = ["https://example.com/a.jpg"];
  return { origin: fake.origin, pictures, begunIds: () => Promise.resolve(fake.begunIds) };
}

/** The real one begins a render once for each that it logs the end of. */
async function startRenderer(
  { dataDir, ports, supabaseUrl }: Configuration,
  start: (program: Omit<ProgramOptions, "configuration">) => Promise<Running>,
): Promise<Parts["renderer"]> {
  await start({
    name: "renderer",
    program: "renderer/main.ts",
    env: {
      PORT: String(ports.renderer),
      RENDERER_SECRET,
      RENDERER_ALLOW_ORIGINS: supabaseUrl,
      RENDERER_DATA_DIR: join(dataDir, "renderer"),
    },
    isReady: (line) => line.includes('"listening"'),
  });
  const names = ["halo_lamp", "fjord_chair", "shore_vase"];
  return {
    origin: `http://127.0.0.1:${ports.renderer}`,
    pictures: names.map((name) => `${supabaseUrl}/samples/pictures/${name}.jpg`),
    async begunIds() {
      const log = await Deno.readTextFile(join(dataDir, "logs", "renderer.log"));
      const ends = log.split("\n").filter((line) => /"render (completed|failed)"/.test(line));
      return ends.map((line) => JSON.parse(line).render_id);
    },
  };
}

/** The schedule: lost leases are taken back, named batches kicked, orphans removed. */
async function sweepOn(
  { sweepOnce }: Parts,
  { everyMs, signal }: { everyMs: number; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await sweepOnce();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

async function sweepOnce(
  service: Sql,
  { origin, workers }: { origin: string; workers: Workers },
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
