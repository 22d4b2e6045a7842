// A render's pictures: fetched together, decoded one by one; those that fail are named and left out.

import { join } from "node:path";
import { RenderFailure } from "../render_failure.ts";
import type { AddressRules } from "./address_rules.ts";
import { DECODE_LIMITS, decodePicture, PictureInvalid, type RawPicture } from "./decode.ts";
import { download, DownloadFailed, PICTURE_LIMITS } from "./download.ts";

export interface GatheredPictures {
  pictures: RawPicture[];
  /** One sentence a picture that was left out. */
  warnings: string[];
}

interface Failure {
  code: "image_unavailable" | "image_invalid";
  reason: string;
}

/** Fails, with the code of the first picture's failure, only where no picture is left. */
export async function gatherPictures(
  urls: readonly string[],
  options: {
    folder: string;
    rules: AddressRules;
    signal: AbortSignal;
    onProgress?: (share: number) => void;
  },
): Promise<GatheredPictures> {
  const { folder, signal } = options;
  const downloads = urls.map((url, index) => {
    const path = join(folder, `picture_${index}.in`);
    const work = settle(download(url, { ...options, path, limits: PICTURE_LIMITS }));
    // Awaited in order below; one that fails earlier must not count as unhandled.
    work.catch(() => {});
    return work;
  });
  const found: (RawPicture | Failure)[] = [];
  for (const [index, fetched] of downloads.entries()) {
    const failure = await fetched ?? null;
    signal.throwIfAborted();
    const source = join(folder, `picture_${index}.in`);
    if (failure) found.push(failure);
    else {
      found.push(
        await decodeOrFail(source, {
          target: join(folder, `picture_${index}.rgb`),
          limits: DECODE_LIMITS,
          signal,
        }),
      );
    }
    await Deno.remove(source).catch(() => {});
    options.onProgress?.((index + 1) / urls.length);
  }
  return divide(found);
}

function divide(found: (RawPicture | Failure)[]): GatheredPictures {
  const pictures = found.filter((entry) => "path" in entry);
  const failures = found.flatMap((entry, index) => "path" in entry ? [] : [{ ...entry, number: index + 1 }]);
  const [first] = failures;
  if (pictures.length > 0 || !first) {
    return {
      pictures,
      warnings: failures.map(({ number, code, reason }) =>
        code === "image_unavailable"
          ? `Picture ${number} could not be fetched: ${reason}.`
          : `Picture ${number} was left out: ${reason}.`
      ),
    };
  }
  const subject = found.length > 1
    ? "None of the product's pictures can be used; the first one"
    : "The product's picture cannot be used";
  throw new RenderFailure(first.code, `${subject}: ${first.reason}.`);
}

/** Null where the download succeeded; a failure that is not the picture's own is thrown on. */
async function settle(work: Promise<void>): Promise<Failure | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (!(error instanceof DownloadFailed)) throw error;
    const code = error.kind === "too_large" ? "image_invalid" : "image_unavailable";
    return { code, reason: error.message };
  }
}

async function decodeOrFail(
  source: string,
  options: Parameters<typeof decodePicture>[1],
): Promise<RawPicture | Failure> {
  try {
    return await decodePicture(source, options);
  } catch (error) {
    if (!(error instanceof PictureInvalid)) throw error;
    return { code: "image_invalid", reason: error.message };
  }
}
