// `deno task bench:cost [--products N] [--seconds N] [--rows N]`: what one product takes of every part, measured on the
// embedded stack, and what that makes at three scales. Markdown; docs/costs.md holds such an output.

import { FUNCTIONS_FOLDER } from "../local/functions_host/host.ts";
import { claimRow, createBatch, openShop, report } from "../tests/database/shop.ts";
import { type ProductCost, productTable, quotaTable, scaleTable } from "./cost_sheet.ts";
import { machine, readOption } from "./measure.ts";
import { processorSeconds, serverSeconds } from "./processor.ts";
import { countOf, type RequestCounts, since } from "./stack/counts.ts";
import { type BenchStack, withBenchStack } from "./stack/stack.ts";
import { makeBatch, openSampleOwner, type VideoRun } from "./stack/video_run.ts";

const PRODUCTS = readOption("products", 4);
const SECONDS = readOption("seconds", 30);
/** Rows that the size of the database is measured with. */
const ROWS = readOption("rows", 1_000);

interface Reading {
  counts: RequestCounts;
  functionS: number;
  postgresS: number;
  rendererS: number;
  wal: number;
  logLines: number;
}

async function read(stack: BenchStack): Promise<Reading> {
  const [row] = await stack.sql<
    { wal: string }[]
  >`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as wal`;
  const log = await Deno.readTextFile(`${stack.dataDir}/logs/functions.log`);
  return {
    counts: await stack.readCounts(),
    functionS: await processorSeconds(stack.pids()["process-next"] ?? []),
    postgresS: await serverSeconds(stack.sql),
    rendererS: await processorSeconds(stack.renderers.map(({ pid }) => pid)),
    wal: Number(row!.wal),
    logLines: log.split('"function":"process-next"').length - 1,
  };
}

/** What one of the batch's products left behind: rows' contents and files. */
interface Kept {
  jobId: string;
  profileId: string;
  checkpoint: Record<string, unknown>;
  result: Record<string, unknown>;
  invocationS: number;
  files: { name: string; metadata: { size: number } }[];
}

async function readKept({ sql }: BenchStack, { batchId }: VideoRun): Promise<Kept[]> {
  const rows = await sql<Omit<Kept, "files">[]>`
    select j.id as "jobId", j.profile_id as "profileId", c.data as checkpoint, j.result,
      extract(epoch from j.finished_at - j.started_at)::float8 as "invocationS"
    from public.jobs j join private.checkpoints c on c.job_id = j.id where j.batch_id = ${batchId}`;
  return await Promise.all(rows.map(async (row) => ({
    ...row,
    files: await sql<Kept["files"]>`
      select name, metadata from storage.objects
      where bucket_id = 'videos' and split_part(name, '/', 2) = ${row.jobId}`,
  })));
}

/** Bytes that the database grows by a product: its rows as a real one left them, through the queue's own functions. */
async function measureRows(
  { sql, service }: BenchStack,
  { kept, reports }: { kept: Kept; reports: number },
): Promise<number> {
  const shop = await openShop(sql, 50);
  const readSize = async () => {
    const [row] = await sql<{ size: string }[]>`select pg_database_size(current_database()) as size`;
    return Number(row!.size);
  };
  const owned = (value: unknown, jobId: string) =>
    JSON.parse(
      JSON.stringify(value).replaceAll(kept.jobId, jobId).replaceAll(kept.profileId, shop.profileId),
    );
  const before = await readSize();
  const batches = Math.ceil(ROWS / 50);
  for (let batch = 0; batch < batches; batch++) {
    const batchId = await createBatch(service, shop);
    for (let n = 0; n < 50; n++) {
      const job = await claimRow(service, batchId);
      const checkpoint = owned(kept.checkpoint, job.job_id);
      for (let step = 1; step <= reports; step++) {
        const progress = Math.floor(95 * step / reports);
        await report(service, job, { stage: "render", progress, ...(step === 1 ? { checkpoint } : {}) });
      }
      await service`select public.complete_job(${job.job_id}, ${job.lease_token},
        ${service.json(owned(kept.result, job.job_id))})`;
      for (const { name, metadata } of owned(kept.files, job.job_id) as Kept["files"]) {
        await service`insert into storage.objects (bucket_id, name, metadata, version)
          values ('videos', ${name}, ${service.json(metadata)}, gen_random_uuid())`;
      }
    }
  }
  return (await readSize() - before) / (batches * 50);
}

async function measure(stack: BenchStack): Promise<ProductCost> {
  // The first batch starts processes and fills caches, and is thrown away.
  await makeBatch(stack, { owner: await openSampleOwner(stack, 2), seconds: 15, concurrency: 1 });
  const owner = await openSampleOwner(stack, PRODUCTS);
  const before = await read(stack);
  const run = await makeBatch(stack, { owner, seconds: SECONDS, concurrency: 1 });
  const after = await read(stack);
  const counts = since(before.counts, after.counts);
  const each = (value: number) => value / PRODUCTS;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const kept = await readKept(stack, run);
  const sizes = kept.map(({ files }) => files.reduce((sum, { metadata }) => sum + Number(metadata.size), 0));
  const restCalls = each(countOf(counts, /rest\//));
  const reports = Math.round(each(countOf(counts, /report_job/)));
  console.log(`requests of ${PRODUCTS} products:`);
  for (const [kind, { requests }] of Object.entries(counts)) {
    console.log(`  ${String(requests).padStart(5)}  ${kind}`);
  }
  return {
    // A full batch has 50.
    invocations: each(countOf(counts, /process-next/)) + 1 / 50,
    restCalls,
    storageCalls: each(countOf(counts, /storage\//)),
    invocationS: mean(kept.map(({ invocationS }) => invocationS)),
    functionCpuS: each(after.functionS - before.functionS),
    postgresCpuS: each(after.postgresS - before.postgresS),
    rendererS: each(run.wallMs - run.idleMs) / 1000,
    rendererCpuS: each(after.rendererS - before.rendererS),
    databaseBytes: await measureRows(stack, { kept: kept[0]!, reports }),
    storageBytes: mean(sizes),
    walBytes: each(after.wal - before.wal),
    logLines: each(after.logLines - before.logLines),
  };
}

await withBenchStack(async (stack) => {
  const cost = await measure(stack);
  console.log(`\n${machine()}; ${PRODUCTS} products of ${SECONDS} s, local voice; rows: ${ROWS}\n`);
  console.log(`${productTable(cost)}\n\n${scaleTable(cost)}\n\n${quotaTable(cost)}`);
}, { folder: FUNCTIONS_FOLDER, renderers: 1 });
