// What is kept with a row of the stages that are finished.

import { z } from "zod";
import { Caption, RenderResult } from "./render_spec.ts";
import { Pause, SpokenWord } from "./speech.ts";

/** A finished stage is kept with the hash of its inputs; it is used again only while that hash is the same. */
export const Checkpoint = z.object({
  script: z.object({ hash: z.string(), text: z.string(), source: z.enum(["template", "ai"]) }).optional(),
  voiceover: z.object({
    hash: z.string(),
    path: z.string(),
    format: z.enum(["mp3", "wav"]),
    duration_s: z.number(),
    words: z.array(SpokenWord),
    pauses: z.array(Pause).optional(),
    voice: z.string(),
  }).optional(),
  /** Recordings of no use that this run has bought. */
  spoilt: z.object({ run: z.number().int(), count: z.number().int() }).optional(),
  subtitles: z.object({
    hash: z.string(),
    start_s: z.number(),
    tempo: z.number(),
    cut_at_s: z.number().nullable(),
    captions: z.array(Caption),
  }).optional(),
  /** `stalled_s`: how long it has run at `progress` already, as the workers before saw it. */
  render: z.object({
    run: z.number().int(),
    render_id: z.string(),
    renderer_url: z.string(),
    progress: z.number().optional(),
    stalled_s: z.number().optional(),
    /** What the renderer said of the files before it uploaded them. */
    result: RenderResult.optional(),
  }).optional(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;
