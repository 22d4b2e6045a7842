// The offline voice: it lives in the renderer, the first of several that answers speaks.

import { JobFailure } from "../contracts/jobs.ts";
import type { RendererClient, SpeechProvider } from "../pipeline/ports.ts";

/** The offline voice behind the renderers; it chooses its own voice for a language. */
export function createLocalSpeech(renderers: RendererClient): SpeechProvider {
  return {
    defaultVoice: () => null,
    speaks: () => true,
    async speak(input, call) {
      let retryAfterS: number | null = null;
      for (const origin of renderers.origins) {
        const { text, language, voice } = input;
        const answer = await renderers.speak(origin, { text, language, voice, rate: 1 }, call);
        if (!("kind" in answer)) {
          const audio = Uint8Array.from(atob(answer.audio_base64), (character) => character.charCodeAt(0));
          const { format, duration_s, words } = answer;
          return { audio, format, duration_s, words, voice: answer.voice };
        }
        if (answer.kind === "refused") {
          throw new JobFailure("voiceover_failed", "The offline voice cannot speak this text.", {
            cause: new Error(`${answer.status} ${answer.code}: ${answer.message}`),
          });
        }
        if (answer.kind === "busy") retryAfterS = answer.retryAfterS;
      }
      throw new JobFailure(
        "voiceover_failed",
        "The offline voice cannot be reached just now; it is tried again.",
        {
          retryable: true,
          retryAfterS,
        },
      );
    },
  };
}
