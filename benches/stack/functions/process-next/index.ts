// `process-next` as it is deployed, but for its pipeline, which does nothing: what is left is the chain.

import type { ClaimedJob, StoredResult } from "../../../../supabase/functions/_shared/contracts/jobs.ts";
import { createProcessNext } from "../../../../supabase/functions/process-next/wiring.ts";

/** As large as a real one; no file lies behind it. */
function emptyResult(job: ClaimedJob): StoredResult {
  const path = `${job.profile_id}/${job.job_id}/${job.job_id}-${job.run}-0123456789abcdef`;
  const token = "t".repeat(300);
  return {
    video_path: `${path}.mp4`,
    video_token: token,
    thumbnail_path: `${path}.jpg`,
    thumbnail_token: token,
    subtitles_path: `${path}.srt`,
    subtitles_token: token,
    url_expires_at: "2099-01-01T00:00:00Z",
    duration_s: job.options.duration_s,
    width: 1080,
    height: 1920,
    size_bytes: 4_000_000,
    warnings: [],
  };
}

Deno.serve(createProcessNext(() =>
  Promise.resolve({
    makeVideo: (job) => Promise.resolve({ kind: "completed", result: emptyResult(job) }),
    // A pipeline that does nothing asks for nothing.
    ports: {} as never,
  })
));
