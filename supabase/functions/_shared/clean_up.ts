// What a cancelled or deleted batch leaves elsewhere: renders that still run, objects that nobody owns.

import type { SupabaseClient } from "@supabase/supabase-js";
import type { Log } from "./log.ts";

/** A render that was submitted, and where. */
export interface SubmittedRender {
  renderer_url: string;
  render_id: string;
}

/** Best effort: the worker stops its render by itself, and the sweep names objects that stay. */
export interface CleanUp {
  stopRenders(renders: SubmittedRender[], log: Log): Promise<void>;
  removeObjects(paths: string[], log: Log): Promise<void>;
}

const BUCKET = "videos";
const TIMEOUT_MS = 5_000;
const ATTEMPTS = 3;
/** Storage takes a thousand paths a call. */
const PATHS_PER_CALL = 500;

async function tryOften(run: () => Promise<string | null>): Promise<string | null> {
  let trouble: string | null = null;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    trouble = await run().catch((error) => error instanceof Error ? error.name : "Error");
    if (trouble === null) return null;
    if (attempt < ATTEMPTS) await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
  }
  return trouble;
}

/** The renderers' secret goes to configured renderers only, whatever address a row names. */
export function createCleanUp(
  deps: {
    storage: SupabaseClient["storage"];
    rendererUrls: string[];
    rendererSecret: string | null;
    fetch: typeof fetch;
  },
): CleanUp {
  async function stopRender({ renderer_url, render_id }: SubmittedRender): Promise<string | null> {
    const response = await deps.fetch(`${renderer_url}/v1/renders/${encodeURIComponent(render_id)}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${deps.rendererSecret}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok || response.status === 404 ? null : `HTTP ${response.status}`;
  }
  return {
    async stopRenders(renders, log) {
      const known = renders.filter(({ renderer_url }) => deps.rendererUrls.includes(renderer_url));
      await Promise.all(known.map(async (render) => {
        const trouble = await tryOften(() => stopRender(render));
        if (trouble !== null) log.warn("render_not_stopped", { render_id: render.render_id, trouble });
      }));
    },
    async removeObjects(paths, log) {
      for (let start = 0; start < paths.length; start += PATHS_PER_CALL) {
        const trouble = await tryOften(async () => {
          const { error } = await deps.storage.from(BUCKET).remove(
            paths.slice(start, start + PATHS_PER_CALL),
          );
          return error?.message ?? null;
        });
        if (trouble !== null) log.warn("objects_not_removed", { count: paths.length - start, trouble });
      }
    },
  };
}
