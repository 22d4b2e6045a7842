// The voiceover and subtitles stages: the script said by a voice and kept beside the video; its words in time.

import type { Checkpoint, ClaimedJob } from "../contracts/jobs.ts";
import type { Caption } from "../contracts/render_spec.ts";
import { captionPages, placeVoice, timeTokens, toSpoken, type VoicePlacement } from "./captions.ts";
import { fingerprint, fingerprintBytes } from "./fingerprint.ts";
import type { CallOptions, SpeechProvider, VideoStorage } from "./ports.ts";
import { languageOf, pricesOf, spokenPrices, VOICE_START_S, voiceSeconds } from "./script.ts";

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
  const chosen = job.options.voice_id || job.profile.voices[job.options.tts_provider]?.trim();
  return chosen ? { voice: chosen, language: own } : { voice: provider.defaultVoice(language), language };
}

function spokenText(job: ClaimedJob, script: string) {
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
  const speech = await tools.provider.speak(
    { text: spokenText(job, script).spoken, language, voice },
    tools.call,
  );
  const path = `${job.profile_id}/${job.job_id}/${await fingerprintBytes(speech.audio)}.${speech.format}`;
  const contentType = speech.format === "mp3" ? "audio/mpeg" : "audio/wav";
  const { format, duration_s, words } = speech;
  return {
    made: { hash, path, format, duration_s, words, voice: speech.voice },
    store: () => tools.storage.put(path, { bytes: speech.audio, contentType }),
  };
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
  const language = languageOf(job);
  const words = timeTokens(spokenText(job, script), { ...voiceover, language });
  const placement: VoicePlacement = placeVoice(words, {
    duration_s: voiceover.duration_s,
    startS: VOICE_START_S,
    seconds: voiceSeconds(job.options.duration_s),
  });
  const captions: Caption[] = captionPages(words, placement);
  return { hash, ...placement, captions };
}
