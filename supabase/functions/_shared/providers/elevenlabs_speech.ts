// ElevenLabs: one POST that answers audio and the time of every character.

import { z } from "zod";
import { JobFailure } from "../contracts/jobs.ts";
import type { SpokenWord } from "../contracts/speech.ts";
import type { SpeechProvider } from "../pipeline/ports.ts";
import { decodeBase64 } from "./local_speech.ts";
import { mp3Seconds } from "./mp3.ts";
import { providerFailure, spoiltSpeech } from "./provider_failure.ts";
import { listenTo, type Recording } from "./recording.ts";
import { elevenlabsModel, elevenlabsVoice } from "./voices.ts";

const ORIGIN = "https://api.elevenlabs.io";
const QUOTA = "The quota of the voice service is used up.";
const FORMAT = "mp3_44100_128";
/** A minute of speech is 1.3 MB with its timings; more is not read. */
const LARGEST_ANSWER_BYTES = 24 * 1024 * 1024;

const Alignment = z.object({
  characters: z.array(z.string()),
  character_start_times_seconds: z.array(z.number().min(0)),
  character_end_times_seconds: z.array(z.number().min(0)),
});
/** Timings that cannot be read cost the recording nothing, which is paid for: its words are estimated. */
const Timings = Alignment.nullish().catch(null);
/** Of the text as sent, and of that with its figures and signs in words. */
const Answer = z.object({ audio_base64: z.string(), alignment: Timings, normalized_alignment: Timings });

/** Characters of scripts without spaces: each has a time of its own. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** https://elevenlabs.io/docs/api-reference/text-to-speech/convert-with-timestamps */
export function createElevenlabsSpeech(
  config: { origin: string | null; apiKey: string | null },
): SpeechProvider {
  return {
    isPaid: true,
    defaultVoice: elevenlabsVoice,
    speaks: (language) => elevenlabsModel(language) !== null,
    async speak({ text, language, voice }, call) {
      if (!config.apiKey) throw new JobFailure("voiceover_failed", "ElevenLabs is not set up here.");
      const id = voice ?? elevenlabsVoice("en") ?? "";
      // However they are escaped, a URL takes these for steps: the key would go to another path.
      if (/^\.{1,2}$/.test(id)) throw new JobFailure("voiceover_failed", "ElevenLabs has no such voice.");
      const url = `${config.origin ?? ORIGIN}/v1/text-to-speech/${encodeURIComponent(id)}/with-timestamps`;
      const signal = AbortSignal.any([call.signal, AbortSignal.timeout(call.timeoutMs)]);
      let response: Response;
      let body: string;
      try {
        response = await fetch(`${url}?output_format=${FORMAT}`, {
          method: "POST",
          headers: {
            "xi-api-key": config.apiKey,
            "content-type": "application/json",
            accept: "application/json",
          },
          body: JSON.stringify({
            text,
            ...(elevenlabsModel(language) ?? { model_id: "eleven_multilingual_v2" }),
          }),
          signal,
          // Followed, it would carry the key to another host.
          redirect: "manual",
        });
        body = await readText(response);
      } catch (cause) {
        call.signal.throwIfAborted();
        // One that broke off may be paid for, and is the network's fault all the same: it costs no row.
        throw providerFailure("voiceover_failed", { cause });
      }
      if (!response.ok) {
        if (/"quota_exceeded"/.test(body)) throw new JobFailure("voiceover_failed", QUOTA, { cause: body });
        throw providerFailure("voiceover_failed", {
          status: response.status,
          retryAfter: response.headers.get("retry-after"),
          cause: new Error(`elevenlabs: ${response.status} ${body.slice(0, 300)}`),
        });
      }
      try {
        const recording = readAnswer(body);
        return { ...recording, voice: id, pauses: await listenTo(recording) };
      } catch (cause) {
        throw spoiltSpeech(`elevenlabs: ${body.length} characters of no use`, cause);
      }
    },
  };
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER_BYTES) throw new Error(`elevenlabs: more than ${LARGEST_ANSWER_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function readAnswer(body: string): Recording {
  const answer = Answer.parse(JSON.parse(body));
  const audio = decodeBase64(answer.audio_base64);
  const alignment = answer.alignment ?? answer.normalized_alignment;
  const words = alignment ? wordsOf(alignment) : [];
  return { audio, format: "mp3", duration_s: mp3Seconds(audio), words };
}

/** Characters between spaces are a word, from the first one's start to the last one's end; unspaced ones stand alone. */
function wordsOf(alignment: z.infer<typeof Alignment>): SpokenWord[] {
  const words: SpokenWord[] = [];
  let open = false;
  alignment.characters.forEach((character, at) => {
    const start_s = alignment.character_start_times_seconds[at];
    const end_s = alignment.character_end_times_seconds[at];
    if (start_s === undefined || end_s === undefined || /^\s*$/.test(character)) {
      open = false;
      return;
    }
    const last = words.at(-1);
    if (open && last && !UNSPACED.test(character)) {
      last.text += character;
      last.end_s = Math.max(last.end_s, end_s);
    } else words.push({ text: character, start_s, end_s });
    open = !UNSPACED.test(character);
  });
  return words;
}
