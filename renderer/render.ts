// One render as the service knows it: its state, its process, and those who wait for its news.

import type { RenderSpec, RenderState } from "../supabase/functions/_shared/contracts/render_spec.ts";
import { createNews, type News } from "./news.ts";
import type { RenderProcess } from "./render_process.ts";

export interface Render {
  readonly id: string;
  readonly news: News;
  spec: RenderSpec;
  status: RenderState["status"];
  progress: number;
  error: RenderState["error"];
  result: RenderState["result"];
  /** When somebody last asked after it, in milliseconds. */
  askedAt: number;
  startedAt: number;
  process: RenderProcess | null;
  /** Resolved when its run is over and its scratch files are gone; null: it never ran. */
  ending: Promise<void> | null;
}

/** A queued render. */
export function createRender(id: string, spec: RenderSpec, askedAt: number): Render {
  return {
    id,
    news: createNews(),
    spec,
    status: "queued",
    progress: 0,
    error: null,
    result: null,
    askedAt,
    startedAt: 0,
    process: null,
    ending: null,
  };
}

/** Changes a render and tells those who wait. */
export function change(render: Render, changes: Partial<Omit<Render, "id" | "news">>): void {
  Object.assign(render, changes);
  render.news.tell();
}

/** Completed, failed or cancelled. */
export function isFinal(render: Render): boolean {
  return render.status !== "queued" && render.status !== "running";
}

/** What callers are told. */
export function stateOf(render: Render): RenderState {
  const { status, error, result } = render;
  return {
    render_id: render.id,
    status,
    progress: Math.round(render.progress * 10) / 10,
    ...(error ? { error } : {}),
    ...(result ? { result } : {}),
  };
}
