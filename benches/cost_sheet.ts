// What so many products a month need, computed from what one product was measured to need. Markdown, for docs/costs.md.

/** One product, as measured: everything that grows with their number. */
export interface ProductCost {
  /** Invocations of process-next, and a product's share of batch-generate. */
  invocations: number;
  /** Calls of REST and Storage, each at least one transaction. */
  restCalls: number;
  storageCalls: number;
  /** Seconds that an invocation waits and works, and of a function's own processor. */
  invocationS: number;
  functionCpuS: number;
  postgresCpuS: number;
  rendererS: number;
  rendererCpuS: number;
  /** Bytes kept: rows with their indexes; files. Written to the log of the database. */
  databaseBytes: number;
  storageBytes: number;
  walBytes: number;
  logLines: number;
}

export const SCALES = [1_000, 100_000, 10_000_000];

const MONTH_S = 30 * 24 * 3600;
/** The busiest hour beside the mean, how full cores are planned, and how often a client polls. */
export const PEAK = 5;
const UTILISATION = 0.7;
const POLL_EVERY_S = 2;

/** Supabase's published quotas: what a plan includes, per month or kept. Plans change. */
const PLANS = [
  { name: "Free", invocations: 500_000, databaseBytes: 500e6, storageBytes: 1e9 },
  { name: "Pro", invocations: 2_000_000, databaseBytes: 8e9, storageBytes: 100e9 },
] as const;

/** A number with three digits that matter and a unit's prefix. */
export function short(value: number, unit = ""): string {
  const steps: [number, string][] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
  const [step, prefix] = steps.find(([size]) => value >= size) ?? [1, ""];
  const scaled = value / step;
  const text = scaled >= 100 || Number.isInteger(scaled)
    ? scaled.toFixed(0)
    : scaled.toPrecision(scaled < 1 ? 2 : 3);
  return `${text} ${prefix}${unit}`.trim();
}

function markdownTable(rows: string[][]): string {
  const [head, ...body] = rows.map((cells) => `| ${cells.join(" | ")} |`);
  return [head, `|${"---|".repeat(rows[0]!.length)}`, ...body].join("\n");
}

/** The table of one product. */
export function productTable(cost: ProductCost): string {
  return markdownTable([
    ["one product, measured", ""],
    ["invocations of functions", cost.invocations.toFixed(2)],
    ["calls of REST, each one transaction", cost.restCalls.toFixed(1)],
    ["calls of Storage (signing, voice, video, thumbnail, subtitles)", cost.storageCalls.toFixed(1)],
    ["an invocation's time", `${cost.invocationS.toFixed(1)} s`],
    ["a function's processor", `${(1000 * cost.functionCpuS).toFixed(0)} ms`],
    ["Postgres's processor", `${(1000 * cost.postgresCpuS).toFixed(0)} ms`],
    ["a renderer's time, voice and video", `${cost.rendererS.toFixed(1)} s`],
    ["a renderer's processor", `${cost.rendererCpuS.toFixed(1)} s`],
    ["rows and indexes kept", short(cost.databaseBytes, "B")],
    ["files kept", short(cost.storageBytes, "B")],
    ["write-ahead log", short(cost.walBytes, "B")],
    ["log lines of functions", cost.logLines.toFixed(1)],
  ]);
}

/** The table of three scales. Rows say how they are computed. */
export function scaleTable(cost: ProductCost): string {
  const row = (name: string, of: (products: number) => string) => [name, ...SCALES.map(of)];
  const peak = (products: number) => PEAK * products / MONTH_S;
  return markdownTable([
    ["a month", ...SCALES.map((scale) => `${scale.toLocaleString("en")} products`)],
    row("invocations, unwatched", (n) => short(n * cost.invocations)),
    row(
      `invocations of polls, every batch watched every ${POLL_EVERY_S} s`,
      (n) => short(n * cost.invocationS / POLL_EVERY_S),
    ),
    row(`invocations at once, busiest hour (${PEAK}x the mean)`, (n) => short(peak(n) * cost.invocationS)),
    row(
      "database calls a second, busiest hour",
      (n) => short(peak(n) * (cost.restCalls + cost.storageCalls)),
    ),
    row("Postgres cores, busiest hour", (n) => short(peak(n) * cost.postgresCpuS / UTILISATION)),
    row("database, added a month", (n) => short(n * cost.databaseBytes, "B")),
    row("files, added a month", (n) => short(n * cost.storageBytes, "B")),
    row(
      `renderer cores, busiest hour, ${100 * UTILISATION} % used`,
      (n) => short(peak(n) * cost.rendererCpuS / UTILISATION),
    ),
    row("renderer cores, spread evenly", (n) => short(n * cost.rendererCpuS / MONTH_S / UTILISATION)),
  ]);
}

/** After how many products a plan's quotas are used up, the first one first. */
export function quotaTable(cost: ProductCost): string {
  const rows = PLANS.map((plan) => {
    const until = [
      { name: "files", products: plan.storageBytes / cost.storageBytes },
      { name: "database", products: plan.databaseBytes / cost.databaseBytes },
      { name: "invocations (a month)", products: plan.invocations / cost.invocations },
      {
        name: "invocations (a month), every batch watched",
        products: plan.invocations / (cost.invocations + cost.invocationS / POLL_EVERY_S),
      },
    ].sort((a, b) => a.products - b.products);
    return [plan.name, ...until.map(({ name, products }) => `${name}: ${short(products)}`)];
  });
  return markdownTable([["plan", "gives way first", "then", "then", "last"], ...rows]);
}
