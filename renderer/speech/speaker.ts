// A process of its own per request: reads a speech request from stdin, prints the answer, and ends.

import { SpeechAnswer, SpeechRequest } from "../../supabase/functions/_shared/contracts/speech.ts";
import { createEspeak } from "./espeak.ts";
import { FLITE_VOICES, speakEnglish } from "./flite.ts";
import { type Spoken, wordsOf } from "./spoken.ts";
import { type Token, tokenize } from "./tokens.ts";
import { writeWav } from "./wav.ts";

/** What the process prints. */
export type SpeakerAnswer =
  | { ok: true; answer: SpeechAnswer }
  | { ok: false; path: string; message: string };

async function speak(request: SpeechRequest): Promise<SpeakerAnswer> {
  const tokens = tokenize(request.text);
  if (tokens.every((token) => token.spoken === "")) {
    return { ok: false, path: "text", message: "holds nothing that can be spoken" };
  }
  const english = chooseEnglish(request);
  if (english) {
    const spoken = await speakEnglish(tokens, { voice: english, rate: request.rate });
    return { ok: true, answer: answerOf(tokens, { spoken, voice: english }) };
  }
  const espeak = await createEspeak();
  const voice = espeak.findVoice(request.voice ?? request.language);
  if (!voice) {
    const path = request.voice ? "voice" : "language";
    return { ok: false, path, message: "the offline voice does not have it" };
  }
  const spoken = espeak.speak(tokens, { voice, rate: request.rate });
  return { ok: true, answer: answerOf(tokens, { spoken, voice }) };
}

/** English goes to the better voice, unless another one is named. */
function chooseEnglish({ voice, language }: SpeechRequest): string | null {
  if (voice) return FLITE_VOICES.includes(voice) ? voice : null;
  return /^en\b/i.test(language) ? FLITE_VOICES[0] ?? null : null;
}

function answerOf(tokens: Token[], { spoken, voice }: { spoken: Spoken; voice: string }): SpeechAnswer {
  const { recording } = spoken;
  return {
    format: "wav",
    audio_base64: writeWav(recording).toBase64(),
    duration_s: Math.round((recording.samples.length / recording.sampleRate) * 1000) / 1000,
    words: wordsOf(tokens, spoken),
    voice,
  };
}

if (import.meta.main) {
  const request = SpeechRequest.parse(await new Response(Deno.stdin.readable).json());
  console.log(JSON.stringify(await speak(request)));
}
