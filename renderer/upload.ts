// Puts a finished file to its signed upload URL. "Already exists" counts as stored.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { AddressRefused, type AddressRules } from "./pictures/address_rules.ts";
import { sleep } from "./pictures/download.ts";
import { guardedRequest } from "./pictures/guarded_request.ts";
import { RenderFailure } from "./render_failure.ts";

export interface Upload {
  path: string;
  contentType: string;
  /** Asked before each try: fresh URLs replace old ones. Null: stored already. */
  url: () => string | null;
  rules: AddressRules;
  signal: AbortSignal;
  /** Waits between the tries. */
  waitsMs?: readonly number[];
}

const WAITS_MS = [500, 1_000, 2_000, 4_000, 8_000, 16_000];
/** A try may take as long as 50 MB take on a slow line. */
const TIMEOUT_MS = 120_000;
const TRANSIENT_STATUSES = new Set([408, 425, 429]);

type Answer = { stored: true } | { stored: false; transient: boolean; reason: string; tooLarge: boolean };

/** Ends when the file is stored; throws a retryable RenderFailure when it could not be. */
export async function upload(file: Upload): Promise<void> {
  const waits = file.waitsMs ?? WAITS_MS;
  for (let attempt = 0;; attempt++) {
    const url = file.url();
    if (url === null) return;
    const answer = await putOnce(url, file);
    if (answer.stored) return;
    // A URL that expired while the video was made may have been replaced meanwhile.
    const replaced = file.url() !== url;
    const wait = waits[attempt];
    if (!(answer.transient || replaced) || wait === undefined) {
      throw new RenderFailure(
        "storage_unavailable",
        `The finished video could not be stored: ${answer.reason}.`,
        {
          retryable: !answer.tooLarge,
        },
      );
    }
    await sleep(wait, file.signal);
  }
}

async function putOnce(url: string, file: Upload): Promise<Answer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const { size } = await stat(file.path);
    const response = await guardedRequest(url, {
      rules: file.rules,
      method: "PUT",
      headers: {
        "content-type": file.contentType,
        "content-length": String(size),
        "cache-control": "max-age=31536000",
        "x-upsert": "false",
      },
      body: () => createReadStream(file.path),
      signal: AbortSignal.any([file.signal, timeout]),
    });
    return judge(response.statusCode ?? 0, await readText(response));
  } catch (error) {
    file.signal.throwIfAborted();
    if (error instanceof AddressRefused) {
      return { stored: false, transient: false, reason: error.message, tooLarge: false };
    }
    if ((error as { code?: string }).code === "ENOENT") throw error;
    return { stored: false, transient: true, reason: "the storage did not answer", tooLarge: false };
  }
}

function judge(status: number, body: string): Answer {
  if (status >= 200 && status < 300) return { stored: true };
  if (status === 409 || (status === 400 && isDuplicate(body))) return { stored: true };
  const transient = status >= 500 || TRANSIENT_STATUSES.has(status);
  const tooLarge = status === 413 || /"statusCode"\s*:\s*"413"/.test(body);
  return { stored: false, transient, reason: `the storage answered ${status}`, tooLarge };
}

function isDuplicate(body: string): boolean {
  try {
    const { statusCode, error } = JSON.parse(body);
    return String(statusCode) === "409" || error === "Duplicate";
  } catch {
    return false;
  }
}

/** The first 4 KB: an answer's body is only looked at for its words. */
async function readText(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > 4096) break;
  }
  return text;
}
