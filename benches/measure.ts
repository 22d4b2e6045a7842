// What every benchmark shares: contenders that take turns, medians, and a line that says whether a bar is reached.

/** Runs each contender once per round, in turns, after `warmUp` rounds that are thrown away. Milliseconds by name. */
export async function interleave<Name extends string>(
  contenders: Record<Name, (round: number) => Promise<unknown>>,
  options: { rounds: number; warmUp?: number },
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  const warmUp = options.warmUp ?? 3;
  for (let round = 0; round < warmUp + options.rounds; round++) {
    for (const name of names) {
      const start = performance.now();
      await contenders[name](round);
      if (round >= warmUp) times[name].push(performance.now() - start);
    }
  }
  return times;
}

/** The value below which this share of the values lies; 0.5 is the median. */
export function quantile(values: number[], share = 0.5): number {
  if (values.length === 0) throw new Error("there is no quantile of nothing");
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)]!, above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
}

/** Prints a measured ratio beside its bar. */
export function printBar(
  subject: string,
  { value, atMost, unit = "x" }: { value: number; atMost: number; unit?: string },
): void {
  const verdict = value <= atMost ? "reached" : "NOT reached";
  console.log(`${subject}: ${value.toFixed(2)}${unit}, bar at most ${atMost}${unit}: ${verdict}`);
}

/** A table with a header, columns as wide as they need. */
export function printTable(rows: (string | number)[][]): void {
  const cells = rows.map((row) => row.map((cell) => typeof cell === "number" ? cell.toFixed(2) : cell));
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  for (const row of cells) {
    console.log(
      row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  "),
    );
  }
}

/** A whole-number option `--name N` of the command line. */
export function readOption(name: string, fallback: number): number {
  const index = Deno.args.indexOf(`--${name}`);
  return index < 0 ? fallback : Math.max(1, Number(Deno.args[index + 1]) || fallback);
}

/** The machine and the versions, for the head of a report. */
export function machine(): string {
  const { hardwareConcurrency } = navigator;
  const [load] = Deno.loadavg();
  const gigabytes = (Deno.systemMemoryInfo().total / 2 ** 30).toFixed(0);
  const cores = `${hardwareConcurrency} cores of ${processorName()}, ${gigabytes} GiB`;
  const versions = `Linux ${Deno.osRelease()}, Deno ${Deno.version.deno}`;
  return `${cores}; ${versions}; load at the start ${load!.toFixed(1)}`;
}

function processorName(): string {
  try {
    const text = Deno.readTextFileSync("/proc/cpuinfo");
    return /^model name\s*:\s*(.+)$/m.exec(text)?.[1]?.trim() ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}
