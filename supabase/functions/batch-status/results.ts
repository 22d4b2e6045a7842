// What a client is shown of a finished row: addresses that a browser opens, in place of the tokens that they are made of.

import type { StoredResult } from "../_shared/contracts/jobs.ts";

/** A result as `get_batch_status` gives it. */
type Kept = Partial<StoredResult>;

/** `get_batch_status`'s body, as far as it is looked into. */
export interface BatchBody {
  product_jobs: { result: Kept | null }[];
}

/** The result with signed addresses under `publicUrl`; null where it has no such file. */
function toShown(kept: Kept, publicUrl: string) {
  const { video_token, thumbnail_token, subtitles_token, ...shown } = kept;
  const address = (path: string | undefined, token: string | undefined) =>
    path && token ? `${publicUrl}/storage/v1/object/sign/videos/${path}?token=${token}` : null;
  return {
    ...shown,
    video_url: address(shown.video_path, video_token),
    thumbnail_url: address(shown.thumbnail_path, thumbnail_token),
    subtitles_url: address(shown.subtitles_path, subtitles_token),
  };
}

/** The body as the contract has it. */
export function showResults(body: BatchBody, publicUrl: string) {
  const product_jobs = body.product_jobs.map((job) => ({
    ...job,
    result: job.result && toShown(job.result, publicUrl),
  }));
  return { ...body, product_jobs };
}
