// Orphaned objects, the schedule on Supabase (pg_cron, pg_net and Vault stood in for), and what a sweep costs.

import postgres, { type Sql } from "postgres";
import { assert, assertEquals } from "../assert.ts";
import { readMigrations } from "../../local/postgres/migrate.ts";
import { withDatabase } from "../support/database.ts";
import {
  claimRow,
  complete,
  createBatch,
  expireLease,
  fail,
  openShop,
  report,
  requeue,
  resultOf,
  sweep,
} from "./shop.ts";

async function store(sql: Sql, ...names: string[]): Promise<void> {
  for (const name of names) {
    await sql`insert into storage.objects (bucket_id, name) values ('videos', ${name})`;
  }
}

async function remove(sql: Sql, ...names: string[]): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select set_config('storage.allow_delete_query', 'true', true)`;
    await tx`delete from storage.objects where name in ${tx(names)}`;
  });
}

Deno.test("an object that neither result nor checkpoint names is an orphan once its job has finished, never before", async () => {
  await withDatabase("orphans", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const lost = await claimRow(service, batchId);
    const folder = `${shop.profileId}/${lost.job_id}`;
    const { video_path, thumbnail_path, subtitles_path } = resultOf(lost, shop.profileId);
    const voice = `${folder}/aaaaaaaaaaaaaaaa.wav`, firstVoice = `${folder}/bbbbbbbbbbbbbbbb.wav`;
    await store(sql, firstVoice, voice, video_path, thumbnail_path, subtitles_path);
    await expireLease(sql, lost);
    assertEquals((await sweep(service)).orphans, []);
    const job = await claimRow(service, batchId);
    await report(service, job, {
      stage: "voiceover",
      progress: 9,
      checkpoint: { voiceover: { path: voice } },
    });
    assertEquals((await sweep(service)).orphans, []);
    await complete(service, job, shop.profileId);
    assertEquals((await sweep(service)).orphans, [firstVoice]);
    assertEquals((await sweep(service)).orphans, [firstVoice]);
    await remove(sql, firstVoice);
    assertEquals((await sweep(service)).orphans, []);
  });
});

Deno.test("a failed job's upload that comes late is found, its voice is kept for the next run", async () => {
  await withDatabase("late", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const job = await claimRow(service, batchId);
    const folder = `${shop.profileId}/${job.job_id}`;
    await report(service, job, {
      stage: "voiceover",
      progress: 9,
      checkpoint: { voiceover: { path: `${folder}/a.wav` } },
    });
    await store(sql, `${folder}/a.wav`);
    await fail(service, job);
    assertEquals((await sweep(service)).orphans, []);
    await store(sql, `${folder}/late.mp4`);
    await sql`update private.leftovers set check_at = clock_timestamp()`;
    assertEquals((await sweep(service)).orphans, [`${folder}/late.mp4`]);
  });
});

Deno.test("the walk through the bucket finds what nobody remembers, and leaves foreign objects alone", async () => {
  await withDatabase("walk", async ({ sql, service }) => {
    const stray = Array.from({ length: 250 }, () => `${crypto.randomUUID()}/${crypto.randomUUID()}/x.mp4`)
      .sort();
    await store(sql, "readme.txt", "a/b/c.mp4", ...stray);
    const found: string[] = [];
    for (let n = 0; n < 4; n++) {
      const { orphans } = await sweep(service);
      assert(orphans.length <= 100);
      found.push(...orphans);
    }
    assertEquals([...new Set(found)].sort(), stray);
  });
});

/** Finished batches of 50, as they end up. */
async function addHistory(sql: Sql, profileId: string, batchCount: number): Promise<void> {
  await sql`
    with made as (
      insert into public.batches (profile_id, options)
      select ${profileId}, '{"concurrency": 1}' from generate_series(1, ${batchCount}) returning id, profile_id
    )
    insert into public.jobs (batch_id, profile_id, product_id, position, title, status, attempt, stage, progress,
      started_at, finished_at, result)
    select id, profile_id, gen_random_uuid(), n, 'x', 'completed', 1, 'store', 100, now(), now(), '{}'
    from made, generate_series(0, 49) n`;
  await sql`vacuum analyze public.jobs`;
  await sql`vacuum analyze public.batches`;
}

/** The four objects that each finished job names. */
async function addObjects(sql: Sql): Promise<void> {
  await sql`
    update public.jobs j set result = jsonb_build_object('video_path', folder || 'a.mp4', 'thumbnail_path', folder || 'a.jpg',
      'subtitles_path', folder || 'a.srt')
    from (select id, profile_id || '/' || id || '/' as folder from public.jobs) f where f.id = j.id`;
  await sql`
    insert into private.checkpoints (job_id, data)
    select id, jsonb_build_object('voiceover', jsonb_build_object('path', profile_id || '/' || id || '/a.wav'))
    from public.jobs`;
  await sql`
    insert into storage.objects (bucket_id, name)
    select 'videos', profile_id || '/' || id || '/' || ending
    from public.jobs, unnest(array['a.mp4', 'a.jpg', 'a.srt', 'a.wav']) ending`;
  await sql`vacuum analyze storage.objects`;
  await sql`vacuum analyze private.checkpoints`;
}

Deno.test("a sweep reads no history: as many buffers behind 100,000 finished rows as behind 1,000", async () => {
  await withDatabase("sweep_cost", async ({ sql, adminUrl }) => {
    const admin = postgres(adminUrl, { max: 1, onnotice: () => {} });
    try {
      const shop = await openShop(sql, 2);
      await sql`update private.settings set value = 1000000 where name in ('lease_s', 'max_active_batches')`;
      const buffers = async () => {
        // Open work to look at: one row claimed, one batch that is due, one lost lease.
        await claimRow(admin, await createBatch(admin, shop));
        await createBatch(admin, shop);
        await expireLease(admin, await claimRow(admin, await createBatch(admin, shop)));
        const counts: number[] = [];
        for (let n = 0; n < 12; n++) {
          const [row] = await admin`explain (analyze, buffers, format json) select public.sweep() as swept`;
          const plan = row!["QUERY PLAN"][0].Plan;
          counts.push(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]);
        }
        // Plans of a session are made anew a few times before they stay.
        const settled = counts.slice(6);
        await admin`delete from public.batches where id in (select batch_id from private.open_batches)`;
        await admin`delete from private.leftovers`;
        return Math.min(...settled);
      };
      await addHistory(admin, shop.profileId, 20);
      await addObjects(admin);
      const before = await buffers();
      await addHistory(admin, shop.profileId, 1980);
      const after = await buffers();
      console.log(`buffers of a sweep: ${before} behind 1,000 rows, ${after} behind 100,000`);
      assert(after <= before * 1.3 + 10, `${before} buffers before, ${after} after`);
    } finally {
      await admin.end();
    }
  });
});

/** pg_cron, pg_net and Vault as far as the migration speaks to them: they write down what they were told. */
const STAND_INS = `
  create schema cron; create schema net; create schema vault;
  create table cron.job (name text primary key, schedule text, command text);
  create table cron.job_run_details (end_time timestamptz);
  create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql as
    $$ insert into cron.job values ($1, $2, $3) on conflict (name) do update set schedule = $2; select 1::bigint $$;
  create view vault.decrypted_secrets as select null::text as name, null::text as decrypted_secret where false;
  create table net.sent (id bigint generated always as identity, method text, url text, body jsonb, headers jsonb, timeout_ms int);
  create table net._http_response (
    id bigint, status_code int, content text, error_msg text, created timestamptz not null default now()
  );
  create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}',
    timeout_milliseconds int default 5000) returns bigint language sql as
    $$ insert into net.sent (method, url, body, headers, timeout_ms) values ('POST', $1, $2, $4, $5) returning id $$;
  create function net.http_delete(url text, params jsonb default '{}', headers jsonb default '{}',
    timeout_milliseconds int default 5000, body jsonb default null) returns bigint language sql as
    $$ insert into net.sent (method, url, body, headers, timeout_ms) values ('DELETE', $1, null, $3, $4) returning id $$;`;

Deno.test("the schedule kicks and removes through pg_net, keeps the answers, and does nothing without Vault's entries", async () => {
  await withDatabase("schedule", async ({ sql, service }) => {
    await sql.unsafe(STAND_INS);
    const migration = (await readMigrations()).find((file) => file.name === "schedule")!;
    await sql.unsafe(migration.text.slice(migration.text.indexOf("do $schedule$")));
    const jobs = await sql`select name, schedule, command from cron.job order by name`;
    assertEquals(jobs.map((job) => ({ ...job })), [
      { name: "reelbatch-prune", schedule: "17 3 * * *", command: "select private.prune_schedule()" },
      { name: "reelbatch-sweep", schedule: "10 seconds", command: "select private.run_sweep()" },
    ]);
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const stray = `${crypto.randomUUID()}/${crypto.randomUUID()}/x.mp4`;
    await store(sql, stray);
    await sql.unsafe(jobs[1]!.command);
    assertEquals((await sql`select from net.sent`).length, 0);

    await sql.unsafe(`create or replace view vault.decrypted_secrets as select * from (values
      ('reelbatch_project_url', 'https://p.supabase.co/'), ('reelbatch_secret_key', 'sb_secret_x')) s (name, decrypted_secret)`);
    await sql.unsafe(jobs[1]!.command);
    const sent = (await sql`select method, url, body, headers, timeout_ms from net.sent order by id`).map((
      row,
    ) => ({ ...row }));
    assertEquals(sent, [
      {
        method: "POST",
        url: "https://p.supabase.co/functions/v1/process-next",
        body: { batch_id: batchId },
        headers: { apikey: "sb_secret_x", "content-type": "application/json" },
        timeout_ms: 10000,
      },
      {
        method: "DELETE",
        url: `https://p.supabase.co/storage/v1/object/videos/${stray}`,
        body: null,
        headers: { apikey: "sb_secret_x" },
        timeout_ms: 10000,
      },
    ]);
    await requeue(service, await claimRow(service, batchId));
    await sql`insert into net._http_response (id, status_code, content) values (1, 503, 'away')`;
    await sql.unsafe(jobs[1]!.command);
    const [seen] =
      await service`select trouble, batch_kick_status, last_kick_status, last_kick_message from private.operations`;
    assertEquals({ ...seen }, {
      trouble: "in back-off",
      batch_kick_status: 503,
      last_kick_status: 503,
      last_kick_message: "away",
    });
    await sql`insert into cron.job_run_details values (now() - interval '2 days'), (now())`;
    await sql.unsafe(jobs[0]!.command);
    assertEquals((await sql`select from cron.job_run_details`).length, 1);
  });
});
