// What work does to the queue's tables: heap-only updates by fillfactor, and dead rows and sizes after many jobs.

import type { Sql } from "postgres";
import { createBatch, type Shop } from "../tests/database/shop.ts";
import type { BenchDatabase } from "./database.ts";
import { printTable } from "./measure.ts";

const FILLFACTORS = [100, 90, 75, 50];
const MIN_HOT_SHARE = 0.95;
const REPORTED_BATCHES = 4;
const WORKERS = 2;
const MAX_AUTOVACUUM_MS = 120_000;
const WORN_TABLES = ["public.jobs", "public.batches", "private.leases", "private.open_batches"];
const TABLES = [
  "public.jobs",
  "public.batches",
  "private.leases",
  "private.checkpoints",
  "private.open_batches",
  "private.last_kick",
];

/** Claims, 19 reports and a completion of every row of some batches, by the fillfactor of `jobs`; restores the shipped one. */
export async function printFillfactors(
  { sql, service }: BenchDatabase,
  { shop }: { shop: Shop },
): Promise<void> {
  const [shipped] = await sql<{ fillfactor: number }[]>`
    select option_value::int as fillfactor from pg_class c, pg_options_to_table(c.reloptions)
    where c.oid = 'public.jobs'::regclass and option_name = 'fillfactor'`;
  const rows: (string | number)[][] = [[
    "fillfactor of jobs",
    "HOT share of reports",
    "bytes a job",
    "ms a report",
  ]];
  let shippedShare = 0;
  for (const fillfactor of FILLFACTORS) {
    await sql`truncate public.jobs, public.batches, private.open_batches`;
    await sql.unsafe(`alter table public.jobs set (fillfactor = ${fillfactor})`);
    const batchIds: string[] = [];
    for (let n = 0; n < REPORTED_BATCHES; n++) batchIds.push(await createBatch(service, shop));
    const counted = { updates: 0, hot: 0, ms: 0 };
    for (let n = 0; n < shop.productIds.length; n++) {
      for (const batchId of batchIds) await workOne(service, { batchId, counted });
    }
    const [{ bytes } = { bytes: 0 }] = await sql<{ bytes: number }[]>`
      select pg_relation_size('public.jobs')::int / count(*)::int as bytes from public.jobs`;
    const share = counted.hot / counted.updates;
    if (fillfactor === shipped?.fillfactor) shippedShare = share;
    const name = `${fillfactor}${fillfactor === shipped?.fillfactor ? " (shipped)" : ""}`;
    rows.push([
      name,
      `${(100 * share).toFixed(2)} %`,
      String(bytes),
      (counted.ms / counted.updates).toFixed(3),
    ]);
  }
  await sql.unsafe(`alter table public.jobs set (fillfactor = ${shipped!.fillfactor})`);
  await sql`truncate public.jobs, public.batches, private.open_batches`;
  console.log(
    `\nprogress reports, ${REPORTED_BATCHES} batches of ${shop.productIds.length}, 19 reports a job`,
  );
  printTable(rows);
  console.log(
    `HOT share of progress reports: ${(100 * shippedShare).toFixed(1)} %, bar over ${
      100 * MIN_HOT_SHARE
    } %: ${shippedShare > MIN_HOT_SHARE ? "reached" : "NOT reached"}`,
  );
}

async function readUpdates(service: Sql): Promise<{ updates: number; hot: number }> {
  await service`select pg_stat_force_next_flush()`;
  const [row] = await service<{ updates: number; hot: number }[]>`
    select n_tup_upd::int as updates, n_tup_hot_upd::int as hot from pg_stat_user_tables
    where schemaname = 'public' and relname = 'jobs'`;
  return row!;
}

