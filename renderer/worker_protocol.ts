// The lines that a render's process and the service exchange: JSON, one a line.

import { z } from "zod";
import { RenderResult, RenderSpec } from "../supabase/functions/_shared/contracts/render_spec.ts";
import { JOB_ERROR_CODES } from "../supabase/functions/_shared/contracts/jobs.ts";

/** To the worker, first line: what to make, and where. */
export const RenderOrder = z.object({
  type: z.literal("render"),
  spec: RenderSpec,
  /** Scratch folder of this render alone; the service removes it. */
  workFolder: z.string(),
  /** The finished files are published here by one rename; already there: they are only uploaded. */
  finishedFolder: z.string(),
  ffmpegPath: z.string(),
  allowOrigins: z.array(z.string()),
});
export type RenderOrder = z.infer<typeof RenderOrder>;

/** To the worker, later lines: fresh upload URLs. */
export const FreshUploads = z.object({ type: z.literal("uploads"), uploads: RenderSpec.shape.uploads });

/** From the worker. */
export const WorkerReport = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("progress"),
    progress: z.number().min(0).max(100),
    /** From the moment that the files are made: their uploads come after it. */
    result: RenderResult.optional(),
  }),
  z.object({ type: z.literal("completed"), result: RenderResult }),
  z.object({
    type: z.literal("failed"),
    error: z.object({ code: z.enum(JOB_ERROR_CODES), message: z.string(), retryable: z.boolean() }),
    /** For the log. */
    cause: z.string(),
  }),
]);
export type WorkerReport = z.infer<typeof WorkerReport>;

/** The three files of a finished render, by their names in its folder. */
export const FINISHED_FILES = {
  video: { name: "video.mp4", contentType: "video/mp4" },
  thumbnail: { name: "thumbnail.jpg", contentType: "image/jpeg" },
  subtitles: { name: "subtitles.srt", contentType: "application/x-subrip" },
} as const;

/** Beside the files: what the render says of them, and whether they are stored. */
export const FinishedRender = z.object({ result: RenderResult, uploaded: z.boolean() });
export type FinishedRender = z.infer<typeof FinishedRender>;
export const FINISHED_STATE = "state.json";
