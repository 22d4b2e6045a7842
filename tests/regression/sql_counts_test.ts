// What the queue's steps read behind 20,000 rows of history, held against written maxima: buffers and rows, not times,
// by `explain (analyze, buffers)`. `deno task bench:growth` tells the times.

import type { Sql } from "postgres";
import { fillHistory } from "../../benches/history.ts";
import { measureSteps, STEPS } from "../../benches/growth_steps.ts";
import { assert, assertEquals } from "../assert.ts";
import { createBatch, openShop, type Shop } from "../database/shop.ts";
import { asUser, withDatabase } from "../support/database.ts";

const HISTORY_ROWS = 20_000;
const SHOPS = 4;
const ROUNDS = 10;
/** A fifth to a third above what was seen. A scan of the history costs hundreds to thousands. */
const MAX_BUFFERS: Record<typeof STEPS[number], number> = {
  claim: 75,
  report: 45,
  complete: 80,
  sweep: 75,
  "list of 20": 125,
  "status of 50": 55,
};

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  Plans?: PlanNode[];
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** Rows that a query took from tables and indexes, those it threw away among them, and the tables it read from end to end. */
async function readBy(sql: Sql, { userId, query }: { userId: string; query: string }) {
  return await asUser(sql, userId, async (tx) => {
    // So small a table is rightly read from end to end: this asks whether it has to be.
    await tx`select set_config('enable_seqscan', 'off', true)`;
    const [row] = await tx.unsafe(`explain (analyze, buffers, format json) ${query}`);
    const nodes = nodesOf(row!["QUERY PLAN"][0].Plan).filter((node) => node["Node Type"].includes("Scan"));
    const rows = nodes.map((node) =>
      (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"]
    );
    return {
      rows: rows.reduce((sum, count) => sum + count, 0),
      scanned: nodes.filter((node) => node["Node Type"].endsWith("Seq Scan")).map((node) =>
        node["Relation Name"]
      ),
    };
  });
}

Deno.test("the queue's steps read no more behind a history than they do today", async (t) => {
  await withDatabase("sql_counts", async ({ sql, service, connect }) => {
    await sql`update private.settings set value = 1000000
      where name in ('max_active_batches', 'max_requests_per_minute')`;
    const shops: Shop[] = [];
    for (let n = 0; n < SHOPS; n++) shops.push(await openShop(sql, 50));
    await fillHistory(sql, { shops, rows: HISTORY_ROWS });
    const [shop] = shops as [Shop];
    const nobody = await openShop(sql, 1);
    // Of one connection: each plans its first calls.
    const one = connect({ max: 1 });
    const seen = await measureSteps({ sql: one, service }, { shop, open: 1, rounds: ROUNDS });
    for (const step of STEPS) {
      await t.step(`${step} stays within ${MAX_BUFFERS[step]} buffers`, () => {
        const { buffers } = seen[step];
        assert(buffers > 0 && buffers <= MAX_BUFFERS[step], `${step}: ${buffers} buffers`);
      });
    }
    const batchId = await createBatch(service, shop);
    const views: [string, (asked: Shop) => string, number][] = [
      ["a batch by its id", () => `select * from public.batch_status where batch_id = '${batchId}'`, 52],
      [
        "a profile's newest 20",
        ({ profileId }) =>
          `select * from public.batch_status where profile_id = '${profileId}' order by created_at desc limit 20`,
        20 * 51 + 3,
      ],
      [
        "the newest 20",
        () => "select * from public.batch_status order by created_at desc limit 20",
        20 * 51 + 3,
      ],
    ];
    for (const [name, query, maxRows] of views) {
      await t.step(`the view reads the rows of ${name}, and scans nothing`, async () => {
        const { rows, scanned } = await readBy(sql, { userId: shop.userId, query: query(shop) });
        assertEquals(scanned, []);
        assert(rows >= 51 && rows <= maxRows, `${rows} rows`);
        const others = await readBy(sql, { userId: nobody.userId, query: query(nobody) });
        assert(others.rows <= 2, `${others.rows} rows for a user who has none`);
      });
    }
    await t.step(
      "the finished videos of a user who has none are found without a look at others'",
      async () => {
        const { rows, scanned } = await readBy(sql, {
          userId: nobody.userId,
          query: "select * from public.videos limit 20",
        });
        assertEquals(scanned, []);
        assert(rows <= 2, `${rows} rows`);
      },
    );
  });
});