async function workOne(
  service: Sql,
  { batchId, counted }: { batchId: string; counted: { updates: number; hot: number; ms: number } },
): Promise<void> {
  const [claim] = await service`select public.claim_job(${batchId}) as answer`;
  const { job_id, lease_token } = claim!.answer.job;
  const before = await readUpdates(service);
  const start = performance.now();
  for (let progress = 5; progress < 100; progress += 5) {
    await service`select public.report_job(${job_id}, ${lease_token}, 'render', ${progress})`;
  }
  counted.ms += performance.now() - start;
  const after = await readUpdates(service);
  counted.updates += after.updates - before.updates;
  counted.hot += after.hot - before.hot;
  await service`select public.complete_job(${job_id}, ${lease_token}, ${service.json({ video_path: "v" })})`;
}

/**
 * Takes so many jobs through the queue inside the server, each with a claim, a report with a checkpoint and a completion
 * of its own transaction, by two sessions beside autovacuum; then what each table holds and how much of it is waste.
 */
export async function printBloat(
  { url, sql, service }: BenchDatabase,
  { shop, jobs }: { shop: Shop; jobs: number },
): Promise<void> {
  const { default: postgres } = await import("postgres");
  const batches = Math.ceil(jobs / shop.productIds.length / WORKERS);
  const start = performance.now();
  await Promise.all(Array.from({ length: WORKERS }, async () => {
    // Waiting for the disk would make it longer, not different.
    const worker = postgres(url, { max: 1, onnotice: () => {}, connection: { synchronous_commit: "off" } });
    try {
      for (let n = 0; n < batches; n++) {
        const batchId = await createBatch(service, shop);
        await worker.unsafe(workingThrough(batchId));
      }
    } finally {
      await worker.end();
    }
  }));
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  await service`select pg_stat_force_next_flush()`;
  const used = await readTables(sql);
  const vacuumed = await untilAutovacuum(sql);
  for (const table of TABLES) await sql.unsafe(`vacuum (full) ${table}`);
  const packed = await readTables(sql);
  console.log(
    `\nafter ${(batches * WORKERS * shop.productIds.length).toLocaleString("en")} jobs in ${seconds} s`,
  );
  printTable([
    ["", "dead rows", "MB at once", "after autovacuum: dead rows", "MB", "MB rewritten"],
    ...TABLES.map((table) => {
      const [first, then] = [used.get(table)!, vacuumed.get(table)!];
      return [
        table,
        String(first.dead),
        first.bytes / 2 ** 20,
        then.vacuums > 0 ? String(then.dead) : `${then.dead} (not yet)`,
        then.bytes / 2 ** 20,
        packed.get(table)!.bytes / 2 ** 20,
      ];
    }),
  ]);
}

/** Autovacuum comes round once a minute; two of its rounds at most. */
async function untilAutovacuum(sql: Sql): Promise<Map<string, TableState>> {
  const deadline = performance.now() + MAX_AUTOVACUUM_MS;
  while (true) {
    const tables = await readTables(sql);
    const isThrough = WORN_TABLES.every((table) => tables.get(table)!.vacuums > 0);
    if (isThrough || performance.now() > deadline) return tables;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

function workingThrough(batchId: string): string {
  return `do $$
  declare v_job jsonb;
  begin
    loop
      v_job := public.claim_job('${batchId}') -> 'job';
      commit;
      exit when jsonb_typeof(v_job) = 'null';
      perform public.report_job((v_job ->> 'job_id')::uuid, (v_job ->> 'lease_token')::uuid, 'render', 40,
        '{"voiceover": {"path": "voice"}}');
      commit;
      perform public.complete_job((v_job ->> 'job_id')::uuid, (v_job ->> 'lease_token')::uuid,
        jsonb_build_object('video_path', repeat('v', 120), 'video_token', repeat('t', 300)));
      commit;
    end loop;
  end $$`;
}

interface TableState {
  dead: number;
  vacuums: number;
  bytes: number;
}

async function readTables(sql: Sql): Promise<Map<string, TableState>> {
  const rows = await sql<(TableState & { name: string })[]>`
    select schemaname || '.' || relname as name, n_dead_tup::int as dead,
      autovacuum_count::int as vacuums, pg_total_relation_size(relid)::float as bytes
    from pg_stat_user_tables where schemaname in ('public', 'private')`;
  return new Map(rows.map((row) => [row.name, row]));
}
