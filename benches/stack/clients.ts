// Clients that poll at their own pace, as browsers do: each at its time whether or not the others were answered.

export interface Held {
  /** Milliseconds of every poll that was answered as it should be. */
  times: number[];
  errors: string[];
}

/** So many clients, spread over the interval, each polling once an interval for so long. A late answer delays its client. */
export async function hold(
  poll: () => Promise<void>,
  { count, everyMs, seconds }: { count: number; everyMs: number; seconds: number },
): Promise<Held> {
  const held: Held = { times: [], errors: [] };
  const begin = performance.now();
  const end = begin + seconds * 1000;
  await Promise.all(Array.from({ length: count }, async (_, client) => {
    for (let due = begin + everyMs * client / count; due < end; due += everyMs) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      const start = performance.now();
      try {
        await poll();
        held.times.push(performance.now() - start);
      } catch (error) {
        held.errors.push(String(error));
      }
    }
  }));
  return held;
}
