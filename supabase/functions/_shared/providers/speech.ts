// Which adapter speaks for which provider; each is loaded only by the product that uses it.

import type { TtsProvider } from "../contracts/options.ts";
import { JobFailure } from "../contracts/jobs.ts";
import type { RendererClient, SpeechProvider } from "../pipeline/ports.ts";
import { createEdgeSpeech } from "./edge_speech.ts";
import { createElevenLabsSpeech } from "./elevenlabs_speech.ts";
import { createLocalSpeech } from "./local_speech.ts";

/** The speech provider of a batch's options; `origins` stand for the providers' own. */
export function createSpeechProvider(
  provider: TtsProvider,
  options: {
    renderers: RendererClient;
    keys: { elevenlabs: string | null };
    origins: { edge: string | null; elevenlabs: string | null };
  },
): SpeechProvider {
  if (provider === "edge") return createEdgeSpeech({ origin: options.origins.edge });
  if (provider === "local") return createLocalSpeech(options.renderers);
  const apiKey = options.keys.elevenlabs;
  if (!apiKey) throw new JobFailure("voiceover_failed", "ElevenLabs has no key here.");
  return createElevenLabsSpeech({ apiKey, origin: options.origins.elevenlabs });
}
