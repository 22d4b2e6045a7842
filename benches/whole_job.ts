// `deno task bench:job [--products N] [--seconds N] [--rounds N]`: a batch to its MP4s through the whole system, beside the
// same voices and renders asked of the same renderers directly, nothing uploaded; in turns, in one run.

import { FUNCTIONS_FOLDER } from "../local/functions_host/host.ts";
import { machine, printBar, printTable, quantile, readOption } from "./measure.ts";
import { writeResults } from "./results.ts";
import { processorSeconds, serverSeconds } from "./processor.ts";
import { type BenchStack, withBenchStack } from "./stack/stack.ts";
import { makeAllAlone, makeBatch, openSampleOwner } from "./stack/video_run.ts";

/** The bar: what the system costs beside the voices and renders. */
const MAX_REST_PERCENT = 5;

const PRODUCTS = readOption("products", 8);
const SECONDS = readOption("seconds", 30);
const ROUNDS = readOption("rounds", 1);

interface Measured {
  name: string;
  jobS: number;
  /** Of it, how long neither a voice nor a render was under way. */
  idleS: number;
  /** As many side by side as the batch had slots. */
  aloneS: number;
  voicesS: number;
  rendersS: number;
  /** Processor time of every part: functions, gateway, Postgres, renderers. */
  jobCpuS: number;
  aloneCpuS: number;
}

/** Wall and processor seconds of some work, all parts of the stack together. */
async function timed<T>(stack: BenchStack, work: () => Promise<T>): Promise<{ result: T; cpuS: number }> {
  const read = async () => {
    const pids = [...Object.values(stack.pids()).flat(), ...stack.renderers.map(({ pid }) => pid)];
    return await processorSeconds(pids) + await serverSeconds(stack.sql);
  };
  const before = await read();
  const result = await work();
  return { result, cpuS: await read() - before };
}

async function measure(
  stack: BenchStack,
  { name, concurrency }: { name: string; concurrency: number },
): Promise<Measured> {
  const owner = await openSampleOwner(stack, PRODUCTS);
  const jobS: number[] = [], idleS: number[] = [], aloneS: number[] = [];
  const voicesS: number[] = [], rendersS: number[] = [], jobCpuS: number[] = [], aloneCpuS: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const whole = await timed(stack, () => makeBatch(stack, { owner, seconds: SECONDS, concurrency }));
    const job = whole.result;
    const alone = await timed(stack, () => makeAllAlone(stack, { work: job.work, parallel: concurrency }));
    const direct = alone.result;
    jobCpuS.push(whole.cpuS);
    aloneCpuS.push(alone.cpuS);
    jobS.push(job.wallMs / 1000);
    idleS.push(job.idleMs / 1000);
    aloneS.push(direct.wallMs / 1000);
    voicesS.push(direct.voiceMs / 1000);
    rendersS.push(direct.renderMs / 1000);
    console.log(`${name}: ${jobS.at(-1)!.toFixed(1)} s, alone ${aloneS.at(-1)!.toFixed(1)} s`);
  }
  return {
    name,
    jobS: quantile(jobS),
    idleS: quantile(idleS),
    aloneS: quantile(aloneS),
    voicesS: quantile(voicesS),
    rendersS: quantile(rendersS),
    jobCpuS: quantile(jobCpuS),
    aloneCpuS: quantile(aloneCpuS),
  };
}

/** The first batch starts processes and reads their files from the disk: `bench:cold` is about that. */
async function warmUp(stack: BenchStack): Promise<void> {
  await makeBatch(stack, { owner: await openSampleOwner(stack, 2), seconds: 15, concurrency: 2 });
}

console.log(`${machine()}; ${PRODUCTS} products of ${SECONDS} s, local voice, rounds: ${ROUNDS}`);
const measured: Measured[] = [];
await withBenchStack(async (stack) => {
  await warmUp(stack);
  for (const concurrency of [1, 2]) {
    const name = `concurrency ${concurrency}, one renderer`;
    measured.push(await measure(stack, { name, concurrency }));
  }
}, { folder: FUNCTIONS_FOLDER, renderers: 1 });
await withBenchStack(async (stack) => {
  await warmUp(stack);
  measured.push(await measure(stack, { name: "concurrency 2, two renderers", concurrency: 2 }));
}, { folder: FUNCTIONS_FOLDER, renderers: 2 });

function percent(value: number, base: number): string {
  return `${(100 * (value / base - 1)).toFixed(1)} %`;
}

const [first] = measured;
const sumS = first!.voicesS + first!.rendersS;
printTable([
  [
    "seconds",
    "whole job",
    "idle in it",
    "the same alone",
    "rest",
    "processor",
    "alone",
    "rest",
    "of the sum",
  ],
  ...measured.map(({ name, jobS, idleS, aloneS, jobCpuS, aloneCpuS }) => [
    name,
    jobS,
    `${idleS.toFixed(2)} (${(100 * idleS / jobS).toFixed(1)} %)`,
    aloneS,
    percent(jobS, aloneS),
    jobCpuS,
    aloneCpuS,
    percent(jobCpuS, aloneCpuS),
    `${(jobS / sumS).toFixed(2)}x`,
  ]),
]);
const voices = `${first!.voicesS.toFixed(2)} s of voices`,
  renders = `${first!.rendersS.toFixed(2)} s of renders`;
console.log(
  `idle: neither a voice nor a render was under way; the sum, one after another: ${voices}, ${renders}`,
);
const bars = measured.map(({ name, jobS, aloneS }) => ({
  name,
  value: 100 * (jobS / aloneS - 1),
  atMost: MAX_REST_PERCENT,
}));
for (const { name, value, atMost } of bars) printBar(`the rest, ${name}`, { value, atMost, unit: " %" });
await writeResults("job", { machine: machine(), measured, bars });
