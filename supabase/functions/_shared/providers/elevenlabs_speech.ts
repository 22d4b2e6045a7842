// ElevenLabs over plain HTTP: `POST /v1/text-to-speech/{voice}/with-timestamps` (the SDK takes seconds to load).

import { z } from "zod";
import type { SpokenWord } from "../contracts/speech.ts";
import type { CallOptions, Speech, SpeechInput, SpeechProvider } from "../pipeline/ports.ts";
import { mp3DurationS } from "./mp3.ts";
import { brokenOff, refusedByStatus } from "./speech_failure.ts";

const SERVICE = "ElevenLabs";
const ORIGIN = "https://api.elevenlabs.io";
/** Speaks every language of `LANGUAGES` with any voice. */
const MODEL = "eleven_multilingual_v2";
/** The premade voice "Sarah": multilingual, so one default serves every language. */
const DEFAULT_VOICE = "EXAVITQu4vr4xnSDxMaL";
const LANGUAGES = new Set(
  "en ja zh de hi fr ko pt it es id nl tr fil pl sv bg ro ar cs el fi hr ms sk da ta uk ru hu no vi".split(
    " ",
  ),
);

const Answer = z.object({
  audio_base64: z.string().min(1),
  alignment: z.object({
    characters: z.array(z.string()),
    character_start_times_seconds: z.array(z.number()),
    character_end_times_seconds: z.array(z.number()),
  }).nullish(),
});

/** Words of a text whose characters are timed one by one: runs without white space. */
export function wordsOfCharacters(
  alignment: NonNullable<z.infer<typeof Answer>["alignment"]>,
): SpokenWord[] {
  const words: SpokenWord[] = [];
  let open = false;
  alignment.characters.forEach((character, index) => {
    const start = alignment.character_start_times_seconds[index];
    const end = alignment.character_end_times_seconds[index];
    if (/^\s*$/.test(character) || start === undefined || end === undefined) {
      open = false;
      return;
    }
    const last = words.at(-1);
    if (open && last) {
      last.text += character;
      last.end_s = Math.max(last.end_s, end);
    } else words.push({ text: character, start_s: Math.max(0, start), end_s: Math.max(0, end) });
    open = true;
  });
  return words;
}

function primaryLanguage(language: string): string {
  return language.toLowerCase().split(/[-_]/)[0] ?? "";
}

/** The provider behind a key; `origin` stands for ElevenLabs' own. */
export function createElevenLabsSpeech(options: { apiKey: string; origin?: string | null }): SpeechProvider {
  const origin = options.origin ?? ORIGIN;

  async function request(input: SpeechInput, call: CallOptions): Promise<unknown> {
    const voice = encodeURIComponent(input.voice ?? DEFAULT_VOICE);
    const url = new URL(`/v1/text-to-speech/${voice}/with-timestamps?output_format=mp3_44100_128`, origin);
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "xi-api-key": options.apiKey },
      body: JSON.stringify({ text: input.text, model_id: MODEL }),
      signal: AbortSignal.any([call.signal, AbortSignal.timeout(call.timeoutMs)]),
    });
    if (response.ok) return await response.json();
    await response.body?.cancel();
    throw refusedByStatus(SERVICE, {
      status: response.status,
      retryAfter: response.headers.get("retry-after"),
    });
  }

  return {
    defaultVoice: () => DEFAULT_VOICE,
    speaks: (language) => LANGUAGES.has(primaryLanguage(language)),
    async speak(input, call): Promise<Speech> {
      let body: unknown;
      try {
        body = await request(input, call);
      } catch (error) {
        call.signal.throwIfAborted();
        throw error instanceof Error && error.name === "JobFailure" ? error : brokenOff(SERVICE, error);
      }
      const answer = Answer.safeParse(body);
      if (!answer.success) throw brokenOff(SERVICE, answer.error);
      let audio: Uint8Array;
      try {
        audio = Uint8Array.from(atob(answer.data.audio_base64), (character) => character.charCodeAt(0));
      } catch (cause) {
        throw brokenOff(SERVICE, cause);
      }
      const duration_s = mp3DurationS(audio);
      if (duration_s === 0) throw brokenOff(SERVICE, new Error("the answer holds no MP3"));
      const words = answer.data.alignment ? wordsOfCharacters(answer.data.alignment) : [];
      return { audio, format: "mp3", duration_s, words, voice: input.voice ?? DEFAULT_VOICE };
    },
  };
}
