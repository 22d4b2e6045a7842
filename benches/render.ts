// Rendering against its limits (the same frames encoded with nothing else, by the encoder's preset and by our settings) and
// against the recipe it replaces; memory, and two renders at once. `deno task bench:render [--seconds N] [--rounds N]
// [--quick]`; medians of rounds that take turns, every second one backwards.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { machine, printBar, printTable, quantile, readOption } from "./measure.ts";
import {
  benchSpecs,
  compose,
  encodeOnly,
  oldRecipe,
  prepareVideo,
  type VideoName,
} from "./render_contenders.ts";
import { type BenchService, startBenchService } from "./render_service.ts";

/** The bars. */
const MOST_OF_LIMIT: Record<VideoName, number> = { product_spotlight: 1.15, everything_on: 1.3 };
const LEAST_BY_OLD_RECIPE = 6;
const MOST_MB = 700;
const LEAST_THROUGHPUT = 0.9;
const TOGETHER = 2;
/** The limits: how long the encoder takes for the same frames and sound, with nothing else to do. */
const PRESET = "the encoder's preset alone";
const SETTINGS = "the encoder with our settings alone";
const RESULTS = fileURLToPath(new URL("../out/bench/render.json", import.meta.url));

/** Seconds of the clock and of the processors, round by round. */
interface Times {
  wall_s: number[];
  cpu_s: number[];
}

/** Processor time of this process and of all that it waited for, in seconds. */
async function processorSeconds(): Promise<number> {
  const stat = await Deno.readTextFile("/proc/self/stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  // utime, stime, cutime, cstime: in hundredths on every Linux that this runs on.
  return fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) / 100;
}

async function note(times: Times, work: () => Promise<unknown>): Promise<void> {
  const cpu = await processorSeconds();
  const start = performance.now();
  await work();
  times.wall_s.push((performance.now() - start) / 1000);
  times.cpu_s.push(await processorSeconds() - cpu);
}

async function interleaved<Name extends string>(
  contenders: Record<Name, (round: number) => Promise<unknown>>,
  rounds: number,
): Promise<Record<Name, Times>> {
  const names = Object.keys(contenders) as Name[];
  const times = Object.fromEntries(
    names.map((name) => [name, { wall_s: [], cpu_s: [] }]),
  ) as unknown as Record<
    Name,
    Times
  >;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      // Gigabytes of raw frames were just written: nobody shall encode beside their way to the disk.
      await new Deno.Command("sync").output();
      await note(times[name], () => contenders[name](round));
    }
    const line = names.map((name) => `${name} ${(times[name].wall_s.at(-1) ?? 0).toFixed(2)} s`);
    console.log(`  round ${round + 1}: ${line.join(", ")}`);
  }
  return times;
}

interface Options {
  seconds: number;
  rounds: number;
  /** Only ours and the limits. */
  quick: boolean;
}

async function compare(name: VideoName, options: Options) {
  const folder = await Deno.makeTempDir({ prefix: "bench_render_" });
  try {
    console.log(`\n${name}, ${options.seconds} s of video`);
    const video = await prepareVideo(benchSpecs(options.seconds)[name], folder);
    const contenders = {
      [PRESET]: () => encodeOnly(video, { folder, settings: "preset" }),
      [SETTINGS]: () => encodeOnly(video, { folder, settings: "ours" }),
      ours: () => compose(video, folder),
      ...(name === "product_spotlight" && !options.quick
        ? { "old recipe": () => oldRecipe(video, folder) }
        : {}),
    };
    return await interleaved(contenders as Record<string, () => Promise<unknown>>, options.rounds);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function printComparison(name: VideoName, times: Record<string, Times>): Record<string, number> {
  const of = (who: string, clock: keyof Times) => quantile(times[who]![clock]);
  printTable([
    ["", "seconds", "processor seconds"],
    ...Object.keys(times).map((who) => [who, of(who, "wall_s"), of(who, "cpu_s")]),
  ]);
  const ratios: Record<string, number> = {};
  for (const [key, limit] of Object.entries({ of_preset: PRESET, of_settings: SETTINGS })) {
    const value = of("ours", "wall_s") / of(limit, "wall_s");
    printBar(`${name} beside ${limit}`, { value, atMost: MOST_OF_LIMIT[name] });
    ratios[key] = value;
    ratios[`${key}_processor`] = of("ours", "cpu_s") / of(limit, "cpu_s");
  }
  if (times["old recipe"]) {
    ratios.faster_than_old_recipe = of("old recipe", "wall_s") / of("ours", "wall_s");
    printLeast("times faster than the old recipe", {
      value: ratios.faster_than_old_recipe,
      atLeast: LEAST_BY_OLD_RECIPE,
    });
  }
  return ratios;
}

function printLeast(subject: string, { value, atLeast }: { value: number; atLeast: number }): void {
  const verdict = value >= atLeast ? "reached" : "NOT reached";
  console.log(`${subject}: ${value.toFixed(2)}, bar at least ${atLeast}: ${verdict}`);
}

/** Through the service: pictures fetched and decoded, the files stored; one after another and two at once. */
async function throughService(service: BenchService, options: Options) {
  console.log(`\nthrough the renderer's service, ${options.seconds} s of video`);
  const videos = benchSpecs(options.seconds);
  const times = await interleaved({
    "one after another": async () => {
      for (let i = 0; i < TOGETHER; i++) await service.render(videos.product_spotlight, { count: 1 });
    },
    "two at once": () => service.render(videos.product_spotlight, { count: TOGETHER }),
  }, options.rounds);
  const throughput = quantile(times["one after another"].wall_s) / quantile(times["two at once"].wall_s);
  printLeast("throughput of two at once beside one after another", {
    value: throughput,
    atLeast: LEAST_THROUGHPUT,
  });
  const memory: Record<string, number> = {};
  for (const name of ["product_spotlight", "everything_on"] as const) {
    const { renders_mb, service_mb } = await service.render(videos[name], { count: 1, watch: true });
    memory[name] = renders_mb;
    memory.service = Math.max(memory.service ?? 0, service_mb);
    printBar(`memory of a render (${name}: worker, picture decoder and ffmpeg)`, {
      value: renders_mb,
      atMost: MOST_MB,
      unit: " MB",
    });
  }
  console.log(`memory of the service itself: ${memory.service?.toFixed(0)} MB`);
  const single_s = quantile(times["one after another"].wall_s) / TOGETHER;
  console.log(`a render through the service: ${single_s.toFixed(2)} s`);
  return { throughput, memory_mb: memory, single_s };
}

async function bench(options: Options): Promise<void> {
  console.log(machine());
  const results: Record<string, unknown> = { machine: machine(), ...options };
  for (const name of ["product_spotlight", "everything_on"] as const) {
    const times = await compare(name, options);
    results[name] = { times, ratios: printComparison(name, times) };
  }
  if (options.quick) return;
  const files = benchSpecs(options.seconds).everything_on.files;
  await using service = await startBenchService({ capacity: TOGETHER, seconds: options.seconds, files });
  results.service = await throughService(service, options);
  await Deno.mkdir(dirname(RESULTS), { recursive: true });
  await Deno.writeTextFile(RESULTS, JSON.stringify(results, null, 2) + "\n");
  console.log(`\nall figures: ${join("out", "bench", "render.json")}`);
}

if (import.meta.main) {
  await bench({
    seconds: readOption("seconds", 30),
    rounds: readOption("rounds", 3),
    quick: Deno.args.includes("--quick"),
  });
}
