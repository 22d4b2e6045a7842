// `deno task bench:faults [--faults N] [--at-once N] [--seed N]`: batches of three, several at once, with workers killed
// and answers lost at random calls, until so many faults have struck. Prints faults, rows lost, rows made twice, and
// purchases that no fault explains; what offends is printed with the seed that makes it again.

import type { Fault } from "../tests/faults/fault_proxy.ts";
import { randomFaults, randomFrom } from "../tests/faults/random_faults.ts";
import type { Outcome } from "../tests/faults/run_batch.ts";
import { withWorld, type World } from "../tests/faults/world.ts";
import { machine, readOption } from "./measure.ts";

const FAULTS = readOption("faults", 500);
const AT_ONCE = readOption("at-once", 6);
const SEED = readOption("seed", Date.now() % 2 ** 31);
const MOST_FAULTS_A_BATCH = 20;
/** Long enough for a busy machine not to lose one by itself, short enough not to wait long for each kill. */
const SETTINGS = { lease_s: 4, backoff_first_s: 0.1, backoff_max_s: 0.5 };
const PRINT_EVERY = 500;

let nextPrint = PRINT_EVERY;

const sums = {
  batches: 0,
  rows: 0,
  faults: 0,
  kills: 0,
  rowsLost: 0,
  rowsMadeTwice: 0,
  unexplainedPurchases: 0,
  explained: 0,
  leaseLost: 0,
  offences: 0,
};

/** Only how many of a batch's faults struck is known, not which: they strike in order. */
function countKills(faults: Fault[], struck: number): number {
  return faults.slice(0, struck).filter(({ what }) => what === "kill").length;
}

function add(outcome: Outcome, { faults, seed }: { faults: Fault[]; seed: number }): void {
  sums.batches++;
  sums.rows += 3;
  sums.faults += outcome.struck;
  sums.kills += countKills(faults, outcome.struck);
  sums.rowsLost += outcome.rowsLost;
  sums.rowsMadeTwice += outcome.rowsMadeTwice;
  sums.unexplainedPurchases += outcome.unexplainedPurchases;
  sums.explained += outcome.lostPurchases.killed + outcome.lostPurchases.unheard;
  sums.leaseLost += outcome.lostPurchases.leaseLost;
  sums.offences += outcome.offences.length;
  for (const offence of outcome.offences) console.log(`seed ${seed}, batch ${outcome.batchId}: ${offence}`);
}

function print(): void {
  console.log(
    `${sums.faults} faults injected (${sums.kills} kills, ${sums.faults - sums.kills} lost answers) in ` +
      `${sums.batches} batches, ${sums.rows} rows: ${sums.rowsLost} rows lost, ${sums.rowsMadeTwice} rows made twice, ` +
      `${sums.unexplainedPurchases} purchases unexplained (${sums.explained} second ones after a fault, ` +
      `${sums.leaseLost} after a lease that ran out), ${sums.offences} offences`,
  );
}

async function oneAfterAnother(world: World, nextSeed: () => number): Promise<void> {
  while (sums.faults < FAULTS) {
    const seed = nextSeed();
    const random = randomFrom(seed);
    const faults = randomFaults(1 + Math.floor(random() * MOST_FAULTS_A_BATCH), random);
    const concurrency = 1 + Math.floor(random() * 3);
    add(await world.run({ faults, concurrency }), { faults, seed });
    if (sums.faults >= nextPrint) {
      print();
      nextPrint += PRINT_EVERY;
    }
  }
}

console.log(`${machine()}, ${AT_ONCE} batches at once, seed ${SEED}`);
const start = performance.now();
await withWorld({ renderer: "stand-in", settings: SETTINGS, limitMs: 300_000 }, async (world) => {
  let seed = SEED;
  await Promise.all(Array.from({ length: AT_ONCE }, () => oneAfterAnother(world, () => seed++)));
});
print();
console.log(`${((performance.now() - start) / 60_000).toFixed(1)} min`);
if (sums.offences > 0) Deno.exit(1);
Deno.exit(0);
