// `deno task bench:growth [--rows N] [--rounds N]`: the same claim, completion, sweep, list and status behind a history of
// 1,000, 100,000 and 1,000,000 finished rows: buffers and medians; then the share of HOT updates of progress reports.

import type { Sql } from "postgres";
import { claimRow, complete, createBatch, openShop, report, type Shop } from "../tests/database/shop.ts";
import { type BenchDatabase, withBenchDatabase } from "./database.ts";
import { machine, printBar, printTable, quantile, readOption } from "./measure.ts";
import { type Series, writeResults } from "./results.ts";

const LARGEST = readOption("rows", 1_000_000);
const SIZES = [1_000, 100_000, 1_000_000].filter((size) => size <= LARGEST);
const ROUNDS = readOption("rounds", 50);
/** The bars. */
const MAX_GROWTH = 1.5;
const MAX_READING_GROWTH = 1.3;
const MAX_LIST_BUFFERS = 200;
const MIN_HOT_SHARE = 0.95;
const STAGES = ["script", "voiceover", "subtitles", "render", "store"];

type Step = "claim" | "complete" | "sweep" | "list of 20" | "status of 50";
type Sizes = Record<Step, { ms: number; buffers: number }>;

/** Finished batches of 50 up to so many rows: inserted as they end up, so there is no bloat to vacuum away. */
async function fillHistory(sql: Sql, { shop, rows }: { shop: Shop; rows: number }): Promise<void> {
  const [{ count } = { count: 0 }] = await sql<{ count: number }[]>`
    select count(*)::int as count from public.jobs where status = 'completed'`;
  const batches = Math.ceil((rows - count) / 50);
  if (batches <= 0) return;
  await sql`
    with made as (
      insert into public.batches (profile_id, options, created_at, updated_at)
      select ${shop.profileId}, '{"concurrency": 1}', t, t
      from (select clock_timestamp() - interval '1 day' - n * interval '1 second' as t
        from generate_series(1, ${batches}) n) times
      returning id, created_at
    )
    insert into public.jobs (batch_id, profile_id, product_id, position, status, stage, progress, attempt, started_at,
      finished_at, title, result)
    select m.id, ${shop.profileId}, gen_random_uuid(), p, 'completed', 'store', 100, 1, m.created_at, m.created_at,
      'Product ' || p, jsonb_build_object('video_path', repeat('v', 120), 'video_token', repeat('t', 300),
        'thumbnail_path', repeat('p', 120), 'subtitles_path', repeat('s', 120), 'duration_s', 15)
    from made m, generate_series(0, 49) p`;
  await sql`vacuum (analyze) public.jobs`;
  await sql`vacuum (analyze) public.batches`;
  await sql`checkpoint`.catch(() => {});
}

/** Runs one statement as the signed-in owner, as PostgREST would, or as the service. */
async function explain(sql: Sql, options: { query: string; userId?: string }) {
  return await sql.begin(async (tx) => {
    const claims = JSON.stringify({ sub: options.userId, role: "authenticated" });
    const role = options.userId ? "authenticated" : "service_role";
    await tx`select set_config('role', ${role}, true), set_config('request.jwt.claims', ${claims}, true)`;
    const [row] = await tx.unsafe(`explain (analyze, buffers, format json) ${options.query}`);
    const [{ Plan: plan, "Execution Time": ms }] = row!["QUERY PLAN"];
    return { ms, buffers: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] };
  }) as { ms: number; buffers: number };
}

async function measure({ sql }: BenchDatabase, { shop, batchId }: { shop: Shop; batchId: string }) {
  const seen: Record<Step, { ms: number; buffers: number }[]> = {
    claim: [],
    complete: [],
    sweep: [],
    "list of 20": [],
    "status of 50": [],
  };
  const asOwner = (query: string) => explain(sql, { query, userId: shop.userId });
  const list = "select public.list_batch_statuses(null, 20, null, 'http://localhost')";
  const status = `select public.get_batch_status('${batchId}', 'http://localhost')`;
  for (let round = 0; round < ROUNDS; round++) {
    seen.claim.push(await explain(sql, { query: `select public.claim_job('${batchId}')` }));
    const [lease] = await sql`select job_id, token from private.leases where batch_id = ${batchId}`;
    if (!lease) throw new Error("the claim took nothing");
    const completion =
      `select public.complete_job('${lease.job_id}', '${lease.token}', '{"video_path": "v"}')`;
    seen.complete.push(await explain(sql, { query: completion }));
    seen.sweep.push(await explain(sql, { query: "select public.sweep()" }));
    seen["list of 20"].push(await asOwner(list));
    seen["status of 50"].push(await asOwner(status));
  }
  return Object.fromEntries(
    Object.entries(seen).map(([step, values]) => [step, {
      ms: quantile(values.map(({ ms }) => ms)),
      buffers: quantile(values.map(({ buffers }) => buffers)),
    }]),
  ) as Sizes;
}

