// `deno task bench:growth [--rows N] [--rounds N] [--jobs N]`: the same claim, completion, sweep, list and status behind a
// history of 1,000 to 1,000,000 finished rows, with one batch open and with a hundred: buffers and medians; then progress
// reports (HOT) by fillfactor, and what so many jobs leave behind in the queue's tables.

import { openShop } from "../tests/database/shop.ts";
import { withBenchDatabase } from "./database.ts";
import { measureSteps, type Step, STEPS, type StepSizes } from "./growth_steps.ts";
import { fillHistory } from "./history.ts";
import { machine, printBar, printTable, readOption } from "./measure.ts";
import { type Series, writeResults } from "./results.ts";
import { printBloat, printFillfactors } from "./queue_tables.ts";

const LARGEST = readOption("rows", 1_000_000);
const SIZES = [1_000, 10_000, 100_000, 1_000_000].filter((size) => size <= LARGEST);
const ROUNDS = readOption("rounds", 50);
const JOBS = readOption("jobs", 100_000);
const OPEN_BATCHES = [1, 100];
/** The bars. */
const MAX_GROWTH = 1.5;
const MAX_READING_GROWTH = 1.3;
const MAX_LIST_BUFFERS = 200;

function printGrowth(measured: Map<number, StepSizes>, open: number): void {
  console.log(`\n${open} ${open === 1 ? "batch" : "batches"} at once`);
  printTable([
    ["median ms (buffers)", ...SIZES.map((size) => `${size.toLocaleString("en")} rows`)],
    ...STEPS.map((step) => [
      step,
      ...SIZES.map((size) => {
        const { ms, buffers } = measured.get(size)![step];
        return `${ms.toFixed(3)} (${buffers.toFixed(0)})`;
      }),
    ]),
  ]);
  const last = measured.get(SIZES.at(-1)!)!;
  for (const step of STEPS) {
    const from = measured.get(Math.min(startOf(step, open), SIZES.at(-1)!))![step];
    const atMost = isOfHistory(step, open) ? MAX_READING_GROWTH : MAX_GROWTH;
    printBar(`${step}, growth in time`, { value: last[step].ms / from.ms, atMost });
    printBar(`${step}, growth in buffers`, { value: last[step].buffers / from.buffers, atMost });
  }
  if (!isOfHistory("list of 20", open)) return;
  printBar("list of 20 at the largest size", {
    value: last["list of 20"].buffers,
    atMost: MAX_LIST_BUFFERS,
    unit: " buffers",
  });
}

/** Reading has closer bars while what is read is history; among a hundred open batches a page is of open ones alone. */
function isOfHistory(step: Step, open: number): boolean {
  return open === 1 && (step === "list of 20" || step === "status of 50");
}

/** The size from which a step must be flat. */
function startOf(step: Step, open: number): number {
  if (step === "list of 20") return 100_000;
  return isOfHistory(step, open) ? 1_000 : 10_000;
}

/** Medians by size, a line a step: for the plot. */
function linesOf(measured: Map<number, StepSizes>): Series[] {
  return STEPS.map((name) => ({ name, points: SIZES.map((size) => [size, measured.get(size)![name].ms]) }));
}

await withBenchDatabase(async (database) => {
  console.log(machine());
  const shop = await openShop(database.sql, 50);
  const measured = new Map(OPEN_BATCHES.map((open) => [open, new Map<number, StepSizes>()]));
  for (const rows of SIZES) {
    await fillHistory(database.sql, { shops: [shop], rows });
    for (const open of OPEN_BATCHES) {
      measured.get(open)!.set(rows, await measureSteps(database, { shop, open, rounds: ROUNDS }));
    }
  }
  for (const open of OPEN_BATCHES) printGrowth(measured.get(open)!, open);
  await writeResults("growth", { machine: machine(), series: linesOf(measured.get(1)!) });
});
await withBenchDatabase(async (database) => {
  const shop = await openShop(database.sql, 50);
  await printFillfactors(database, { shop });
  await printBloat(database, { shop, jobs: JOBS });
});
