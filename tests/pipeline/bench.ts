// A pipeline on real HTTP: storage, renderer and speech services are stand-ins with their wire formats.

import { createClient } from "@supabase/supabase-js";
import type { Checkpoint, ClaimedJob, JobOutcome } from "../../supabase/functions/_shared/contracts/jobs.ts";
import { systemClock } from "../../supabase/functions/_shared/clock.ts";
import { makeVideo } from "../../supabase/functions/_shared/pipeline/make_video.ts";
import type {
  PipelinePorts,
  ProgressReport,
  ScriptInput,
} from "../../supabase/functions/_shared/pipeline/ports.ts";
import { createScriptWriter } from "../../supabase/functions/_shared/providers/ai_scripts.ts";
import { createSpeechProvider } from "../../supabase/functions/_shared/providers/speech.ts";
import { createRendererClient } from "../../supabase/functions/_shared/renderer_client.ts";
import { createVideoStorage } from "../../supabase/functions/_shared/storage.ts";
import { type RendererFake, startRendererFake } from "../fakes/renderer.ts";
import { BATCH_OPTIONS } from "../support/batch_options.ts";
import { startStorage, type StorageFake } from "../fakes/storage.ts";

export interface Bench extends AsyncDisposable {
  storage: StorageFake;
  renderers: RendererFake[];
  reports: ProgressReport[];
  /** What the row would hold: the top-level keys of every checkpoint. */
  kept: Checkpoint;
  log: { event: string; fields: Record<string, unknown> }[];
  run(job: ClaimedJob, ports?: Partial<PipelinePorts>): Promise<JobOutcome>;
}

/** Starts the stand-ins. */
export function startBench(
  options: { renderers?: number; aiOrigin?: string; edgeOrigin?: string; elevenlabsOrigin?: string } = {},
): Bench {
  const storage = startStorage();
  const renderers = Array.from({ length: options.renderers ?? 1 }, () => startRendererFake());
  const client = createClient(storage.origin, "secret-key", {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const rendererClient = createRendererClient({
    origins: renderers.map((renderer) => renderer.origin),
    secret: "renderer-secret",
  });
  const line = (event: string, fields: Record<string, unknown> = {}) =>
    void bench.log.push({ event, fields });
  const ai = options.aiOrigin ?? null;
  const bench: Bench = {
    storage,
    renderers,
    reports: [],
    kept: {},
    log: [],
    run: (job, ports = {}) =>
      makeVideo(job, {
        report(update) {
          bench.reports.push(update);
          Object.assign(bench.kept, structuredClone(update.checkpoint ?? {}));
          return Promise.resolve();
        },
        signal: new AbortController().signal,
        secondsLeft: () => 100,
        wallClockS: 150,
        storage: createVideoStorage({ client, publicUrl: storage.origin }),
        renderers: rendererClient,
        speech: (provider) =>
          createSpeechProvider(provider, {
            renderers: rendererClient,
            edgeUrl: options.edgeOrigin ?? null,
            elevenlabsUrl: options.elevenlabsOrigin ?? null,
            elevenlabsApiKey: "key",
          }),
        scripts: (provider) =>
          createScriptWriter(provider, {
            keys: { gemini: "key", claude: "key" },
            origins: { gemini: ai, claude: ai },
          }),
        clock: systemClock,
        log: { info: line, warn: line, error: line },
        ...ports,
      }),
    async [Symbol.asyncDispose]() {
      for (const service of [storage, ...renderers]) await service[Symbol.asyncDispose]();
    },
  };
  return bench;
}

/** A claimed job of an ordinary product. */
export function aJob(
  changes: {
    product?: Partial<ClaimedJob["product"]>;
    options?: Partial<ClaimedJob["options"]>;
    profile?: Partial<ClaimedJob["profile"]>;
    checkpoint?: unknown;
    run?: number;
    attempt?: number;
  } = {},
): ClaimedJob {
  return {
    job_id: "11111111-1111-4111-8111-111111111111",
    batch_id: "22222222-2222-4222-8222-222222222222",
    profile_id: "33333333-3333-4333-8333-333333333333",
    product_id: "44444444-4444-4444-8444-444444444444",
    position: 0,
    run: changes.run ?? 1,
    attempt: changes.attempt ?? 1,
    lease_token: "token",
    lease_s: 30,
    options: { ...BATCH_OPTIONS, ...changes.options },
    product: {
      id: "44444444-4444-4444-8444-444444444444",
      title: "Lampă de birou",
      brand: "Lumen",
      description: null,
      price: "49.99",
      sale_price: null,
      currency: "RON",
      image_urls: ["https://shop.example/lamp.jpg"],
      link: null,
      language: "ro",
      ...changes.product,
    },
    profile: {
      name: "Shop",
      template: "product_spotlight",
      primary_color: "#112233",
      accent_color: "#ffcc00",
      font: null,
      voices: {},
      language: null,
      cta_text: null,
      ...changes.profile,
    },
    stage: "script",
    progress: 0,
    checkpoint: changes.checkpoint ?? null,
  };
}

/** What an AI is asked to write from: a lamp of a Romanian shop, for 15 s. */
export const SCRIPT_INPUT: ScriptInput = {
  product: aJob().product,
  language: "ro",
  price: { current: "49,99 lei", old: null },
  ctaText: "Cumpără acum",
  maxWords: 40,
  durationS: 15,
};
