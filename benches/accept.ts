// `deno task bench:accept [--rounds N]`: accepting a batch of 50 in SQL (batch, rows, titles, limits, one commit) beside
// `select 1` by the same driver in the same process, interleaved, on a durable Postgres.

import type { Sql } from "postgres";
import { createBatch, openShop, type Shop } from "../tests/database/shop.ts";
import { withBenchDatabase } from "./database.ts";
import { interleave, machine, printBar, printTable, quantile, readOption } from "./measure.ts";

/** The bar: the SQL of a batch of 50 beside `select 1`. */
const MAX_SQL_RATIO = 5;

/** What 50 rows cost by themselves: no batch, no limit, no product looked up; their ids as `create_batch` makes them. */
function insertRows(service: Sql, { profileId, productIds }: Shop): Promise<unknown> {
  const random = crypto.randomUUID().replaceAll("-", "").slice(13, 29);
  const prefix = `${Date.now().toString(16).padStart(12, "0")}7${random}`;
  return service`
    insert into public.jobs (id, batch_id, profile_id, product_id, position, title)
    select (${prefix}::text || to_hex(256 + asked.place))::uuid, (${prefix}::text || to_hex(256))::uuid, ${profileId}::uuid,
      asked.id, asked.place - 1, 'Product'
    from unnest(${productIds}::uuid[]) with ordinality as asked (id, place)`;
}

await withBenchDatabase(async ({ sql, service }) => {
  const shop = await openShop(sql, 50);
  await sql`create table public.bench_commits (n int)`;
  await sql`grant insert on public.bench_commits to service_role`;
  console.log(machine());
  const times = await interleave({
    "select 1": () => service`select 1`,
    // What any write costs here: a commit waits for the disk, whatever it holds.
    "insert of one integer, committed": () => service`insert into public.bench_commits values (1)`,
    "insert of the 50 rows alone, committed": () => insertRows(service, shop),
    "create_batch of 50": () => createBatch(service, shop),
  }, { rounds: readOption("rounds", 300), warmUp: 20 });
  const base = quantile(times["select 1"]);
  printTable([
    ["", "p50 ms", "p95 ms", "of select 1"],
    ...Object.entries(times).map(([name, values]) => [
      name,
      quantile(values),
      quantile(values, 0.95),
      `${(quantile(values) / base).toFixed(2)}x`,
    ]),
  ]);
  printBar("create_batch of 50 beside select 1", {
    value: quantile(times["create_batch of 50"]) / base,
    atMost: MAX_SQL_RATIO,
  });
});
