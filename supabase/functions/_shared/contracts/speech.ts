// Speech: one interface for every voice, and the wire shape of the renderer's offline voice.

import { z } from "zod";

/** A word as the voice timed it, in seconds of the recording; `text` as the provider names it. */
export const SpokenWord = z.object({
  text: z.string(),
  start_s: z.number().min(0),
  end_s: z.number().min(0),
});
export type SpokenWord = z.infer<typeof SpokenWord>;

/** A silence within a recording, from and to, in seconds. */
export const Pause = z.tuple([z.number().min(0), z.number().min(0)]);
export type Pause = z.infer<typeof Pause>;

/** Why a failed call may have been paid for: the voice answered, with nothing that can be used. */
export class SpoiltSpeech extends Error {
  override name = "SpoiltSpeech";
}

/** `POST /v1/speech`. `rate` 1 is the voice's own speed. */
export const SpeechRequest = z.strictObject({
  text: z.string().min(1).max(5000),
  language: z.string().min(2).max(35),
  voice: z.string().min(1).max(128).nullish(),
  rate: z.number().min(0.5).max(2).default(1),
});
export type SpeechRequest = z.infer<typeof SpeechRequest>;

/** Its answer, 200. `audio_base64` is a whole file of that format. */
export const SpeechAnswer = z.object({
  format: z.enum(["wav", "mp3"]),
  audio_base64: z.string().min(1),
  duration_s: z.number().positive(),
  words: z.array(SpokenWord),
  voice: z.string(),
});
export type SpeechAnswer = z.infer<typeof SpeechAnswer>;
