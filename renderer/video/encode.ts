// Encoding: raw frames and samples into an MP4 as the platforms ask for it.

import { join } from "node:path";
import { getPriority, setPriority } from "node:os";
import type { RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { FfmpegFailed, type FfmpegOptions, startFfmpeg } from "./ffmpeg.ts";
import { type Channel, openChannel } from "./channel.ts";
import { AUDIO, FRAME, type Preset, PRESETS } from "./presets.ts";

const CRF = 20;
/**
 * Frames that are encoded side by side: more than the encoder's own choice on a small machine, where it waits for the
 * frames that it is given as well as for its own threads.
 */
const THREADS = Math.max(4, Math.ceil(navigator.hardwareConcurrency * 1.5));
/** Frames that the encoder holds ready: what is drawn slower now and then (captions change, cards enter) holds nothing up. */
const FRAMES_AHEAD = 10;
/** As Unix counts it: lower than the encoder's 0, but not starved where something else keeps the machine busy. */
const DRAWING_PRIORITY = 10;
/**
 * For pictures that move by less than a pixel a frame: what little changes is encoded and not rounded away, or the motion
 * halts and jumps by quarters of a pixel. The search for moves is short in return: less time in all, for a third more bytes.
 */
const SLOW_MOTION = "subme=1:no-dct-decimate=1:deadzone-inter=0";
/** A closed group of pictures of half the rate. */
const GROUP = FRAME.rate / 2;
const B_FRAMES = 2;

function inputs(framesPath: string, soundPath: string): string[] {
  return [
    ...[
      "-thread_queue_size",
      `${FRAMES_AHEAD}`,
      "-f",
      "rawvideo",
      "-pix_fmt",
      "yuv420p",
      "-s",
      `${FRAME.width}x${FRAME.height}`,
      "-r",
      `${FRAME.rate}`,
    ],
    ...["-i", framesPath],
    // Raw samples are what they are said to be: a second of them would be awaited to find that out.
    ...["-probesize", "32"],
    ...["-f", "s16le", "-ar", `${AUDIO.rate}`, "-ac", `${AUDIO.channels}`, "-i", soundPath],
    ...["-map", "0:v", "-map", "1:a"],
  ];
}

/** Video encoder settings; the ffmpeg of 2018 and today's take the same. */
function videoArgs(preset: Preset): string[] {
  return [
    ...["-c:v", "libx264", "-preset", "veryfast", "-crf", `${CRF}`, "-profile:v", "high", "-level", "4.1"],
    ...["-threads", `${THREADS}`, "-x264-params", SLOW_MOTION],
    ...["-maxrate", `${preset.video_kbps_max}k`, "-bufsize", `${preset.video_buffer_kbits}k`],
    ...[
      "-g",
      `${GROUP}`,
      "-keyint_min",
      `${GROUP}`,
      "-sc_threshold",
      "0",
      "-flags",
      "+cgop",
      "-bf",
      `${B_FRAMES}`,
    ],
    ...["-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"],
    ...["-color_range", "tv", "-vsync", "cfr"],
  ];
}

function output(spec: RenderSpec, path: string): string[] {
  const preset = PRESETS[spec.encoding_preset];
  return [
    ...videoArgs(preset),
    ...["-c:a", "aac", "-b:a", `${preset.audio_kbps}k`],
    // The muxer must not push either stream back by its encoder's delay: without an edit list nothing would undo it.
    ...["-avoid_negative_ts", "disabled", "-use_editlist", "0"],
    ...["-movflags", "+faststart+negative_cts_offsets+write_colr"],
    ...["-metadata", `title=${spec.title}`, "-f", "mp4", path],
  ];
}

/** All that ffmpeg is told: `framesPath` gives raw frames, `soundPath` raw samples, each a socket or a file. */
export function encodeArgs(
  spec: RenderSpec,
  paths: { framesPath: string; soundPath: string; videoPath: string },
): string[] {
  return [
    "-loglevel",
    "error",
    ...inputs(paths.framesPath, paths.soundPath),
    ...output(spec, paths.videoPath),
  ];
}

/** An encoder that takes no frame for this long will never take one again. */
const STALLED_MS = 60_000;

export interface EncodeOptions extends FfmpegOptions {
  /** Raw samples, piece by piece; no frame is sent before the first piece is there. */
  sound: AsyncIterable<Uint8Array<ArrayBuffer>>;
  videoPath: string;
  /** An existing folder of this render's own. */
  folder: string;
  frames: number;
  draw(frame: number): Promise<Uint8Array<ArrayBuffer>>;
  onFrame(frame: number): void;
  stalledMs?: number;
}

/** What the encoder was to be given could not be made: no fault of ffmpeg's, though it is ended for it. */
class NothingToEncode extends Error {
  override name = "NothingToEncode";
}

async function given<Made>(work: Promise<Made>): Promise<Made> {
  try {
    return await work;
  } catch (cause) {
    throw new NothingToEncode("", { cause });
  }
}

/** Sends sound to the encoder. `begun` is resolved when there is some, `broken` only ever rejected. */
function sendSound(channel: Channel, sound: EncodeOptions["sound"]) {
  const pieces = sound[Symbol.asyncIterator]();
  const begun = given(pieces.next());
  const done = (async () => {
    for (let piece = await begun; !piece.done; piece = await given(pieces.next())) {
      await (await channel.writer).write(piece.value);
    }
    await (await channel.writer).close();
  })();
  const broken = done.then(() => new Promise<never>(() => {}));
  broken.catch(() => {});
  return { begun, done, broken };
}

/** Encodes `frames` frames, each asked for when the one before is on its way. The encoder starts while the first is drawn. */
export async function encodeVideo(spec: RenderSpec, options: EncodeOptions): Promise<void> {
  const frames = openChannel(join(options.folder, "frames.sock"));
  const sound = openChannel(join(options.folder, "sound.sock"));
  const run = startFfmpeg(
    encodeArgs(spec, { ...options, framesPath: frames.url, soundPath: sound.url }),
    options,
  );
  // Unread output would never come, but an ended ffmpeg must be noticed while a write waits for it.
  const drained = run.stdout.cancel();
  const failed = run.done.then(() => {
    throw new FfmpegFailed("ffmpeg ended before its last frame");
  });
  failed.catch(() => {});
  const heard = sendSound(sound, options.sound);
  let watch: ReturnType<typeof watchStall> | null = null;
  let restore = () => {};
  try {
    // Without any sound the encoder cannot begin its file, and gives up after holding back a few seconds of it.
    let written: Promise<unknown> = heard.begun;
    for (let frame = 0; frame < options.frames; frame++) {
      const bytes = await given(options.draw(frame));
      await Promise.race([written, failed, heard.broken]);
      if (frame === 0) {
        watch = watchStall(options.stalledMs ?? STALLED_MS, run.kill);
        restore = yieldToEncoder();
      }
      watch?.alive();
      written = frames.writer.then((writer) => writer.write(bytes));
      written.catch(() => {});
      options.onFrame(frame);
    }
    await Promise.race([written, failed, heard.broken]);
    await (await frames.writer).close();
    await Promise.race([heard.done, failed]);
    await run.done;
    await drained;
  } catch (cause) {
    run.kill();
    const ended = await run.done.then(() => null, (error) => error);
    if (watch?.stalled()) throw new FfmpegFailed("ffmpeg stalled: it took no more frames");
    // ffmpeg's own words say more than a broken socket.
    throw cause instanceof NothingToEncode ? cause.cause : ended ?? cause;
  } finally {
    watch?.stop();
    restore();
    frames.close();
    sound.close();
  }
}

/** Drawing takes the time that the encoder leaves, which it is ahead of: taking turns, both are held up. Gives what ends it. */
function yieldToEncoder(): () => void {
  const before = getPriority();
  changePriority(Math.max(before, DRAWING_PRIORITY));
  return () => changePriority(before);
}

function changePriority(priority: number): void {
  try {
    setPriority(priority);
  } catch {
    // A host may forbid it, and only root may take it back: a slower render, or one whose process ends here anyway.
  }
}

/** Kills what gave no sign of life for `limitMs`. */
function watchStall(limitMs: number, kill: () => void) {
  let seen = performance.now();
  let stalled = false;
  const timer = setInterval(() => {
    if (performance.now() - seen < limitMs) return;
    stalled = true;
    kill();
  }, limitMs / 4);
  return {
    alive: () => void (seen = performance.now()),
    stalled: () => stalled,
    stop: () => clearInterval(timer),
  };
}
