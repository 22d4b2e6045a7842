// Brings a picture or a voice to a file: size, time and tries are bounded.

import { open } from "node:fs/promises";
import { AddressRefused, type AddressRules } from "./address_rules.ts";
import { guardedRequest, RedirectRefused } from "./guarded_request.ts";

/** Why a file could not be had. `transient`: another try later may succeed. */
export class DownloadFailed extends Error {
  override name = "DownloadFailed";
  /** `unavailable`: it did not come; `too_large`: it came, and is too large. */
  readonly kind: "unavailable" | "too_large";
  readonly transient: boolean;
  /** Seconds that the host asked to wait, if it did. */
  readonly retryAfterS: number | null;

  constructor(
    kind: "unavailable" | "too_large",
    message: string,
    options: { transient?: boolean; retryAfterS?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.transient = options.transient ?? false;
    this.retryAfterS = options.retryAfterS ?? null;
  }
}

export interface DownloadLimits {
  maxBytes: number;
  /** Of one try, from the name's resolution to the last byte. */
  timeoutMs: number;
  tries: number;
  /** Of all tries together. */
  totalMs: number;
  /** Waits before the second try, the third, … */
  waitsMs: readonly number[];
}

/** What the contract allows a picture. */
export const PICTURE_LIMITS: DownloadLimits = {
  maxBytes: 20 * 1024 * 1024,
  timeoutMs: 10_000,
  tries: 3,
  totalMs: 120_000,
  waitsMs: [2_000, 8_000],
};

const TRANSIENT_STATUSES = new Set([408, 425, 429]);

/** Writes the file at `url` to `path`; throws DownloadFailed when the last try has failed. */
export async function download(
  url: string,
  options: { path: string; rules: AddressRules; limits: DownloadLimits; signal: AbortSignal },
): Promise<void> {
  const { limits, signal } = options;
  const end = performance.now() + limits.totalMs;
  for (let attempt = 1;; attempt++) {
    try {
      return await downloadOnce(url, options);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DownloadFailed) || !error.transient || attempt >= limits.tries) throw error;
      const asked = (error.retryAfterS ?? 0) * 1000;
      const wait = Math.max(asked, limits.waitsMs[attempt - 1] ?? limits.waitsMs.at(-1) ?? 0);
      if (performance.now() + wait + limits.timeoutMs > end) throw error;
      await sleep(wait, signal);
    }
  }
}

async function downloadOnce(
  url: string,
  options: { path: string; rules: AddressRules; limits: DownloadLimits; signal: AbortSignal },
): Promise<void> {
  const { limits } = options;
  const timeout = AbortSignal.timeout(limits.timeoutMs);
  const signal = AbortSignal.any([options.signal, timeout]);
  const headers = { accept: "image/avif,image/webp,image/*;q=0.8,*/*;q=0.5" };
  try {
    const response = await guardedRequest(url, { rules: options.rules, headers, signal });
    try {
      refuseStatus(response.statusCode ?? 0, response.headers["retry-after"]);
      const announced = Number(response.headers["content-length"] ?? 0);
      if (announced > limits.maxBytes) throw tooLarge(limits);
      await writeBody(response, { path: options.path, limits });
      if (!response.complete) throw new Error("the answer was cut off");
    } finally {
      response.destroy();
    }
  } catch (error) {
    throw asDownloadFailed(error, timeout.aborted);
  }
}

function asDownloadFailed(error: unknown, timedOut: boolean): unknown {
  if (error instanceof DownloadFailed) return error;
  if (error instanceof AddressRefused || error instanceof RedirectRefused) {
    return new DownloadFailed("unavailable", error.message, { cause: error });
  }
  // A full disk is ours, not the host's: it must keep its own name.
  if ((error as { code?: string }).code === "ENOSPC") return error;
  const message = timedOut ? "the host took too long" : "the host could not be reached";
  return new DownloadFailed("unavailable", message, { transient: true, cause: error });
}

function refuseStatus(status: number, retryAfter: string | undefined): void {
  if (status >= 200 && status < 300 && status !== 204) return;
  const transient = TRANSIENT_STATUSES.has(status) || status >= 500;
  const seconds = /^\d{1,5}$/.test(retryAfter ?? "") ? Number(retryAfter) : null;
  throw new DownloadFailed("unavailable", `its host answered ${status}`, { transient, retryAfterS: seconds });
}

async function writeBody(
  body: AsyncIterable<Uint8Array>,
  options: { path: string; limits: DownloadLimits },
): Promise<void> {
  const file = await open(options.path, "w");
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > options.limits.maxBytes) throw tooLarge(options.limits);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  if (size === 0) throw new DownloadFailed("unavailable", "its host sent an empty file");
}

function tooLarge(limits: DownloadLimits): DownloadFailed {
  const megabytes = Math.round(limits.maxBytes / 1024 / 1024);
  return new DownloadFailed("too_large", `it is larger than ${megabytes} MB`);
}

/** Waits, and stops waiting when the signal aborts. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
