// The private bucket of voices and videos, through supabase-js; URLs bear the public origin.

import type { SupabaseClient } from "@supabase/supabase-js";
import { JobFailure } from "./contracts/jobs.ts";
import type { VideoStorage } from "./pipeline/ports.ts";

export const VIDEO_BUCKET = "videos";

/** supabase-js takes no signal for these calls: a storage that hangs counts as away after this. */
const CALL_TIMEOUT_MS = 20_000;
const PUT_TIMEOUT_MS = 45_000;
/** Tries of one upload, and the wait before the second; each next one waits twice as long. */
const PUT_ATTEMPTS = 5;
const PUT_BACKOFF_MS = 250;

interface StorageTrouble {
  message: string;
  status?: number | undefined;
  statusCode?: string | undefined;
}

/** The storage behind a client of the service role. `publicUrl` is the origin of every URL that is handed out. */
export function createVideoStorage(
  options: { client: Pick<SupabaseClient, "storage">; publicUrl: string },
): VideoStorage {
  const bucket = () => options.client.storage.from(VIDEO_BUCKET);
  const origin = options.publicUrl.replace(/\/+$/, "");
  return {
    async put(path, file) {
      // What is put here was paid for and is kept nowhere else yet: an answer that got lost is asked for again.
      for (let attempt = 1;; attempt++) {
        const { error } = await inTime(
          bucket().upload(path, file.bytes, { contentType: file.contentType, upsert: false }),
          PUT_TIMEOUT_MS,
        );
        if (!error || isDuplicate(error)) return;
        const failure = toFailure(error);
        if (!failure.retryable || attempt === PUT_ATTEMPTS) throw failure;
        await new Promise((resolve) => setTimeout(resolve, PUT_BACKOFF_MS * 2 ** (attempt - 1)));
      }
    },

    async signUpload(path) {
      const { data, error } = await inTime(bucket().createSignedUploadUrl(path), CALL_TIMEOUT_MS);
      if (!error) {
        return `${origin}/storage/v1/object/upload/sign/${VIDEO_BUCKET}/${path}?token=${data.token}`;
      }
      if (isDuplicate(error)) return null;
      throw toFailure(error);
    },

    async signRead(path, expiresInS) {
      const { data, error } = await inTime(bucket().createSignedUrl(path, expiresInS), CALL_TIMEOUT_MS);
      if (error) {
        if (isAbsent(error)) return null;
        throw toFailure(error);
      }
      const token = new URL(data.signedUrl).searchParams.get("token") ?? "";
      return { url: `${origin}/storage/v1/object/sign/${VIDEO_BUCKET}/${path}?token=${token}`, token };
    },

    async sizeOf(path) {
      const slash = path.lastIndexOf("/");
      const name = path.slice(slash + 1);
      const { data, error } = await inTime(
        bucket().list(path.slice(0, slash), { search: name, limit: 100 }),
        CALL_TIMEOUT_MS,
      );
      if (error) throw toFailure(error);
      const size = data.find((object) => object.name === name)?.metadata?.size;
      return typeof size === "number" ? size : null;
    },
  };
}

/** Storage answers HTTP 400 and says the real status in its body. */
function statusOf(error: StorageTrouble): number {
  const inBody = Number(error.statusCode);
  return Number.isInteger(inBody) && inBody >= 400 ? inBody : error.status ?? 0;
}

function isDuplicate(error: StorageTrouble): boolean {
  return statusOf(error) === 409 || error.statusCode === "Duplicate" ||
    error.statusCode === "ResourceAlreadyExists";
}

function isAbsent(error: StorageTrouble): boolean {
  return statusOf(error) === 404 || error.statusCode === "NoSuchKey" || error.statusCode === "not_found";
}

function toFailure(error: StorageTrouble): JobFailure {
  const status = statusOf(error);
  const permanent = status >= 400 && status < 500 && ![401, 403, 408, 425, 429].includes(status);
  return new JobFailure(
    "storage_unavailable",
    permanent ? "The storage refused the file." : "The storage of videos does not answer at the moment.",
    { retryable: !permanent, cause: new Error(`storage: ${status} ${error.message}`) },
  );
}

async function inTime<T>(call: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(toFailure({ message: `no answer in ${timeoutMs} ms` })), timeoutMs);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
