// A property under very many inputs: each in its time, memory flat, and what was tried is printed.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { assert } from "../assert.ts";

/** `deno task test:long` sets it. */
const IS_LONG = Boolean(Deno.env.get("TEST_LONG"));
/** Of live objects: 200 bytes kept of each input would be 20 MB over 100,000. */
const HEAP_BOUND_MB = 20;
/** Of the process, whose allocators do not give all pages back. */
const RSS_BOUND_MB = 150;
/** After so much of the inputs everything lazy is loaded, and memory is looked at. */
const WARM_SHARE = 0.1;

/** Deno 2.1.4 has it only where V8's flag came on the command line, as `deno task test:deno-2.1.4` gives it. */
const collectGarbage = (globalThis as { gc?: () => void }).gc ?? exposeGarbageCollector();

function exposeGarbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

function memory(): { heapUsed: number; rss: number } {
  collectGarbage();
  return Deno.memoryUsage();
}

interface Tries {
  /** Inputs of an ordinary run. */
  runs: number;
  /** Inputs of `deno task test:long`. */
  longRuns: number;
  /** What one input may take. */
  slowMs?: number;
}

/**
 * Tries `check` on many values. A failure names seed and path; `FUZZ_SEED=<seed>` tries the same values again.
 * Memory, without garbage, is compared with what it was when a tenth of them was through.
 */
export async function tryMany<T>(
  tries: { what: string } & Tries,
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => void | Promise<void>,
): Promise<void> {
  const { what, slowMs = 2_000 } = tries;
  const count = IS_LONG ? tries.longRuns : tries.runs;
  const seed = Number(Deno.env.get("FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  const started = performance.now();
  let tried = 0;
  let warm = memory();
  const timed = async (value: T) => {
    if (tried++ === Math.floor(count * WARM_SHARE)) warm = memory();
    const began = performance.now();
    await check(value);
    const ms = performance.now() - began;
    assert(ms < slowMs, `took ${ms} ms`);
  };
  await fc.assert(fc.asyncProperty(arbitrary, timed), { numRuns: count, seed });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const now = memory();
  const [heapMb, rssMb] = [(now.heapUsed - warm.heapUsed) / 1e6, (now.rss - warm.rss) / 1e6];
  const grown = `heap ${heapMb.toFixed(1)} MB, process ${rssMb.toFixed(0)} MB more`;
  console.log(`${what} tried: ${tried}, seed ${seed}, ${seconds} s, ${grown}`);
  assert(heapMb < HEAP_BOUND_MB && rssMb < RSS_BOUND_MB, `${what}: ${grown}`);
}
