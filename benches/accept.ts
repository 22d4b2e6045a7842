// `deno task bench:accept [--rounds N]`: accepting a batch of 50 in SQL (batch, rows, titles, limits, one commit) beside
// `select 1` by the same driver in the same process, interleaved, on a durable Postgres.

import { createBatch, openShop } from "../tests/database/shop.ts";
import { withBenchDatabase } from "./database.ts";
import { interleave, machine, printBar, printTable, quantile, readOption } from "./measure.ts";

/** The bar: the SQL of a batch of 50 beside `select 1`. */
const MAX_SQL_RATIO = 5;

await withBenchDatabase(async ({ sql, service }) => {
  const shop = await openShop(sql, 50);
  await sql`create table public.bench_commits (n int)`;
  await sql`grant insert on public.bench_commits to service_role`;
  console.log(machine());
  const times = await interleave({
    "select 1": () => service`select 1`,
    // What any write costs here: a commit waits for the disk, whatever it holds.
    "insert of one integer, committed": () => service`insert into public.bench_commits values (1)`,
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
