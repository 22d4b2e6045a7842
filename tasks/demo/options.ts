// The demo's command line.

import { parseArgs } from "node:util";
import { DURATIONS_S } from "../../supabase/functions/_shared/contracts/options.ts";

/** Fewest and most products that a batch takes. */
export const BATCH_SIZE = { min: 2, max: 50 };

export const USAGE = `Usage: deno task demo [options]
  --feed FILE|URL            a Google Merchant feed of your own instead of the sample shop
  --limit N                  only the first N of its products (${BATCH_SIZE.min} to ${BATCH_SIZE.max}); all of these must succeed
  --duration ${DURATIONS_S.join("|")}   seconds a video (15)
  --json                     one JSON object as the last line of stdout, progress on stderr
  --help                     this text`;

export interface DemoOptions {
  feed: string | null;
  limit: number | null;
  durationS: number;
  json: boolean;
}

export type DemoArguments = { kind: "run"; options: DemoOptions } | { kind: "help" } | {
  kind: "wrong";
  message: string;
};

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : null;
}

/** Reads the arguments; what is wrong is said, never guessed. */
export function readArguments(args: string[]): DemoArguments {
  let values;
  try {
    values = parseArgs({
      args,
      options: {
        feed: { type: "string" },
        limit: { type: "string" },
        duration: { type: "string", default: "15" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    return { kind: "wrong", message: error instanceof Error ? error.message : String(error) };
  }
  if (values.help) return { kind: "help" };
  const durationS = wholeNumber(values.duration);
  if (durationS === null || !(DURATIONS_S as readonly number[]).includes(durationS)) {
    return { kind: "wrong", message: `--duration must be one of ${DURATIONS_S.join(", ")}.` };
  }
  const limit = wholeNumber(values.limit);
  if (values.limit !== undefined && (limit === null || limit < BATCH_SIZE.min || limit > BATCH_SIZE.max)) {
    return {
      kind: "wrong",
      message: `--limit must be a whole number from ${BATCH_SIZE.min} to ${BATCH_SIZE.max}.`,
    };
  }
  if (values.feed !== undefined && values.feed.trim() === "") {
    return { kind: "wrong", message: "--feed must name a file or an http(s) address." };
  }
  return { kind: "run", options: { feed: values.feed ?? null, limit, durationS, json: values.json } };
}
