// `deno task bench:chain [--rounds N] [--products N]`: batches with a pipeline that does nothing, through real function
// processes over real HTTP, beside a bare authenticated function that makes one round trip (`select 1`), in turns.

import { machine, printBar, printTable, quantile, readOption } from "./measure.ts";
import { writeResults } from "./results.ts";
import { type ChainRun, openOwner, type Owner, runChain } from "./stack/chain_run.ts";
import { type BenchStack, callFunction, withBenchStack } from "./stack/stack.ts";

/** The bars: per product, and beside the bare function. */
const MAX_ROUND_TRIPS = 3;
const MAX_KICKS = 1;
const MAX_RATIO = 4;

const ROUNDS = readOption("rounds", 8);
const PRODUCTS = readOption("products", 50);
const CONCURRENCIES = [1, 4];

async function timeBare(stack: BenchStack, { token }: Owner): Promise<number> {
  const start = performance.now();
  const response = await callFunction(stack, "select-one", { token });
  if (await response.json() !== 1) throw new Error("select-one answered something else");
  return performance.now() - start;
}

function printRequests({ requests }: ChainRun): void {
  console.log(`what a batch of ${PRODUCTS} asked for, accepting it left out (concurrency 1):`);
  for (const [kind, { requests: count, bodyBytes }] of Object.entries(requests)) {
    console.log(`  ${String(count).padStart(5)}  ${kind} (${Math.round(bodyBytes / count)} bytes each)`);
  }
}

/** With several slots a product that takes no time is over before its claim's kick arrives, which then finds nothing. */
function printCounts(concurrency: number, list: ChainRun[]): void {
  const most = (value: (run: ChainRun) => number) => Math.max(...list.map(value));
  const at = `a product, concurrency ${concurrency}`;
  const roundTrips = { value: most((run) => run.roundTrips), atMost: MAX_ROUND_TRIPS, unit: "" };
  printBar(`database round trips ${at}`, roundTrips);
  const kicks = most((run) => run.kicks);
  if (concurrency === 1) printBar(`kicks ${at}`, { value: kicks, atMost: MAX_KICKS, unit: "" });
  else console.log(`kicks ${at}: ${kicks.toFixed(2)} (those that find nothing included; no bar)`);
  console.log(`transactions that wrote ${at}: ${most((run) => run.writes).toFixed(2)}`);
}

await withBenchStack(async (stack) => {
  const owner = await openOwner(stack, PRODUCTS);
  console.log(machine());
  const bare: number[] = [];
  const runs = new Map(CONCURRENCIES.map((concurrency) => [concurrency, [] as ChainRun[]]));
  // The first round starts the functions' processes, and is thrown away.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [concurrency, list] of runs) {
      const run = await runChain(stack, { owner, concurrency });
      if (round > 0) list.push(run);
      for (let n = 0; n < PRODUCTS; n++) {
        const ms = await timeBare(stack, owner);
        if (round > 0) bare.push(ms);
      }
    }
  }
  const base = quantile(bare);
  const row = (name: string, values: number[]) => [
    name,
    quantile(values),
    quantile(values, 0.95),
    `${(quantile(values) / base).toFixed(2)}x`,
  ];
  printTable([
    ["", "p50 ms", "p95 ms", "of the bare function"],
    row("bare authenticated `select 1` function", bare),
    ...[...runs].flatMap(([concurrency, list]) => [
      row(`from row done to row done, concurrency ${concurrency}`, list.flatMap(({ stepsMs }) => stepsMs)),
      row(
        `from the 202 to the end, a product's share, concurrency ${concurrency}`,
        list.map((r) => r.wallMs),
      ),
    ]),
  ]);
  printRequests(runs.get(1)!.at(-1)!);
  for (const [concurrency, list] of runs) printCounts(concurrency, list);
  const list = runs.get(1)!;
  const steps = quantile(list.flatMap(({ stepsMs }) => stepsMs)) / base;
  const shares = quantile(list.map(({ wallMs }) => wallMs)) / base;
  printBar("a product beside the bare function, row done to row done", { value: steps, atMost: MAX_RATIO });
  printBar("a product beside the bare function, from the 202", { value: shares, atMost: MAX_RATIO });
  await writeResults("chain", {
    machine: machine(),
    bars: [
      { name: "bare authenticated `select 1` function", value: 1 },
      { name: "a product, row done to row done", value: steps, atMost: MAX_RATIO },
      {
        name: "a product's share of a batch, from the 202 to the last row done",
        value: shares,
        atMost: MAX_RATIO,
      },
    ],
  });
});
