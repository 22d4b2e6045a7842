// The schedule's own functions, with tables and functions of the names and signatures that Vault, pg_net and pg_cron have.

import { assertEquals } from "../assert.ts";
import { withDatabase } from "../support/database.ts";

const EXTENSIONS = `
  create schema vault;
  create table vault.decrypted_secrets (name text, decrypted_secret text);
  create schema net;
  create table net.sent (id bigint generated always as identity, url text, body jsonb, headers jsonb);
  create table net._http_response (
    id bigint, status_code int, error_msg text, content text, created timestamptz not null default now()
  );
  create function net.http_post(
    url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}',
    timeout_milliseconds int default 5000
  ) returns bigint language sql as
    'insert into net.sent (url, body, headers) values ($1, $2, $4) returning id';
  create schema cron;
  create table cron.job_run_details (end_time timestamptz);`;

Deno.test("the schedule does nothing without Vault entries; with them it kicks with the secret key, keeps the answer, prunes its history", async () => {
  await withDatabase("schedule", async ({ sql, service }) => {
    const userId = crypto.randomUUID(), productId = crypto.randomUUID();
    await sql`insert into auth.users (id) values (${userId})`;
    const [profile] = await sql`
      insert into public.profiles (user_id, is_default) values (${userId}, true) returning id`;
    const [batch] = await service`
      select public.create_batch(${userId}, ${profile!.id}, null, ${[productId]},
        ${service.json({ concurrency: 1 })}, null) as answer`;
    const batchId = batch!.answer.batch_id;

    await sql`select private.run_sweep()`;
    await sql.unsafe(EXTENSIONS);
    await sql`select private.run_sweep()`;
    assertEquals((await sql`select from net.sent`).length, 0);

    await sql`insert into vault.decrypted_secrets values
      ('reelbatch_project_url', 'https://shop.example/'), ('reelbatch_secret_key', 'sb_secret_x')`;
    await sql`select private.run_sweep()`;
    const sent = await sql`select id::int, url, body, headers ->> 'apikey' as apikey from net.sent`;
    assertEquals(sent[0]?.url, "https://shop.example/functions/v1/process-next");
    assertEquals(sent[0]?.body, { batch_id: batchId });
    assertEquals(sent[0]?.apikey, "sb_secret_x");

    await sql`insert into net._http_response (id, status_code, content) values (${sent[0]!.id}, 202, 'ok')`;
    await sql`select private.run_sweep()`;
    const [kick] = await sql`
      select kick_status, kick_message from private.open_batches where batch_id = ${batchId}`;
    assertEquals({ ...kick }, { kick_status: 202, kick_message: "ok" });

    await sql`insert into cron.job_run_details values (now()), (now() - interval '2 days')`;
    await sql`select private.prune_schedule()`;
    assertEquals((await sql`select from cron.job_run_details`).length, 1);
  });
});
