// What a benchmark measured, for plots: one file a part, `out/bench/<part>.json`.

const FOLDER = new URL("../out/bench/", import.meta.url);

/** A line: `points` are [x, y]. */
export interface Series {
  name: string;
  points: [x: number, y: number][];
}

/** A bar, and what it should not exceed (or fall below). */
export interface Bar {
  name: string;
  value: number;
  atMost?: number;
  atLeast?: number;
}

export interface Results {
  series?: Series[];
  bars?: Bar[];
}

/** Keeps the figures of a part beside whatever else it writes for itself. */
export async function writeResults(part: string, results: Results & Record<string, unknown>): Promise<void> {
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.writeTextFile(new URL(`${part}.json`, FOLDER), `${JSON.stringify(results, null, 2)}\n`);
}

/** Null: the part was not run. */
export async function readResults(part: string): Promise<Results & Record<string, unknown> | null> {
  try {
    return JSON.parse(await Deno.readTextFile(new URL(`${part}.json`, FOLDER)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
