// One video from its spec: sound, scene, encoding, thumbnail, subtitles, and what the finished file really is.

import { join } from "node:path";
import sharp from "sharp";
import type { RenderResult, RenderSpec } from "../../supabase/functions/_shared/contracts/render_spec.ts";
import { encodeVideo } from "./encode.ts";
import type { FfmpegOptions } from "./ffmpeg.ts";
import { readMp4 } from "./mp4.ts";
import { frameCount } from "./motion.ts";
import type { Pixels } from "./pictures.ts";
import { judgePostable } from "./postable.ts";
import { FRAME } from "./presets.ts";
import { openScene, type Scene } from "./scene.ts";
import { makeSound } from "./sound.ts";
import { subRip } from "./subtitles.ts";
import { warningsOf } from "./warnings.ts";
import { rgbOfFrame } from "./yuv.ts";

/** A decoded picture: raw interleaved RGB, 3 bytes a pixel. */
export interface RawPicture {
  width: number;
  height: number;
  path: string;
}

export interface ComposeInput {
  spec: RenderSpec;
  pictures: RawPicture[];
  /** The recording, in the format that `spec.voice` names; null: a silent video. */
  voicePath: string | null;
  /** An existing folder of this render's own: everything is written into it. */
  folder: string;
  ffmpegPath: string;
  signal: AbortSignal;
  onProgress(percent: number): void;
  onChildProcess?(pid: number): void;
}

export interface Composed {
  videoPath: string;
  thumbnailPath: string;
  subtitlesPath: string;
  result: RenderResult;
}

/** Share of the progress that is reached before the first frame, and after the last one. */
const PREPARED_PERCENT = 6;
const ENCODED_PERCENT = 98;
/** The thumbnail is taken here, in seconds, unless the video is shorter: all parts have entered. */
const THUMBNAIL_AT_S = 2;
/** Before the end card the parts take this long to leave. */
const LEAVING_FRAMES = 6;
const THUMBNAIL_QUALITY = 88;

async function readPixels(picture: RawPicture, signal: AbortSignal): Promise<Pixels> {
  signal.throwIfAborted();
  const data = await Deno.readFile(picture.path);
  const { width, height } = picture;
  if (data.length !== width * height * 3) {
    throw new Error(`a picture of ${width}x${height} has ${data.length} bytes`);
  }
  return { data, width, height };
}

/** A frame as a JPEG file. */
async function writeThumbnail(frame: Uint8Array, path: string): Promise<void> {
  const rgb = rgbOfFrame(frame, FRAME);
  await sharp(rgb, { raw: { width: FRAME.width, height: FRAME.height, channels: 3 } })
    .jpeg({ quality: THUMBNAIL_QUALITY, mozjpeg: false, chromaSubsampling: "4:2:0" }).toFile(path);
}

/** Draws frame by frame; on the way the thumbnail is made of one with everything in place and nobody's word half spoken. */
function createDrawing(scene: Scene, thumbnailPath: string) {
  const still = Math.min(Math.round(THUMBNAIL_AT_S * FRAME.rate), scene.timing.end - LEAVING_FRAMES);
  let thumbnail = Promise.resolve();
  return {
    async draw(frame: number): Promise<Uint8Array<ArrayBuffer>> {
      await scene.prepare(frame);
      if (frame === still) {
        thumbnail = writeThumbnail(scene.draw(frame, { captions: false }), thumbnailPath);
        // Awaited when all frames are drawn.
        thumbnail.catch(() => {});
      }
      return scene.draw(frame);
    },
    /** What it began is over; rejects where the thumbnail could not be written. */
    async done(): Promise<void> {
      await Promise.allSettled([scene.prepared]);
      await thumbnail;
    },
  };
}

/** Encodes every frame, and makes the thumbnail on the way. The encoder starts while scene and sound are made. */
async function encodeScene(
  spec: RenderSpec,
  options: FfmpegOptions & {
    scene: Promise<Scene>;
    sound: AsyncIterable<Uint8Array<ArrayBuffer>>;
    folder: string;
    videoPath: string;
    thumbnailPath: string;
    onProgress(percent: number): void;
  },
): Promise<void> {
  const frames = frameCount(spec.duration_s);
  const drawing = options.scene.then((scene) => createDrawing(scene, options.thumbnailPath));
  drawing.catch(() => {});
  let shown = PREPARED_PERCENT;
  try {
    await encodeVideo(spec, {
      ...options,
      frames,
      async draw(frame) {
        const { draw } = await drawing;
        if (frame === 0) options.onProgress(PREPARED_PERCENT);
        return await draw(frame);
      },
      onFrame(frame) {
        const percent = Math.floor(
          PREPARED_PERCENT + (ENCODED_PERCENT - PREPARED_PERCENT) * (frame + 1) / frames,
        );
        if (percent > shown) options.onProgress(shown = percent);
      },
    });
    await (await drawing).done();
  } finally {
    // Native work that outlives its render would take the process down with it.
    await drawing.then(({ done }) => done()).catch(() => {});
  }
}

/** Makes a video's three files in `folder`. Rejects with the signal's reason when it is aborted. */
export async function composeVideo(input: ComposeInput): Promise<Composed> {
  const { spec, folder, signal, onProgress } = input;
  const videoPath = join(folder, "video.mp4");
  const thumbnailPath = join(folder, "thumbnail.jpg");
  const subtitlesPath = join(folder, "subtitles.srt");
  const process = { ffmpegPath: input.ffmpegPath, signal, onChildProcess: input.onChildProcess };
  onProgress(0);
  const sound = makeSound(spec, { ...process, voicePath: input.voicePath, folder });
  const scene = openScene(spec, input.pictures.map((picture) => () => readPixels(picture, signal)));
  await encodeScene(spec, { ...process, scene, sound, folder, videoPath, thumbnailPath, onProgress });
  const subtitles = subRip(spec.captions, spec.duration_s);
  await Deno.writeTextFile(subtitlesPath, subtitles);
  const file = await readMp4(videoPath);
  const result: RenderResult = {
    duration_s: Math.round(file.duration_s * 1000) / 1000,
    width: FRAME.width,
    height: FRAME.height,
    size_bytes: file.size_bytes,
    thumbnail_size_bytes: (await Deno.stat(thumbnailPath)).size,
    subtitles_size_bytes: new TextEncoder().encode(subtitles).length,
    warnings: warningsOf(spec, input.pictures),
    postable: judgePostable(file),
  };
  onProgress(100);
  return { videoPath, thumbnailPath, subtitlesPath, result };
}