function printGrowth(measured: Map<number, Sizes>): void {
  const steps = Object.keys(measured.get(SIZES[0]!)!) as Step[];
  printTable([
    ["median ms (buffers)", ...SIZES.map((size) => `${size.toLocaleString("en")} rows`)],
    ...steps.map((step) => [
      step,
      ...SIZES.map((size) => {
        const { ms, buffers } = measured.get(size)![step];
        return `${ms.toFixed(3)} (${buffers.toFixed(0)})`;
      }),
    ]),
  ]);
  const last = measured.get(SIZES.at(-1)!)!;
  for (const step of steps) {
    const isReading = step === "list of 20" || step === "status of 50";
    const from = measured.get(step === "status of 50" ? SIZES[0]! : SIZES.at(-2) ?? SIZES[0]!)!;
    const atMost = isReading ? MAX_READING_GROWTH : MAX_GROWTH;
    printBar(`${step}, growth in time`, { value: last[step].ms / from[step].ms, atMost });
    printBar(`${step}, growth in buffers`, { value: last[step].buffers / from[step].buffers, atMost });
  }
  printBar("list of 20 at the largest size", {
    value: last["list of 20"].buffers,
    atMost: MAX_LIST_BUFFERS,
    unit: " buffers",
  });
}

/** Medians by size, a line a step: for the plot. */
function linesOf(measured: Map<number, Sizes>): Series[] {
  const steps = Object.keys(measured.get(SIZES[0]!)!) as Step[];
  return steps.map((name) => ({ name, points: SIZES.map((size) => [size, measured.get(size)![name].ms]) }));
}

async function printHotShare({ sql, service }: BenchDatabase, shop: Shop): Promise<void> {
  const read = async () => {
    await service`select pg_stat_force_next_flush()`;
    const [row] =
      await sql`select n_tup_upd::int as updates, n_tup_hot_upd::int as hot from pg_stat_user_tables
      where schemaname = 'public' and relname = 'jobs'`;
    return row as unknown as { updates: number; hot: number };
  };
  const counted = { updates: 0, hot: 0 };
  const batchId = await createBatch(service, shop);
  for (let n = 0; n < 50; n++) {
    const job = await claimRow(service, batchId);
    const before = await read();
    for (let progress = 5; progress < 100; progress += 5) {
      const stage = STAGES[Math.floor(progress / 20)]!;
      await report(service, job, { stage, progress });
    }
    const after = await read();
    counted.updates += after.updates - before.updates;
    counted.hot += after.hot - before.hot;
    await complete(service, job, shop.profileId);
  }
  if (counted.updates === 0) throw new Error("the reports changed nothing");
  const share = counted.hot / counted.updates;
  const verdict = share > MIN_HOT_SHARE ? "reached" : "NOT reached";
  console.log(
    `progress reports: ${counted.updates} updates of jobs, ${(100 * share).toFixed(1)} % HOT, bar over ${
      100 * MIN_HOT_SHARE
    } %: ${verdict}`,
  );
}

await withBenchDatabase(async (database) => {
  console.log(machine());
  const shop = await openShop(database.sql, 50);
  const measured = new Map<number, Sizes>();
  for (const rows of SIZES) {
    await fillHistory(database.sql, { shop, rows });
    const batchId = await createBatch(database.service, shop);
    measured.set(rows, await measure(database, { shop, batchId }));
  }
  printGrowth(measured);
  await writeResults("growth", { machine: machine(), series: linesOf(measured) });
  await printHotShare(database, shop);
});
