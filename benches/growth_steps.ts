// The queue's steps as the server sees them: time and buffers of one call each, by `explain (analyze, buffers)`.

import type { Sql } from "postgres";
import { createBatch, type Shop } from "../tests/database/shop.ts";
import type { BenchDatabase } from "./database.ts";
import { quantile } from "./measure.ts";

export const STEPS = ["claim", "report", "complete", "sweep", "list of 20", "status of 50"] as const;
export type Step = typeof STEPS[number];

export interface Cost {
  ms: number;
  buffers: number;
}

export type StepSizes = Record<Step, Cost>;

/** Runs one statement as the signed-in owner, as PostgREST would, or as the service. */
export async function explain(sql: Sql, options: { query: string; userId?: string }): Promise<Cost> {
  return await sql.begin(async (tx) => {
    const claims = JSON.stringify({ sub: options.userId, role: "authenticated" });
    const role = options.userId ? "authenticated" : "service_role";
    await tx`select set_config('role', ${role}, true), set_config('request.jwt.claims', ${claims}, true)`;
    const [row] = await tx.unsafe(`explain (analyze, buffers, format json) ${options.query}`);
    const [{ Plan: plan, "Execution Time": ms }] = row!["QUERY PLAN"];
    return { ms, buffers: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] };
  }) as Cost;
}

/**
 * Medians of so many rounds, each with a claim, a report, a completion, a sweep, a list and a status, while `open`
 * batches are open, which take turns. They are gone afterwards.
 */
export async function measureSteps(
  { sql, service }: Pick<BenchDatabase, "sql" | "service">,
  { shop, open, rounds }: { shop: Shop; open: number; rounds: number },
): Promise<StepSizes> {
  const batchIds: string[] = [];
  for (let n = 0; n < open; n++) batchIds.push(await createBatch(service, shop));
  const seen = Object.fromEntries(STEPS.map((step) => [step, []])) as unknown as Record<Step, Cost[]>;
  const list = "select public.list_batch_statuses(null, 20, null, 'http://localhost')";
  // The first calls of a connection plan what the others only run.
  for (let round = -3; round < rounds; round++) {
    const batchId = batchIds[(round + 3) % open]!;
    const claimed = await explain(sql, { query: `select public.claim_job('${batchId}')` });
    const [lease] = await sql`select job_id, token from private.leases where batch_id = ${batchId}`;
    if (!lease) throw new Error("the claim took nothing");
    const held = `'${lease.job_id}', '${lease.token}'`;
    const costs: Record<Step, Cost> = {
      claim: claimed,
      report: await explain(sql, { query: `select public.report_job(${held}, 'render', 40)` }),
      complete: await explain(sql, { query: `select public.complete_job(${held}, '{"video_path": "v"}')` }),
      sweep: await explain(sql, { query: "select public.sweep()" }),
      "list of 20": await explain(sql, { query: list, userId: shop.userId }),
      "status of 50": await explain(sql, {
        query: `select public.get_batch_status('${batchId}', 'http://localhost')`,
        userId: shop.userId,
      }),
    };
    if (round >= 0) { for (const step of STEPS) seen[step].push(costs[step]); }
    if (open === 1 && (round + 4) % 40 === 0) {
      await service`select public.cancel_batch(${shop.userId}, ${batchId})`;
      batchIds[0] = await createBatch(service, shop);
    }
  }
  for (const batchId of batchIds) await service`select public.delete_batch(${shop.userId}, ${batchId})`;
  // What the next measurement must not find: rows that a sweep would look after for a quarter of an hour, and dead ones.
  await sql`truncate private.leftovers`;
  await sql`vacuum public.jobs, public.batches, private.leases, private.checkpoints, private.open_batches, private.requests`;
  return Object.fromEntries(STEPS.map((step) => [step, {
    ms: quantile(seen[step].map(({ ms }) => ms)),
    buffers: quantile(seen[step].map(({ buffers }) => buffers)),
  }])) as StepSizes;
}
