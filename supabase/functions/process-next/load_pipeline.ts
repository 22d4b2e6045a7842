// The pipeline and its adapters, loaded only by a worker that has a product to make.

import type { SupabaseClient } from "@supabase/supabase-js";
import { JobFailure } from "../_shared/contracts/jobs.ts";
import type { Environment } from "../_shared/environment.ts";
import { makeVideo } from "../_shared/pipeline/make_video.ts";
import { createScriptWriter } from "../_shared/providers/ai_scripts.ts";
import { createSpeechProvider } from "../_shared/providers/speech.ts";
import { createRendererClient } from "../_shared/renderer_client.ts";
import { createVideoStorage } from "../_shared/storage.ts";
import type { RunJobDeps } from "./run_job.ts";

/** The pipeline with the adapters that this environment names. */
export function loadPipeline(
  { environment, client }: { environment: Environment; client: SupabaseClient },
): Awaited<ReturnType<RunJobDeps["loadPipeline"]>> {
  const { rendererUrls, rendererSecret, providerKeys, providerUrls, aiModels, publicUrl } = environment;
  if (rendererUrls.length === 0 || rendererSecret === null) {
    throw new JobFailure(
      "renderer_unavailable",
      "No renderer is set up here (RENDERER_URL, RENDERER_SECRET).",
    );
  }
  const renderers = createRendererClient({ origins: rendererUrls, secret: rendererSecret });
  return {
    makeVideo,
    ports: {
      storage: createVideoStorage({ client, publicUrl }),
      renderers,
      speech: (provider) =>
        createSpeechProvider(provider, {
          renderers,
          edgeUrl: providerUrls.edge,
          elevenlabsUrl: providerUrls.elevenlabs,
          elevenlabsApiKey: providerKeys.elevenlabs,
        }),
      scripts: (provider) =>
        createScriptWriter(provider, { keys: providerKeys, origins: providerUrls, models: aiModels }),
    },
  };
}
