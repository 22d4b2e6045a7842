// Work that goes on after the answer was given.

import type { Log } from "./log.ts";

declare const EdgeRuntime: { waitUntil(work: Promise<unknown>): void } | undefined;

/** Lets work go on under the platform's `waitUntil`, where it has one; its rejection is logged, never thrown. */
export type Background = (work: Promise<unknown>) => void;

/** Without a platform a promise runs as long as its process does. */
export function createBackground(log: Log): Background {
  return (work) => {
    const settled = work.catch((cause) => log.error("background_work_failed", { cause }));
    if (typeof EdgeRuntime !== "undefined") EdgeRuntime.waitUntil(settled);
  };
}
