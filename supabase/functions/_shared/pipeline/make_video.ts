// One product's video: script, voiceover, subtitles, render, store, each behind its checkpoint.

import { Checkpoint } from "../contracts/checkpoint.ts";
import { type ClaimedJob, JobFailure, type JobOutcome, LeaseLost } from "../contracts/jobs.ts";
import { SpoiltSpeech } from "../contracts/speech.ts";
import { fingerprint, renderIdOf } from "./fingerprint.ts";
import type { CallOptions, PipelinePorts, SpeechProvider } from "./ports.ts";
import { render } from "./render.ts";
import { elaborateScript, quickScript, scriptInputs } from "./script.ts";
import { buildSpec, picturesOf } from "./spec.ts";
import { pathsOf, signResult } from "./store.ts";
import { makeSubtitles, makeVoiceover, subtitlesHash, tighterScript, voiceoverHash } from "./voiceover.ts";

const PROGRESS = { script: 5, voiceover: 15, store: 97 };
const PROVIDER_TIMEOUT_S = 60;
/** A provider is called with at least this much of the wall clock left, or this share of a short one. */
const PROVIDER_NEEDS_S = 20;
const PROVIDER_NEEDS_SHARE = 0.3;
const VOICE_URL_S = 48 * 3600;
const VOICE_STORED_TIMES = 3;
const MOST_SPOILT = 5;
/** The hash of no input: what is kept under it is never used again. */
const SPOILT_HASH = "";
const NO_UPLOADS = { video: null, thumbnail: null, subtitles: null };

type Script = NonNullable<Checkpoint["script"]>;
type Voiceover = NonNullable<Checkpoint["voiceover"]>;

/** Thrown inside to leave a stage: the next invocation goes on with the same product. */
class HandOver extends Error {}

/** Makes the video, or hands over. Throws `JobFailure`, or `LeaseLost` after the render was cancelled. */
export async function makeVideo(job: ClaimedJob, ports: PipelinePorts): Promise<JobOutcome> {
  let placed: { origin: string; renderId: string } | null = null;
  let renewedAt = ports.clock.now();
  const watched: PipelinePorts = {
    ...ports,
    secondsLeft: () => ports.secondsLeft(),
    async report(update) {
      ports.signal.throwIfAborted();
      await ports.report(update);
      renewedAt = ports.clock.now();
    },
  };
  try {
    return await runStages(job, watched, (origin, renderId) => placed = { origin, renderId });
  } catch (error) {
    if (error instanceof HandOver) return { kind: "handed_over" };
    if (!(error instanceof LeaseLost) && !ports.signal.aborted) throw error;
    // A lease that was void before it could run out was cancelled: nobody else wants the render. One that ran out
    // may have gone to a newer attempt, which picks the same render up. The answer to a renewal comes up to a third of
    // the lease after it, so what is left of the lease here may be that much less.
    const cancelled = ports.clock.now() - renewedAt < job.lease_s * 1000 * 2 / 3;
    if (placed && cancelled) await ports.renderers.cancel(placed);
    throw error instanceof LeaseLost
      ? error
      : new LeaseLost("the lease is no longer this worker's", { cause: error });
  }
}

async function runStages(
  job: ClaimedJob,
  ports: PipelinePorts,
  onPlaced: (origin: string, renderId: string) => void,
): Promise<JobOutcome> {
  const kept = Checkpoint.safeParse(job.checkpoint ?? {}).data ?? {};
  const pictures = picturesOf(job);
  const script = await scriptStage(job, kept, ports);
  const voiceover = await voiceoverStage(job, { kept, script }, ports);
  const parts = { script: voiceover.script, voiceover: voiceover.made };
  const hash = await subtitlesHash(job, parts);
  const reused = kept.subtitles?.hash === hash ? kept.subtitles : null;
  const subtitles = reused ?? subtitlesStage(job, { ...parts, hash });
  const specWith = (uploads: Parameters<typeof buildSpec>[1]["uploads"]) =>
    buildSpec(job, { pictures, voiceUrl: voiceover.url, voiceover: voiceover.made, subtitles, uploads });
  const renderId = await renderIdOf(job, specWith(NO_UPLOADS));
  const paths = pathsOf(job, renderId);
  const isSame = kept.render?.run === job.run && kept.render.render_id === renderId;
  const work = {
    renderId,
    paths,
    specWith,
    kept: isSame ? kept.render : undefined,
    unsaved: reused ? {} : { subtitles },
    onPlaced: (origin: string) => onPlaced(origin, renderId),
  };
  const rendered = await render(job, work, ports).catch(async (error) => {
    if (!(error instanceof JobFailure) || error.code !== "voiceover_failed") throw error;
    // The renderer could not play it: the next attempt, and the next run, are given another recording.
    const spoilt = countSpoilt(job, kept);
    const voiceover = { ...parts.voiceover, hash: SPOILT_HASH };
    await ports.report({ stage: "render", progress: PROGRESS.voiceover, checkpoint: { voiceover, spoilt } });
    const retryable = error.retryable && spoilt.count < MOST_SPOILT;
    const cause = new SpoiltSpeech(error.message, { cause: error });
    throw new JobFailure(error.code, error.message, { retryable, cause });
  });
  if (!rendered) return { kind: "handed_over" };
  await ports.report({ stage: "store", progress: PROGRESS.store });
  const result = await signResult(paths, rendered, ports);
  ports.signal.throwIfAborted();
  return { kind: "completed", result: { ...result, warnings: [...pictures.warnings, ...result.warnings] } };
}

