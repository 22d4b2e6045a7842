// The store stage: where a video's files lie, their upload URLs, and the read URLs that the row keeps for a year.

import { type ClaimedJob, JobFailure, type StoredResult } from "../contracts/jobs.ts";
import type { RenderResult, RenderSpec } from "../contracts/render_spec.ts";
import type { Clock, VideoStorage } from "./ports.ts";

const YEAR_S = 365 * 24 * 3600;
const WIDTH = 1080;
const HEIGHT = 1920;

export interface RenderPaths {
  video: string;
  thumbnail: string;
  subtitles: string;
}

export function pathsOf(job: ClaimedJob, renderId: string): RenderPaths {
  const base = `${job.profile_id}/${job.job_id}/${renderId}`;
  return { video: `${base}.mp4`, thumbnail: `${base}.jpg`, subtitles: `${base}.srt` };
}

/** One upload each; null for what is stored already. */
export async function signUploads(paths: RenderPaths, storage: VideoStorage): Promise<RenderSpec["uploads"]> {
  const [video, thumbnail, subtitles] = await Promise.all(
    [paths.video, paths.thumbnail, paths.subtitles].map((path) => storage.signUpload(path)),
  );
  return { video: video ?? null, thumbnail: thumbnail ?? null, subtitles: subtitles ?? null };
}

/** What is known of a video whose three files are stored while no renderer remembers it: what was `told` before that. */
export async function storedResult(
  job: ClaimedJob,
  { paths, storage, told }: { paths: RenderPaths; storage: VideoStorage; told: RenderResult | undefined },
): Promise<RenderResult | null> {
  const [video, thumbnail, subtitles] = await Promise.all(
    [paths.video, paths.thumbnail, paths.subtitles].map((path) => storage.sizeOf(path)),
  );
  if (typeof video !== "number") return null;
  return {
    duration_s: job.options.duration_s,
    width: WIDTH,
    height: HEIGHT,
    warnings: [],
    ...told,
    size_bytes: video,
    ...(typeof thumbnail === "number" ? { thumbnail_size_bytes: thumbnail } : {}),
    ...(typeof subtitles === "number" ? { subtitles_size_bytes: subtitles } : {}),
  };
}

/** Signs for reading what the row will name. A file that is not there is a failure that is tried again. */
export async function signResult(
  paths: RenderPaths,
  rendered: RenderResult,
  { storage, clock }: { storage: VideoStorage; clock: Clock },
): Promise<StoredResult> {
  const expiresAt = new Date(clock.now() + YEAR_S * 1000).toISOString();
  const [video, thumbnail, subtitles] = await Promise.all(
    [paths.video, paths.thumbnail, paths.subtitles].map((path) => storage.signRead(path, YEAR_S)),
  );
  if (!video || !thumbnail || !subtitles) {
    throw new JobFailure("storage_unavailable", "The finished video is not in the storage.", {
      retryable: true,
    });
  }
  return {
    ...rendered,
    video_path: paths.video,
    video_token: video.token,
    thumbnail_path: paths.thumbnail,
    thumbnail_token: thumbnail.token,
    subtitles_path: paths.subtitles,
    subtitles_token: subtitles.token,
    url_expires_at: expiresAt,
  };
}
