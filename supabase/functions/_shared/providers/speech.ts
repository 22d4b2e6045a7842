// The speech providers by name.

import type { TtsProvider } from "../contracts/options.ts";
import type { RendererClient, SpeechProvider } from "../pipeline/ports.ts";
import { createEdgeSpeech } from "./edge_speech.ts";
import { createElevenlabsSpeech } from "./elevenlabs_speech.ts";
import { createLocalSpeech } from "./local_speech.ts";

/** Keys, and origins that stand for the providers' own (null: their own). */
export interface SpeechConfig {
  renderers: RendererClient;
  edgeUrl?: string | null;
  elevenlabsUrl?: string | null;
  elevenlabsApiKey?: string | null;
}

/** A provider without a key fails clearly when it is asked to speak. */
export function createSpeechProvider(provider: TtsProvider, config: SpeechConfig): SpeechProvider {
  switch (provider) {
    case "edge":
      return createEdgeSpeech({ origin: config.edgeUrl ?? null });
    case "elevenlabs":
      return createElevenlabsSpeech({
        origin: config.elevenlabsUrl ?? null,
        apiKey: config.elevenlabsApiKey ?? null,
      });
    case "local":
      return createLocalSpeech(config.renderers);
  }
}
