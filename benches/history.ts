// A history of finished batches as the queue leaves it: ids that grow with time, a batch's rows side by side.

import type { Sql } from "postgres";
import type { Shop } from "../tests/database/shop.ts";

const ROWS_OF_A_BATCH = 50;

/**
 * Finished batches of 50, one a second, the shops in turns, until there are so many finished rows. They are inserted as
 * they end up, with the ids that `create_batch` would have given them, so there is no bloat to vacuum away.
 */
export async function fillHistory(sql: Sql, { shops, rows }: { shops: Shop[]; rows: number }): Promise<void> {
  const [{ count } = { count: 0 }] = await sql<{ count: number }[]>`
    select count(*)::int as count from public.jobs where status = 'completed'`;
  const filled = Math.floor(count / ROWS_OF_A_BATCH), batches = Math.ceil(rows / ROWS_OF_A_BATCH);
  if (batches <= filled) return;
  const profileIds = shops.map((shop) => shop.profileId);
  await sql`
    with times as materialized (
      select n, clock_timestamp() - interval '2 days' + n * interval '1 second' as made_at
      from generate_series(${filled + 1}::int, ${batches}::int) n
    ), made as materialized (
      select made_at, (${profileIds}::uuid[])[1 + n % ${shops.length}::int] as profile_id,
        lpad(to_hex(floor(extract(epoch from made_at) * 1000)::bigint), 12, '0') || '7'
          || substr(replace(gen_random_uuid()::text, '-', ''), 14, 16) as prefix
      from times order by made_at
    ), batch as (
      insert into public.batches (id, profile_id, options, created_at, updated_at)
      select (prefix || to_hex(256))::uuid, profile_id, '{"concurrency": 1}', made_at, made_at from made
    )
    insert into public.jobs (id, batch_id, profile_id, product_id, position, status, stage, progress, attempt,
      started_at, finished_at, title, result)
    select (prefix || to_hex(257 + place))::uuid, (prefix || to_hex(256))::uuid, profile_id, gen_random_uuid(), place,
      'completed', 'store', 100, 1, made_at, made_at, 'Product ' || place,
      jsonb_build_object('video_path', repeat('v', 120), 'video_token', repeat('t', 300),
        'thumbnail_path', repeat('p', 120), 'subtitles_path', repeat('s', 120), 'duration_s', 15)
    from made, generate_series(0, ${ROWS_OF_A_BATCH - 1}::int) place order by prefix, place`;
  await sql`vacuum (analyze) public.jobs`;
  await sql`vacuum (analyze) public.batches`;
}
