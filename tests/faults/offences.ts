// What must hold when a batch of three has ended, whatever was killed or lost on the way.

import type { Sql } from "postgres";
import type { FaultProxy } from "./fault_proxy.ts";

/** What is left of one batch, against what must hold. */
export interface Verdict {
  /** Rows that are not completed. */
  rowsLost: number;
  /** Rows that were rendered or stored more than once. */
  rowsMadeTwice: number;
  /** Purchases beyond one for each product and service that neither a fault nor a lost lease explains. */
  unexplainedPurchases: number;
  /** In words, these and everything else: order, counts, leases, objects. Empty where all held. */
  offences: string[];
}

interface Row {
  id: string;
  position: number;
  status: string;
  started_at: Date | null;
  error_code: string | null;
  result: { video_path: string; thumbnail_path: string; subtitles_path: string } | null;
}

/** A script and a voice for each of three products. */
const PURCHASES_NEEDED = 6;

/** Looks at what is left. `begunIds`: the renders that the renderer began, as often as it began them. */
export async function judge(
  sql: Sql,
  { batchId, proxy, begunIds }: { batchId: string; proxy: FaultProxy; begunIds: string[] },
): Promise<Verdict> {
  const rows = await sql<Row[]>`select * from public.jobs where batch_id = ${batchId} order by position`;
  const lost = rows.filter(({ status }) => status !== "completed");
  const offences = lost.map((row) => `row ${row.position} is ${row.status} (${row.error_code})`);
  offences.push(...await countOffences(sql, { batchId, rows }));
  const { twice, offences: about } = await objectOffences(sql, { batchId, rows });
  offences.push(...about);
  for (const row of rows) {
    const begun = begunIds.filter((id) => id.startsWith(row.id));
    if (begun.length === 0 && row.status === "completed") {
      offences.push(`row ${row.position} was never rendered`);
    }
    if (begun.length > 1) {
      twice.add(row.id);
      offences.push(`row ${row.position} was rendered ${begun.length} times`);
    }
  }
  const bought = proxy.purchases.bought();
  const { killed, unheard, leaseLost } = proxy.purchases.lost();
  const unexplained = bought - PURCHASES_NEEDED - killed - unheard - leaseLost;
  if (unexplained > 0) offences.push(`${bought} purchases, ${unexplained} of them unexplained`);
  if (lost.length === 0 && bought < PURCHASES_NEEDED) offences.push(`only ${bought} purchases`);
  return {
    rowsLost: lost.length,
    rowsMadeTwice: twice.size,
    unexplainedPurchases: Math.max(0, unexplained),
    offences,
  };
}

async function countOffences(
  sql: Sql,
  { batchId, rows }: { batchId: string; rows: Row[] },
): Promise<string[]> {
  const offences: string[] = [];
  const [view] = await sql`select * from public.batch_status where batch_id = ${batchId}`;
  const completed = rows.filter((row) => row.status === "completed").length;
  if (rows.length !== 3 || Number(view?.total) !== 3 || Number(view?.completed) !== completed) {
    offences.push(`the view counts ${JSON.stringify(view)} for ${rows.length} rows`);
  }
  const starts = rows.map((row) => row.started_at?.getTime() ?? Infinity);
  if (starts.some((at, index) => index > 0 && at < starts[index - 1]!)) offences.push("claimed out of order");
  const left = await sql`
    select 'lease' as kind from private.leases where batch_id = ${batchId}
    union all select 'open batch' from private.open_batches where batch_id = ${batchId}
    union all select 'retry' from private.retries r join public.jobs j on j.id = r.job_id where j.batch_id = ${batchId}`;
  for (const { kind } of left) offences.push(`a row of kind ${kind} is left`);
  return offences;
}

/** Every object that a row names is there once, and no other is. */
async function objectOffences(
  sql: Sql,
  { batchId, rows }: { batchId: string; rows: Row[] },
): Promise<{ twice: Set<string>; offences: string[] }> {
  const named = rows.flatMap(({ result }) =>
    result ? [result.video_path, result.thumbnail_path, result.subtitles_path] : []
  );
  const voices = await sql<{ path: string }[]>`
    select c.data -> 'voiceover' ->> 'path' as path from private.checkpoints c
    join public.jobs j on j.id = c.job_id where j.batch_id = ${batchId}`;
  const expected = new Set([...named, ...voices.map(({ path }) => path)]);
  const objects = await sql<{ name: string; job_id: string }[]>`
    select o.name, j.id as job_id from storage.objects o
    join public.jobs j on o.name like j.profile_id || '/' || j.id || '/%'
    where o.bucket_id = 'videos' and j.batch_id = ${batchId}`;
  const twice = new Set<string>();
  const offences: string[] = [];
  for (const { name, job_id } of objects) {
    if (expected.has(name)) continue;
    offences.push(`leftover object ${name}`);
    if (name.endsWith(".mp4")) twice.add(job_id);
  }
  for (const name of expected) {
    if (!objects.some((object) => object.name === name)) offences.push(`missing object ${name}`);
  }
  return { twice, offences };
}
