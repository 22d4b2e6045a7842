// The offline voice: any of the renderers says it.

import { JobFailure } from "../contracts/jobs.ts";
import type { RendererClient, RendererTrouble, SpeechProvider } from "../pipeline/ports.ts";
import { spoiltSpeech } from "./provider_failure.ts";
import { listenTo } from "./recording.ts";
import { isLocalLanguage } from "./voices.ts";

/** Takes the next renderer when one is busy or away. The renderer chooses the voice of a language. */
export function createLocalSpeech(renderers: RendererClient): SpeechProvider {
  return {
    defaultVoice: () => null,
    speaks: isLocalLanguage,
    async speak({ text, language, voice }, call) {
      const troubles: RendererTrouble[] = [];
      const request = { text: text.slice(0, 5000), language, rate: 1, ...(voice ? { voice } : {}) };
      for (const origin of renderers.origins) {
        const answer = await renderers.speak(origin, request, call);
        if (!("kind" in answer)) {
          try {
            const { audio_base64, ...speech } = answer;
            const recording = { ...speech, audio: decodeBase64(audio_base64) };
            return { ...recording, pauses: await listenTo(recording) };
          } catch (cause) {
            throw spoiltSpeech(`local: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
          }
        }
        if (answer.kind === "refused") {
          throw new JobFailure(
            "voiceover_failed",
            "The offline voice cannot read this text, or has no such voice.",
            {
              cause: new Error(`${answer.status} ${answer.code} ${answer.message}`),
            },
          );
        }
        troubles.push(answer);
      }
      const busy = troubles.filter((trouble) => trouble.kind === "busy");
      const waits = busy.map((trouble) => trouble.retryAfterS ?? 1);
      throw new JobFailure(
        "renderer_unavailable",
        "The renderer that speaks does not answer at the moment.",
        {
          retryable: true,
          busy: busy.length > 0,
          retryAfterS: waits.length > 0 ? Math.min(...waits) : null,
          cause: new Error(JSON.stringify(troubles)),
        },
      );
    },
  };
}

/** Bytes of a base64 text. */
export function decodeBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