async function scriptStage(job: ClaimedJob, kept: Checkpoint, ports: PipelinePorts): Promise<Script> {
  const hash = await fingerprint(scriptInputs(job));
  if (kept.script?.hash === hash) return kept.script;
  let script: Script;
  if (job.options.voiceover_mode === "quick") script = { hash, text: quickScript(job), source: "template" };
  else {
    const written = await elaborateScript(job, ports.scripts(job.options.ai_provider), providerCall(ports));
    const { text, ...cost } = written;
    ports.log.info("script_written", { ...cost, characters: text.length });
    script = { hash, text, source: "ai" };
  }
  await ports.report({ stage: "voiceover", progress: PROGRESS.script, checkpoint: { script } });
  return script;
}

/** The recording and the script that it says, which is a shorter one where the voice was too slow for the first. */
async function voiceoverStage(
  job: ClaimedJob,
  { kept, script }: { kept: Checkpoint; script: Script },
  ports: PipelinePorts,
): Promise<{ made: Voiceover; url: string; script: string }> {
  const provider = ports.speech(job.options.tts_provider);
  const hash = await voiceoverHash(job, { script: script.text, provider });
  if (kept.voiceover?.hash === hash) {
    const signed = await ports.storage.signRead(kept.voiceover.path, VOICE_URL_S);
    if (signed) return { made: kept.voiceover, url: signed.url, script: script.text };
    ports.log.warn("voice_is_gone", { path: kept.voiceover.path });
  }
  let said = script;
  let voice = await speak(job, { kept, script: said, provider, hash }, ports);
  const tighter = tighterScript(job, { script, made: voice.made, provider });
  if (tighter !== null) {
    ports.log.info("script_tightened", { from: script.text.length, to: tighter.length });
    said = { ...script, text: tighter };
    const hash = await voiceoverHash(job, { script: tighter, provider });
    voice = await speak(job, { kept, script: said, provider, hash }, ports);
  }
  const { made, store } = voice;
  await store();
  await ports.report({
    stage: "subtitles",
    progress: PROGRESS.voiceover,
    checkpoint: said === script ? { voiceover: made } : { script: said, voiceover: made },
  });
  for (let stored = 1; stored <= VOICE_STORED_TIMES; stored++) {
    const signed = await ports.storage.signRead(made.path, VOICE_URL_S);
    if (signed) return { made, url: signed.url, script: said.text };
    // The same bytes lay there as an orphan of the run before, and were swept away after this put had found them.
    await store();
  }
  throw new JobFailure("storage_unavailable", "The voice is not in the storage.", { retryable: true });
}

/** One call of the voice. */
async function speak(
  job: ClaimedJob,
  { kept, script, provider, hash }: {
    kept: Checkpoint;
    script: Script;
    provider: SpeechProvider;
    hash: string;
  },
  ports: PipelinePorts,
): ReturnType<typeof makeVoiceover> {
  const startedAt = ports.clock.now();
  const call = providerCall(ports);
  try {
    const voice = await makeVoiceover(job, { script: script.text, hash }, {
      provider,
      storage: ports.storage,
      call,
    });
    ports.log.info("voice_made", {
      provider: job.options.tts_provider,
      voice: voice.made.voice,
      characters: script.text.length,
      duration_s: voice.made.duration_s,
      took_ms: ports.clock.now() - startedAt,
    });
    return voice;
  } catch (error) {
    if (!(error instanceof JobFailure && error.cause instanceof SpoiltSpeech)) throw error;
    const spoilt = countSpoilt(job, kept);
    await ports.report({ stage: "voiceover", progress: PROGRESS.script, checkpoint: { spoilt } });
    if (spoilt.count < MOST_SPOILT) throw error;
    throw new JobFailure("voiceover_failed", error.message, { cause: error.cause });
  }
}

/** A recording of no use may have been paid for: some are bought, whatever else goes wrong between them, and no more. */
function countSpoilt(job: ClaimedJob, { spoilt }: Checkpoint): NonNullable<Checkpoint["spoilt"]> {
  return { run: job.run, count: (spoilt?.run === job.run ? spoilt.count : 0) + 1 };
}

function subtitlesStage(
  job: ClaimedJob,
  parts: Parameters<typeof makeSubtitles>[1],
): NonNullable<Checkpoint["subtitles"]> {
  try {
    return makeSubtitles(job, parts);
  } catch (cause) {
    throw new JobFailure("subtitles_failed", "The captions could not be made.", { cause });
  }
}

/** Limits of a paid call; hands over where too little of the wall clock is left to begin one. */
function providerCall(ports: PipelinePorts): CallOptions {
  const left = ports.secondsLeft();
  if (left < Math.min(PROVIDER_NEEDS_S, ports.wallClockS * PROVIDER_NEEDS_SHARE)) throw new HandOver();
  return { signal: ports.signal, timeoutMs: Math.min(PROVIDER_TIMEOUT_S, Math.max(1, left - 2)) * 1000 };
}
