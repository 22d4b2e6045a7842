// The wall clock of this isolate, which began with the isolate and not with the request.

/**
 * Kept free at the end for recording the outcome and kicking: a tenth, 2 to 15 s, and never so much that work is
 * handed over before half the wall clock: until then this same isolate would be handed it back.
 */
function marginOf(wallClockS: number): number {
  return Math.min(15, Math.max(2, wallClockS / 10), wallClockS * 0.15);
}

/** Seconds that work may still take here; negative when they are over. */
export function createWallClock(
  wallClockS: number,
  sinceStartMs: () => number = () => performance.now(),
): () => number {
  const usableS = wallClockS - marginOf(wallClockS);
  return () => usableS - sinceStartMs() / 1000;
}
