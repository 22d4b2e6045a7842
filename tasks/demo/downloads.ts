// Finished videos to files: written beside their place and renamed, so that a file with its name is a whole one.

import { join } from "node:path";
import type { ProductJob } from "./batch.ts";

/** `03_fjord-lounge-chair.mp4` */
export function fileName(job: ProductJob, position: number): string {
  const words = job.title
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-");
  const slug = [...words].slice(0, 60).join("").replace(/^-+|-+$/g, "");
  return `${String(position + 1).padStart(2, "0")}_${slug || job.job_id}.mp4`;
}

/** Downloads through the signed URL; answers the file's path. Throws where it is not whole. */
export async function download(
  job: ProductJob,
  { folder, position, signal }: { folder: string; position: number; signal: AbortSignal },
): Promise<string> {
  const url = job.result?.video_url;
  if (!url) throw new Error(`${job.title}: it is completed but has no video_url`);
  const path = join(folder, fileName(job, position));
  const part = `${path}.part`;
  await Deno.mkdir(folder, { recursive: true });
  const response = await fetch(url, { signal });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`${job.title}: its video answered HTTP ${response.status}`);
  }
  try {
    await Deno.writeFile(part, response.body);
    const { size } = await Deno.stat(part);
    if (size !== job.result?.size_bytes) {
      throw new Error(`${job.title}: ${size} bytes came, ${job.result?.size_bytes} were expected`);
    }
    await Deno.rename(part, path);
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    throw error;
  }
  return path;
}
