// The voiceover and subtitles stages: the script said by a voice and kept beside the video; its words in time.

import type { Checkpoint, ClaimedJob } from "../contracts/jobs.ts";
import type { Caption, TimedWord } from "../contracts/render_spec.ts";
import { captionPages, placeVoice, type VoicePlacement } from "./captions.ts";
import { fingerprint, fingerprintBytes } from "./fingerprint.ts";
import type { CallOptions, SpeechProvider, VideoStorage } from "./ports.ts";
import {
  languageOf,
  pricesOf,
  quickScript,
  roomOf,
  spokenPrices,
  tightenScript,
  VOICE_START_S,
  voiceSeconds,
} from "./script.ts";
import { type Measure, tokenSeconds } from "./speaking_time.ts";
import { hasUsableTimes, timeTokens } from "./word_times.ts";
import { toSpoken, type WrittenText } from "./written_text.ts";

type Script = NonNullable<Checkpoint["script"]>;
type Voiceover = NonNullable<Checkpoint["voiceover"]>;
type Subtitles = NonNullable<Checkpoint["subtitles"]>;

/** Who says it, in which language: `voice_id`, the profile's voice, the provider's for the first language it speaks. */
export function chooseVoice(
  job: ClaimedJob,
  provider: SpeechProvider,
): { voice: string | null; language: string } {
  const own = languageOf(job);
  const language = [own, job.profile.language?.trim() || "en", "en"].find((each) => provider.speaks(each)) ??
    "en";
  const chosen = job.options.voice_id || voiceOf(job.profile, job.options.tts_provider);
  return chosen ? { voice: chosen, language: own } : { voice: provider.defaultVoice(language), language };
}

/** The column is the shop's own JSON: what is no text in it names no voice. */
function voiceOf(profile: ClaimedJob["profile"], provider: string): string | null {
  const voice = profile.voices[provider];
  return typeof voice === "string" ? voice.trim() : null;
}

function spokenText(job: ClaimedJob, script: string): WrittenText {
  return toSpoken(script, { replacements: spokenPrices(pricesOf(job)), language: languageOf(job) });
}

/** The hash of what a recording depends on. */
export function voiceoverHash(
  job: ClaimedJob,
  { script, provider }: { script: string; provider: SpeechProvider },
): Promise<string> {
  const { spoken } = spokenText(job, script);
  return fingerprint({ spoken, provider: job.options.tts_provider, ...chooseVoice(job, provider) });
}

/** Buys the recording, which `store` puts under the hash of its bytes. */
export async function makeVoiceover(
  job: ClaimedJob,
  { script, hash }: { script: string; hash: string },
  tools: { provider: SpeechProvider; storage: VideoStorage; call: CallOptions },
): Promise<{ made: Voiceover; store: () => Promise<void> }> {
  const { voice, language } = chooseVoice(job, tools.provider);
  const text = spokenText(job, script);
  const speech = await tools.provider.speak({ text: text.spoken, language, voice }, tools.call);
  const path = `${job.profile_id}/${job.job_id}/${await fingerprintBytes(speech.audio)}.${speech.format}`;
  const contentType = speech.format === "mp3" ? "audio/mpeg" : "audio/wav";
  const { format, duration_s } = speech;
  const words = hasUsableTimes(text, speech) ? speech.words : [];
  // Captions are fitted to the silences where there are no times; a recording that is too long is cut in one.
  const isLong = duration_s > voiceSeconds(job.options.duration_s);
  const pauses = words.length === 0 || isLong ? { pauses: speech.pauses } : {};
  return {
    made: { hash, path, format, duration_s, words, voice: speech.voice, ...pauses },
    store: () => tools.storage.put(path, { bytes: speech.audio, contentType }),
  };
}

/**
 * What is said instead where a voice takes longer than the rate makes up for: the same, shorter by its pace. Null where
 * it fits; and where it was paid for and a whole sentence fits, for that is kept and the rest is cut.
 */
export function tighterScript(
  job: ClaimedJob,
  { script, made, provider }: { script: Script; made: Voiceover; provider: SpeechProvider },
): string | null {
  const { words, placement } = place(job, { script: script.text, voiceover: made });
  if (placement.cut_at_s === null || words.length < 2) return null;
  const kept = words.findLast((word) => word.end_s <= (placement.cut_at_s ?? 0));
  if (kept === words.at(-1)) return null;
  if (provider.isPaid && /[.!?。！？؟۔।។။]$/u.test(kept?.text ?? "")) return null;
  const room = { ...roomOf(job), measure: measureBy(words, languageOf(job)) };
  const tighter = script.source === "template"
    ? quickScript(job, room)
    : tightenScript(job, { script: script.text, room });
  return room.measure(tighter) < room.measure(script.text) ? tighter : null;
}

/** How long this voice takes for words that it has said already; for others by its pace. */
function measureBy(words: TimedWord[], language: string): Measure {
  const bare = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
  const seconds = new Map<string, number>();
  let thought = 0;
  for (const [at, word] of words.entries()) {
    const long = (words[at + 1]?.start_s ?? word.end_s) - word.start_s;
    const parts = word.text.split(" ");
    for (const part of parts) {
      seconds.set(bare(part), Math.max(seconds.get(bare(part)) ?? 0, long / parts.length));
    }
    thought += tokenSeconds(word.text, language);
  }
  const pace = ((words.at(-1)?.end_s ?? 0) - (words[0]?.start_s ?? 0)) / Math.max(0.1, thought);
  return (text) =>
    text.split(/\s+/).reduce(
      (sum, word) => sum + (seconds.get(bare(word)) ?? tokenSeconds(word, language) * pace),
      0,
    );
}

/** The hash of what captions depend on. */
export function subtitlesHash(
  job: ClaimedJob,
  { script, voiceover }: { script: string; voiceover: Voiceover },
): Promise<string> {
  return fingerprint({
    script,
    voice: voiceover.path,
    hash: voiceover.hash,
    duration_s: job.options.duration_s,
  });
}

export function makeSubtitles(
  job: ClaimedJob,
  { script, voiceover, hash }: { script: string; voiceover: Voiceover; hash: string },
): Subtitles {
  const { words, placement } = place(job, { script, voiceover });
  const captions: Caption[] = captionPages(words, placement);
  return { hash, ...placement, captions };
}

function place(
  job: ClaimedJob,
  { script, voiceover }: { script: string; voiceover: Voiceover },
): { words: TimedWord[]; placement: VoicePlacement } {
  const words = timeTokens(spokenText(job, script), { ...voiceover, language: languageOf(job) });
  const placement = placeVoice(words, {
    duration_s: voiceover.duration_s,
    startS: VOICE_START_S,
    seconds: voiceSeconds(job.options.duration_s),
    pauses: voiceover.pauses,
  });
  return { words, placement };
}
