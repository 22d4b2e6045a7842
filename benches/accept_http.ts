// `deno task bench:accept-http [--rounds N]`: `batch-generate` with 50 products, warm, over real HTTP, beside a bare authenticated
// function that makes one round trip (`select 1`) through the same gateway, in turns. Kicks are answered by a stub.

import { interleave, machine, printBar, printTable, quantile, readOption } from "./measure.ts";
import { writeResults } from "./results.ts";
import { openOwner } from "./stack/chain_run.ts";
import { callFunction, withBenchStack } from "./stack/stack.ts";

/** The bar: accepting a batch beside the bare function, at the median. */
const MAX_RATIO = 2;
/** A batch's kick is over by then: it belongs to neither. */
const KICK_MS = 10;

const FUNCTIONS = new URL("./stack/accepting/", import.meta.url);

await withBenchStack(async (stack) => {
  const { token, productIds } = await openOwner(stack, 50);
  console.log(machine());
  const body = { product_ids: productIds, tts_provider: "local" };
  const between = () => new Promise((resolve) => setTimeout(resolve, KICK_MS));
  const { bare, accept } = await interleave({
    bare: async () => {
      const response = await callFunction(stack, "select-one", { token });
      if (await response.json() !== 1) throw new Error("select-one answered something else");
    },
    accept: async () => {
      const response = await callFunction(stack, "batch-generate", { token, body, expected: 202 });
      if ((await response.json()).total !== productIds.length) throw new Error("a batch is too small");
    },
    // Both calls begin on a stack that has nothing to do.
    between,
  }, { rounds: readOption("rounds", 300), warmUp: 30 });
  const base = quantile(bare);
  printTable([
    ["", "p50 ms", "p95 ms", "of the bare function"],
    ...Object.entries({ "bare authenticated `select 1` function": bare, "batch-generate of 50": accept })
      .map(([name, values]) => [
        name,
        quantile(values),
        quantile(values, 0.95),
        `${(quantile(values) / base).toFixed(2)}x`,
      ]),
  ]);
  const ratio = quantile(accept) / base;
  printBar("batch-generate of 50 beside the bare function", { value: ratio, atMost: MAX_RATIO });
  await writeResults("accept_http", {
    machine: machine(),
    bars: [
      { name: "bare authenticated `select 1` function", value: 1 },
      { name: "batch-generate of 50 products", value: ratio, atMost: MAX_RATIO },
    ],
  });
}, { folder: FUNCTIONS });
