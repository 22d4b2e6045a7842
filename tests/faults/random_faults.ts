// Random faults for one batch, the same ones for the same seed.

import type { Fault } from "./fault_proxy.ts";

/** Calls between two faults of a batch: close enough for a fault to meet what the one before left. */
const MAX_GAP = 9;

/** Numbers from 0 to 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** So many faults, from the first call on: half of them kill, half of them lose an answer that was given. */
export function randomFaults(count: number, random: () => number): (Fault & { at: number })[] {
  const faults: (Fault & { at: number })[] = [];
  let at = -1;
  for (let n = 0; n < count; n++) {
    at += 1 + Math.floor(random() * MAX_GAP);
    const kills = random() < 0.5;
    const when = kills && random() < 0.5 ? "before" : "after";
    faults.push({ at, when, what: kills ? "kill" : "lose" });
  }
  return faults;
}
