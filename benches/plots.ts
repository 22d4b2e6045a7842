// `deno task bench:plots`: plots of what the benchmarks measured last (out/bench/*.json) into docs/images/*.svg.

import { type Bar, readResults } from "./results.ts";
import { barChart, lineChart } from "./svg.ts";

const IMAGES = new URL("../docs/images/", import.meta.url);

type Plot = () => Promise<string | null>;

/** A part's lines, null where it was not run. */
function lines(part: string, options: { title: string; x: string; y: string }): Plot {
  return async () => {
    const series = (await readResults(part))?.series ?? [];
    return series.length === 0 ? null : lineChart(options.title, { ...options, series });
  };
}

interface Comparison {
  ratios?: { of_preset: number; of_settings: number; faster_than_old_recipe?: number };
}

/** The renders' own figures have another shape: a comparison for each video. */
async function renderBars(): Promise<string | null> {
  const found = await readResults("render") as Record<string, Comparison> | null;
  const ours = found?.product_spotlight?.ratios, full = found?.everything_on?.ratios;
  if (!ours?.of_preset || !full?.of_preset) return null;
  const { faster_than_old_recipe: faster } = ours;
  const beside = (
    name: string,
    { of_preset, of_settings }: NonNullable<typeof ours>,
    atMost: number,
  ): Bar[] => [
    { name: `${name}, of the encoder's preset alone`, value: of_preset, atMost },
    { name: `${name}, of the encoder with our settings alone`, value: of_settings, atMost },
  ];
  const bars: Bar[] = [
    ...beside("product_spotlight", ours, 1.15),
    ...beside("everything on", full, 1.3),
    ...(faster
      ? [{ name: "product_spotlight, times faster than the old recipe", value: faster, atLeast: 6 }]
      : []),
  ];
  return barChart("Rendering beside its limits and beside the recipe it replaces", { unit: "x", bars });
}

function bars(part: string, options: { title: string; unit: string }): Plot {
  return async () => {
    const found = (await readResults(part))?.bars ?? [];
    return found.length === 0 ? null : barChart(options.title, { ...options, bars: found });
  };
}

const PLOTS: Record<string, Plot> = {
  bench_growth: lines("growth", {
    title: "The queue behind a growing history",
    x: "finished rows of history",
    y: "median, milliseconds in Postgres",
  }),
  bench_polling: bars("polling", {
    title: "Processor time of a poll beside a bare function (times its median)",
    unit: "x",
  }),
  bench_accept: bars("accept_http", {
    title: "Accepting a batch of 50 beside a bare function (times its median)",
    unit: "x",
  }),
  bench_chain: bars("chain", {
    title: "A product's chain beside a bare function (times its median)",
    unit: "x",
  }),
  bench_job: bars("job", { title: "What the system adds to voices and renders", unit: " %" }),
  bench_render: renderBars,
  bench_peers: bars("queue", { title: "A job of fifty, one after another, beside peers", unit: " ms" }),
};

await Deno.mkdir(IMAGES, { recursive: true });
for (const [name, plot] of Object.entries(PLOTS)) {
  const svg = await plot();
  if (svg === null) continue;
  await Deno.writeTextFile(new URL(`${name}.svg`, IMAGES), svg);
  console.log(`docs/images/${name}.svg`);
}
