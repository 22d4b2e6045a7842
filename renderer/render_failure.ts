// How a render fails on purpose: a row's error code and a message that a shop owner understands.

import type { JobErrorCode } from "../supabase/functions/_shared/contracts/jobs.ts";
import { VoiceUnusable } from "./video/sound.ts";

/** What the state of a failed render says. */
export interface RenderError {
  code: JobErrorCode;
  message: string;
  retryable: boolean;
}

export class RenderFailure extends Error {
  override name = "RenderFailure";
  readonly code: JobErrorCode;
  readonly retryable: boolean;

  constructor(
    code: JobErrorCode,
    message: string,
    options: { retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** The state's `error` for whatever was thrown; a full disk is named as such. */
export function renderErrorOf(error: unknown): RenderError {
  if (error instanceof RenderFailure) {
    return { code: error.code, message: error.message, retryable: error.retryable };
  }
  if (isDiskFull(error)) {
    const message = "The machine that makes the videos has no room left on its disk.";
    return { code: "render_failed", message, retryable: true };
  }
  if (error instanceof VoiceUnusable) {
    // What sent it may send a better one.
    return {
      code: "voiceover_failed",
      message: "The recording of the voice cannot be played.",
      retryable: true,
    };
  }
  // A program that was killed (out of memory, an operator) says nothing against the product.
  const retryable = isKilled(error);
  return { code: "render_failed", message: "The video could not be made.", retryable };
}

function isKilled(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /ended with 1(34|35|37|39|43)\b|SIGKILL|SIGTERM|ffmpeg stalled/.test(error.message) ||
    isKilled(error.cause);
}

function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const text = `${(error as { code?: string }).code ?? ""} ${error.message}`;
  return /ENOSPC|no space left|os error 28|EDQUOT/i.test(text) || isDiskFull(error.cause);
}
