// Gets a feed's bytes from a file or an http(s) address.

import { charsetOf } from "./decode_feed.ts";
import { FeedError } from "./feed_error.ts";

const MAX_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

export interface LoadedFeed {
  bytes: Uint8Array;
  charset: string | null;
  /** The address after redirects; null for a file. */
  url: string | null;
}

/** Whether a feed's name is an address rather than a path. */
export function isAddress(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

async function fetchFeed(address: string): Promise<LoadedFeed> {
  const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error) => {
    throw new FeedError(`The feed could not be fetched: ${error.message}`);
  });
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new FeedError(`The feed could not be fetched: its host answered ${response.status}.`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new FeedError(`The feed is larger than ${MAX_BYTES / 1024 / 1024} MiB.`);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  return { bytes, charset: charsetOf(response.headers.get("content-type")), url: response.url || address };
}

/** Loads a feed. Throws `FeedError` with a message for the person who named it. */
export async function loadFeed(source: string): Promise<LoadedFeed> {
  if (isAddress(source)) return await fetchFeed(source);
  try {
    const { size, isFile } = await Deno.stat(source);
    if (!isFile) throw new FeedError(`${source} is no file.`);
    if (size > MAX_BYTES) throw new FeedError(`The feed is larger than ${MAX_BYTES / 1024 / 1024} MiB.`);
    return { bytes: await Deno.readFile(source), charset: null, url: null };
  } catch (error) {
    if (error instanceof FeedError) throw error;
    throw new FeedError(
      `The feed ${source} could not be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}
