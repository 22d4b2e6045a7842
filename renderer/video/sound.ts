// Sound: the voice decoded, cut, tightened, brought to the platforms' loudness, and laid into silence of exact length.

import { join } from "node:path";
import type { RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { FfmpegFailed, type FfmpegOptions, runFfmpeg } from "./ffmpeg.ts";
import { AUDIO, LOUDNESS } from "./presets.ts";

/** The AAC encoder puts one frame before the first sample; without an edit list it is heard, so it replaces silence. */
const AAC_FRAME = 1024;
const BYTES_PER_SAMPLE = 2 * AUDIO.channels;
const FADE_S = 0.05;
/** Below the allowed true peak: AAC raises peaks a little. */
const LIMIT_DBTP = -3;
const LIMITER_RATE = AUDIO.rate * 4;
const LOUDNESS_TOLERANCE_LU = 0.3;
const LOUDNESS_PASSES = 4;
const LARGEST_GAIN_DB = 45;
/** Loudness is measured over 400 ms at a time: a short voice is measured with the silence that it will stand in. */
const SILENCE_S = 0.4;
const SILENCE_SAMPLES = SILENCE_S * AUDIO.rate;
/** How ffmpeg names an input that is at fault, and not the disk, the memory or an operator. */
const UNREADABLE = new RegExp(
  "Invalid (?:data|argument|frame size)|Failed to read frame size|could not find codec|not contain any stream|" +
    "Output file is empty|Error while decoding|Conversion failed|End of file",
  "i",
);
/** One channel that will be heard from two. */
const MEASURE = "ebur128=dualmono=true";
const SILENCE_AROUND = [`adelay=${SILENCE_S * 1000}`, `apad=pad_len=${SILENCE_SAMPLES}`];

/** The recording cannot be played, or nothing is heard of it: another one is needed, not another try. */
export class VoiceUnusable extends Error {
  override name = "VoiceUnusable";
}

/** Decibels that were measured by ebur128; null for silence. */
function integrated(log: string): number | null {
  const found = [...log.matchAll(/I:\s+(-?[\d.]+|-inf|nan) LUFS/g)].at(-1)?.[1];
  const value = Number(found);
  return Number.isFinite(value) && value > -69 ? value : null;
}

/** Samples of the audio track: whole AAC frames that end no later than the picture. */
function trackSamples(duration_s: number): number {
  const frames = Math.floor(duration_s * AUDIO.rate / AAC_FRAME);
  return Math.max(1, frames - 1) * AAC_FRAME;
}

function voiceFilters(voice: NonNullable<RenderSpec["voice"]>): string[] {
  const filters: string[] = [];
  if (voice.cut_at_s !== null) {
    const fade = Math.max(0, voice.cut_at_s - FADE_S);
    filters.push(`atrim=end=${voice.cut_at_s}`, `afade=t=out:st=${fade.toFixed(3)}:d=${FADE_S}`);
  }
  if (voice.tempo > 1.001) filters.push(`atempo=${voice.tempo}`);
  // One voice is one channel until the end: half the work, and the same in both ears.
  return [...filters, `aresample=${AUDIO.rate}`, "aformat=sample_fmts=fltp:channel_layouts=mono"];
}

/** The voice as stereo 16-bit samples at -14 LUFS, its true peaks limited at four times the rate. */
async function levelledVoice(
  spec: RenderSpec,
  options: FfmpegOptions & { voicePath: string; folder: string },
): Promise<Uint8Array> {
  const voice = spec.voice!;
  const plain = join(options.folder, "voice.f32.wav");
  const input = ["-f", voice.format, "-i", options.voicePath, "-vn"];
  const filters = [...voiceFilters(voice), ...SILENCE_AROUND, MEASURE].join(",");
  const first = await runFfmpeg([...input, "-af", filters, "-c:a", "pcm_f32le", "-f", "wav", plain], options)
    .catch((cause) => {
      const isRead = !(cause instanceof FfmpegFailed) || !UNREADABLE.test(cause.message);
      throw isRead ? cause : new VoiceUnusable("ffmpeg cannot read the voice", { cause });
    });
  let level = integrated(first.log);
  if (level === null) throw new VoiceUnusable("the voice is silent");
  let gain = 0;
  let samples = new Uint8Array();
  for (let pass = 0; pass < LOUDNESS_PASSES; pass++) {
    gain = Math.min(gain + LOUDNESS.integrated_lufs - level, LARGEST_GAIN_DB);
    const limiter = `alimiter=limit=${10 ** (LIMIT_DBTP / 20)}:attack=2:release=60:level=disabled`;
    const chain = [
      `volume=${gain.toFixed(2)}dB`,
      `aresample=${LIMITER_RATE}`,
      limiter,
      `aresample=${AUDIO.rate}`,
      MEASURE,
      "pan=stereo|c0=c0|c1=c0",
      `aresample=${AUDIO.rate}`,
    ];
    const output = ["-f", "s16le", "-ar", `${AUDIO.rate}`, "-ac", `${AUDIO.channels}`, "pipe:1"];
    const run = await runFfmpeg(["-f", "wav", "-i", plain, "-af", chain.join(","), ...output], options);
    samples = run.output as Uint8Array<ArrayBuffer>;
    level = integrated(run.log) ?? LOUDNESS.integrated_lufs;
    if (Math.abs(level - LOUDNESS.integrated_lufs) <= LOUDNESS_TOLERANCE_LU) break;
  }
  await Deno.remove(plain);
  const around = SILENCE_SAMPLES * BYTES_PER_SAMPLE;
  return samples.subarray(around, samples.length - around);
}

/**
 * The whole sound track as raw samples, piece by piece: the silence before the voice at once, the rest when the voice is
 * ready. It is worked on from now on, asked for or not.
 */
export function makeSound(
  spec: RenderSpec,
  options: FfmpegOptions & { voicePath: string | null; folder: string },
): AsyncIterable<Uint8Array<ArrayBuffer>> {
  const track = new Uint8Array(trackSamples(spec.duration_s) * BYTES_PER_SAMPLE);
  const { voicePath } = options;
  if (!spec.voice || voicePath === null) return pieces(track, { at: track.length, voice: null });
  // The encoder's own frame of silence comes before the track, so that all of it is a frame late.
  const at = (Math.round(spec.voice.start_s * AUDIO.rate) - AAC_FRAME) * BYTES_PER_SAMPLE;
  const voice = levelledVoice(spec, { ...options, voicePath });
  // Whoever asks for it is told: a failure before that must not be an unhandled one.
  voice.catch(() => {});
  return pieces(track, { at, voice });
}

/** A silent track with a voice laid into it from a byte on, which may lie before the track. */
async function* pieces(
  track: Uint8Array<ArrayBuffer>,
  { at, voice }: { at: number; voice: Promise<Uint8Array> | null },
): AsyncIterable<Uint8Array<ArrayBuffer>> {
  const from = Math.max(0, -at);
  const to = Math.min(Math.max(0, at), track.length);
  if (to > 0) yield track.subarray(0, to);
  if (!voice) return;
  track.set((await voice).subarray(from, from + track.length - to), to);
  yield track.subarray(to);
}
