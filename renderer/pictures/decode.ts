// Decodes an untrusted picture in a process of its own that is killed on time-out and bounded in memory.

import { z } from "zod";
import { runChild } from "../child_command.ts";
import { PICTURE_DECODER } from "../programs.ts";

/** A decoded picture: raw interleaved RGB, 3 bytes a pixel, in a file. */
export interface RawPicture {
  width: number;
  height: number;
  path: string;
}

/** The file is no picture that is taken; `message` is fit for a shop owner. */
export class PictureInvalid extends Error {
  override name = "PictureInvalid";
}

export interface DecodeLimits {
  maxPixels: number;
  /** Larger pictures are scaled down to it. */
  longestSide: number;
  timeoutMs: number;
  memoryMb: number;
}

/** 40 megapixels; 2400 is what a 1080 x 1920 frame with zoom can show. */
export const DECODE_LIMITS: DecodeLimits = {
  maxPixels: 40_000_000,
  longestSide: 2400,
  timeoutMs: 20_000,
  memoryMb: 1400,
};

const Answer = z.union([
  z.object({ ok: z.literal(true), width: z.number().int(), height: z.number().int() }),
  z.object({ ok: z.literal(false), message: z.string(), cause: z.string(), diskFull: z.boolean() }),
]);

/** Decodes `source` into `target`. */
export async function decodePicture(
  source: string,
  options: { target: string; limits: DecodeLimits; signal: AbortSignal },
): Promise<RawPicture> {
  const { target, limits } = options;
  const timeout = AbortSignal.timeout(limits.timeoutMs);
  const run = runChild({
    program: PICTURE_DECODER,
    args: [source, target, String(limits.longestSide), String(limits.maxPixels)],
    // No network and no subprocess: what breaks out of the decoder finds little.
    permissions: ["--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--allow-ffi"],
    memoryMb: limits.memoryMb,
    stdin: "null",
  }, { signal: AbortSignal.any([options.signal, timeout]) });
  const outcome = await run.catch((error) => {
    options.signal.throwIfAborted();
    if (timeout.aborted) throw new PictureInvalid("it took too long to decode");
    throw error;
  });
  const answer = Answer.safeParse(parseLastLine(outcome.stdout));
  if (!outcome.success || !answer.success) {
    throw new PictureInvalid("it cannot be decoded", { cause: new Error(outcome.stderr.slice(0, 400)) });
  }
  if (answer.data.ok) return { width: answer.data.width, height: answer.data.height, path: target };
  if (answer.data.diskFull) throw new Error("no space left on device");
  throw new PictureInvalid(answer.data.message, { cause: new Error(answer.data.cause) });
}

function parseLastLine(text: string): unknown {
  try {
    return JSON.parse(text.trim().split("\n").at(-1) ?? "");
  } catch {
    return null;
  }
}
