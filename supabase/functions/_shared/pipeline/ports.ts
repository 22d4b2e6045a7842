// What the pipeline needs from outside: every adapter is passed in, none is reached for.

import type { Checkpoint, ClaimedProduct, Stage } from "../contracts/jobs.ts";
import type { AiProvider, TtsProvider } from "../contracts/options.ts";
import type { RenderSpec, RenderState } from "../contracts/render_spec.ts";
import type { Pause, SpeechAnswer, SpeechRequest, SpokenWord } from "../contracts/speech.ts";

/** Wall time in milliseconds, and a sleep that ends early (rejecting with the reason) when the signal aborts. */
export interface Clock {
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** JSON log lines; `event` is a snake_case word. */
export interface Log {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** One report of a worker: raises stage and progress (0..99), keeps what is finished, renews the lease. */
export interface ProgressReport {
  stage: Stage;
  progress: number;
  /** Top-level keys replace those that are kept. */
  checkpoint?: Checkpoint;
}

/** Limits of one outbound call. */
export interface CallOptions {
  signal: AbortSignal;
  timeoutMs: number;
}

/** The bucket of voices and videos. Failures are `JobFailure("storage_unavailable")`. */
export interface VideoStorage {
  /** Uploads without upsert; an object that is there already is fine. */
  put(path: string, file: { bytes: Uint8Array; contentType: string }): Promise<void>;
  /** A URL that takes one upload of this object; null where the object exists already. */
  signUpload(path: string): Promise<string | null>;
  /** A URL that reads this object until it expires, and its bare token. Null where there is no such object. */
  signRead(path: string, expiresInS: number): Promise<{ url: string; token: string } | null>;
  /** Bytes of an object; null where there is none. */
  sizeOf(path: string): Promise<number | null>;
}

/** How a renderer refused or missed a call. `busy`: its queue is full. `away`: network, time-out, 5xx, 401. */
export type RendererTrouble =
  | { kind: "busy"; retryAfterS: number | null }
  | { kind: "away"; reason: string }
  | { kind: "refused"; status: number; code: string; message: string };

/** The renderers behind `RENDERER_URL`. No call throws for what a renderer does; an aborted signal does. */
export interface RendererClient {
  /** At least one origin, in the order configured. */
  readonly origins: readonly string[];
  submit(
    at: { origin: string; renderId: string },
    spec: RenderSpec,
    call: CallOptions,
  ): Promise<RendererTrouble | null>;
  /** `"lost"` is the renderer's 404: submit again. */
  state(
    at: { origin: string; renderId: string },
    call: CallOptions & { waitS: number },
  ): Promise<RenderState | "lost" | RendererTrouble>;
  /** Best effort, never throws. */
  cancel(at: { origin: string; renderId: string }): Promise<void>;
  speak(origin: string, request: SpeechRequest, call: CallOptions): Promise<SpeechAnswer | RendererTrouble>;
}

export interface SpeechInput {
  text: string;
  /** BCP 47. */
  language: string;
  /** A voice of the provider; null: the provider's own choice for the language. */
  voice: string | null;
}

/** A whole recording that was listened to. `words` is empty where the provider gives no timings. */
export interface Speech {
  audio: Uint8Array;
  format: "mp3" | "wav";
  duration_s: number;
  words: SpokenWord[];
  voice: string;
  /** The recording's silences, in order. */
  pauses: Pause[];
}

/** Text in, audio and word timings out. Failures are `JobFailure("voiceover_failed")`. */
export interface SpeechProvider {
  /** Every call costs money. */
  readonly isPaid?: true;
  /** The voice that speaks a language by default; null: the provider cannot, or chooses by itself when `languages` has it. */
  defaultVoice(language: string): string | null;
  /** Whether the provider speaks this language at all. */
  speaks(language: string): boolean;
  speak(input: SpeechInput, call: CallOptions): Promise<Speech>;
}

export interface ScriptInput {
  product: ClaimedProduct;
  /** BCP 47 language to write in. */
  language: string;
  /** The price (and the old one) as they are shown; null where there is none. */
  price: { current: string; old: string | null } | null;
  ctaText: string;
  /** What fits the video, spoken. */
  maxWords: number;
  durationS: number;
}

export interface WrittenScript {
  text: string;
  model: string;
  input_tokens: number;
  output_tokens: number;
  /** Null where the model's price is not known here. */
  cost_usd: number | null;
}

/** Writes a script by AI. Failures are `JobFailure("script_failed")`. */
export interface ScriptWriter {
  write(input: ScriptInput, call: CallOptions): Promise<WrittenScript>;
}

export interface PipelinePorts {
  /** Throws `LeaseLost` when the lease is no longer this worker's. */
  report(update: ProgressReport): Promise<void>;
  /** Aborted when the lease is lost. */
  signal: AbortSignal;
  /** What is left of the isolate's wall clock, less a margin for recording the outcome. */
  secondsLeft(): number;
  /** The isolate's whole wall clock. */
  wallClockS: number;
  storage: VideoStorage;
  renderers: RendererClient;
  speech(provider: TtsProvider): SpeechProvider;
  scripts(provider: AiProvider): ScriptWriter;
  clock: Clock;
  log: Log;
}
