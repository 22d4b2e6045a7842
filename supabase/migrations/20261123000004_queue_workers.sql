-- Queue functions, second half: what a worker does with one job. claim, report, hand over, complete, fail, requeue.
-- Each locks the batch's row first, which serialises everything that happens to its rows. A write names the lease's
-- token; with one that is no longer current it changes nothing and says so.

-- Whether a claim would take a row of this batch now: a handed-over one, or a due one into a free slot.
create function private.more_to_claim(p_batch_id uuid, p_concurrency int) returns boolean
language plpgsql stable set search_path = '' as $$
declare
  v_held int;
  v_handed_over int;
begin
  select count(token), count(*) - count(token) into v_held, v_handed_over
  from private.leases where batch_id = p_batch_id;
  return v_handed_over > 0 or (v_held < p_concurrency and exists (
    select from public.jobs
    where batch_id = p_batch_id and status = 'queued' and (available_at is null or available_at <= clock_timestamp())
  ));
end
$$;

-- After a row of a batch has ended: an ended batch leaves the work list. The caller holds the batch's lock.
create function private.close_batch(p_batch_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.jobs where batch_id = p_batch_id and finished_at is null;
  if not found then
    delete from private.open_batches where batch_id = p_batch_id;
  end if;
end
$$;

-- Whether this token still holds this job; if so the batch is locked. A lease that has run out holds nothing, swept or
-- not: its row is on its way to the next attempt. What was replaced or ran out never comes back, so such a token is told
-- without a lock. `batch_id` is null when the job is gone.
create function private.hold_lease(
  p_job_id uuid,
  p_lease_token uuid,
  out batch_id uuid,
  out concurrency int,
  out is_current boolean
)
language plpgsql set search_path = '' as $$
begin
  select j.batch_id into hold_lease.batch_id from public.jobs j where j.id = p_job_id;
  perform from private.leases l
  where l.job_id = p_job_id and l.token = p_lease_token and l.expires_at > clock_timestamp();
  if found then
    select (b.options ->> 'concurrency')::int into hold_lease.concurrency
    from public.batches b where b.id = hold_lease.batch_id for no key update;
    perform from private.leases l
    where l.job_id = p_job_id and l.token = p_lease_token and l.expires_at > clock_timestamp();
    is_current := found;
  else
    select (b.options ->> 'concurrency')::int into hold_lease.concurrency
    from public.batches b where b.id = hold_lease.batch_id;
    is_current := false;
  end if;
end
$$;

-- Ends an open row as failed. The caller holds the batch's lock and touches the batch.
create function private.end_failed(p_job_id uuid, p_error_code text, p_error text) returns void
language plpgsql set search_path = '' as $$
begin
  delete from private.leases where job_id = p_job_id;
  delete from private.retries where job_id = p_job_id;
  with failed as (
    update public.jobs set status = 'failed', available_at = null, finished_at = clock_timestamp(),
      error_code = coalesce(nullif(p_error_code, ''), 'internal'),
      error = coalesce(nullif(left(p_error, 2000), ''), 'The video could not be made.')
    where id = p_job_id and finished_at is null
    returning id, profile_id
  )
  insert into private.leftovers (job_id, profile_id) select id, profile_id from failed
  on conflict (job_id) do update set check_at = excluded.check_at, check_count = 0;
end
$$;

-- Keeps what a kick was answered, for operators, unless a later one is known: with the batch while it is open, else as
-- the last kick. It waits for nobody: where a row is locked another kick of this moment is being kept, or a sweep is
-- about to send one.
create function private.note_kick(p_batch_id uuid, p_status int, p_message text, p_at timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  update private.open_batches set kicked_at = p_at, kick_status = p_status, kick_message = left(p_message, 500)
  where batch_id = (
    select o.batch_id from private.open_batches o
    where o.batch_id = p_batch_id and (o.kicked_at is null or o.kicked_at <= p_at)
    for update skip locked
  );
  if not found then
    update private.last_kick set batch_id = p_batch_id, kicked_at = p_at, status = p_status,
      message = left(p_message, 500)
    where only_row = (
      select k.only_row from private.last_kick k where k.kicked_at is null or k.kicked_at <= p_at
      for update skip locked
    );
  end if;
end
$$;

-- What a kick asks for: the next row, with a lease. The kick that brought it here is kept with what it is answered.
-- Locks: the batch. Returns {"job": the row with its lease, product, profile, checkpoint, or null, "more"}.
create function public.claim_job(p_batch_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_claim jsonb;
begin
  v_claim := private.take_row(p_batch_id);
  perform private.note_kick(p_batch_id, 202, jsonb_build_object('job_id', v_claim -> 'job' -> 'job_id')::text,
    clock_timestamp());
  return v_claim;
end
$$;

-- Takes the next row: a handed-over one, else into a free slot the first due one in the order asked. A row whose
-- product is absent or another profile's fails here, and the next is taken. Locks: the batch. Returns claim_job's answer.
create function private.take_row(p_batch_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_batch record;
  v_job public.jobs;
  v_is_continued boolean;
  v_product jsonb;
  v_now timestamptz;
  v_token uuid;
  v_lease_s numeric := private.setting('lease_s');
begin
  select b.id, b.profile_id, b.options, (b.options ->> 'concurrency')::int as concurrency into v_batch
  from public.batches b where b.id = p_batch_id for no key update;
  if not found then
    return '{"job": null, "more": false}';
  end if;
  loop
    select j.* into v_job from private.leases l join public.jobs j on j.id = l.job_id
    where l.batch_id = p_batch_id and l.token is null order by j.position limit 1;
    v_is_continued := found;
    if not v_is_continued then
      if (select count(*) from private.leases where batch_id = p_batch_id) >= v_batch.concurrency then
        return '{"job": null, "more": false}';
      end if;
      select j.* into v_job from public.jobs j
      where j.batch_id = p_batch_id and j.status = 'queued'
        and (j.available_at is null or j.available_at <= clock_timestamp())
      order by j.position limit 1;
      if not found then
        return '{"job": null, "more": false}';
      end if;
    end if;
    v_now := clock_timestamp();
    if not v_is_continued then
      update public.jobs set status = 'processing', attempt = attempt + 1, available_at = null,
        started_at = coalesce(started_at, v_now), stage = coalesce(stage, 'script')
      where id = v_job.id returning * into v_job;
      update public.batches set updated_at = v_now where id = p_batch_id;
    end if;
    v_product := private.read_product(v_job.product_id, v_batch.profile_id);
    exit when v_product is not null;
    perform private.end_failed(v_job.id, 'product_not_found', 'This product is not in the shop.');
    update public.batches set updated_at = clock_timestamp() where id = p_batch_id;
    perform private.close_batch(p_batch_id);
  end loop;
  v_token := gen_random_uuid();
  if v_is_continued then
    update private.leases set token = v_token, expires_at = v_now + make_interval(secs => v_lease_s), claimed_at = v_now
    where job_id = v_job.id;
  else
    insert into private.leases (job_id, batch_id, token, expires_at, claimed_at)
    values (v_job.id, p_batch_id, v_token, v_now + make_interval(secs => v_lease_s), v_now);
  end if;
  return jsonb_build_object(
    'job', jsonb_build_object(
      'job_id', v_job.id, 'batch_id', p_batch_id, 'profile_id', v_batch.profile_id, 'product_id', v_job.product_id,
      'position', v_job.position, 'run', v_job.run, 'attempt', v_job.attempt, 'lease_token', v_token,
      'lease_s', v_lease_s, 'options', v_batch.options, 'product', v_product,
      'profile', private.read_profile(v_batch.profile_id), 'stage', v_job.stage, 'progress', v_job.progress,
      'checkpoint', coalesce((select data from private.checkpoints where job_id = v_job.id), '{}')
    ),
    'more', private.more_to_claim(p_batch_id, v_batch.concurrency)
  );
end
$$;

-- The product as a worker needs it; null when it is absent or another profile's.
create function private.read_product(p_product_id uuid, p_profile_id uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'id', id, 'title', title, 'brand', brand, 'description', description, 'price', price::text,
      'sale_price', sale_price::text, 'currency', currency, 'image_urls', image_urls, 'link', link,
      'language', language
    )
    from public.products where id = p_product_id and profile_id = p_profile_id
  );
end
$$;

create function private.read_profile(p_profile_id uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'name', name, 'template', template, 'primary_color', primary_color, 'accent_color', accent_color,
      'font', font, 'voices', voices, 'language', language, 'cta_text', cta_text
    )
    from public.profiles where id = p_profile_id
  );
end
$$;

-- Renews the lease; raises stage and progress, never lowers them; keeps the checkpoint's keys that are given.
-- What was raised ends a streak of losses and back-offs. Locks: the batch. Returns {"current"}.
create function public.report_job(
  p_job_id uuid,
  p_lease_token uuid,
  p_stage text,
  p_progress int,
  p_checkpoint jsonb default null
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_held record;
  v_now timestamptz;
  v_is_raised boolean;
  -- `least` passes over null, so an absent progress would read as 99.
  v_progress int := least(coalesce(p_progress, 0), 99);
begin
  v_held := private.hold_lease(p_job_id, p_lease_token);
  if not v_held.is_current then
    return '{"current": false}';
  end if;
  v_now := clock_timestamp();
  update public.jobs set stage = greatest(stage, p_stage::public.job_stage),
    progress = greatest(progress, v_progress)
  where id = p_job_id and (p_stage::public.job_stage > stage or v_progress > progress);
  v_is_raised := found;
  update private.leases set
    expires_at = v_now + make_interval(secs => private.setting('lease_s')),
    raised_at = case when v_is_raised then v_now else raised_at end
  where job_id = p_job_id;
  if v_is_raised then
    update public.batches set updated_at = v_now where id = v_held.batch_id;
    delete from private.retries where job_id = p_job_id;
  end if;
  if jsonb_typeof(p_checkpoint) = 'object' then
    insert into private.checkpoints as kept (job_id, data) values (p_job_id, p_checkpoint)
    on conflict (job_id) do update set data = kept.data || excluded.data;
  end if;
  return '{"current": true}';
end
$$;

-- Ends the lease but not the attempt: the row stays processing and in its slot, and the next claim goes on with it.
-- Locks: the batch. Returns {"current", "more"}.
create function public.hand_over_job(p_job_id uuid, p_lease_token uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_held record;
begin
  v_held := private.hold_lease(p_job_id, p_lease_token);
  if v_held.is_current then
    update private.leases set token = null, expires_at = null where job_id = p_job_id;
  end if;
  return jsonb_build_object('current', v_held.is_current,
    'more', private.more_to_claim(v_held.batch_id, coalesce(v_held.concurrency, 0)));
end
$$;

-- The video is made. Locks: the batch. Returns {"current", "more"}.
create function public.complete_job(p_job_id uuid, p_lease_token uuid, p_result jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_held record;
  v_job record;
begin
  v_held := private.hold_lease(p_job_id, p_lease_token);
  if v_held.is_current then
    delete from private.leases where job_id = p_job_id;
    update public.jobs set status = 'completed', stage = 'store', progress = 100, result = p_result,
      finished_at = clock_timestamp()
    where id = p_job_id returning id, profile_id, attempt, run into v_job;
    update public.batches set updated_at = clock_timestamp() where id = v_held.batch_id;
    if v_job.attempt > 1 or v_job.run > 1 then
      -- An earlier attempt may have left objects that nobody names any more; a first one has not.
      delete from private.retries where job_id = p_job_id;
      insert into private.leftovers (job_id, profile_id) values (v_job.id, v_job.profile_id)
      on conflict (job_id) do update set check_at = excluded.check_at, check_count = 0;
    end if;
    perform private.close_batch(v_held.batch_id);
  end if;
  return jsonb_build_object('current', v_held.is_current,
    'more', private.more_to_claim(v_held.batch_id, coalesce(v_held.concurrency, 0)));
end
$$;

-- The product's work has failed for good. Locks: the batch. Returns {"current", "more"}.
create function public.fail_job(p_job_id uuid, p_lease_token uuid, p_error_code text, p_error text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_held record;
begin
  v_held := private.hold_lease(p_job_id, p_lease_token);
  if v_held.is_current then
    perform private.end_failed(p_job_id, p_error_code, p_error);
    update public.batches set updated_at = clock_timestamp() where id = v_held.batch_id;
    perform private.close_batch(v_held.batch_id);
  end if;
  return jsonb_build_object('current', v_held.is_current,
    'more', private.more_to_claim(v_held.batch_id, coalesce(v_held.concurrency, 0)));
end
$$;

-- The n-th back-off in a row, in seconds: doubled each time up to a bound, less up to a quarter so that rows that
-- failed together do not come back together.
create function private.backoff_s(p_count int) returns numeric
language plpgsql volatile set search_path = '' as $$
begin
  return least(private.setting('backoff_max_s'), private.setting('backoff_first_s') * 2 ^ least(p_count - 1, 30))
    * (0.75 + 0.25 * random())::numeric;
end
$$;

-- A transient failure: the row waits and is tried again, at least `p_retry_after_s` later, until 2 h after the first
-- claim of its run (24 h while the renderer is busy); from then on it fails with this code. Locks: the batch.
-- Returns {"current", "status", "retry_in_s", "more"}.
create function public.requeue_job(
  p_job_id uuid,
  p_lease_token uuid,
  p_error_code text,
  p_error text,
  p_retry_after_s numeric default null,
  p_busy boolean default false
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_held record;
  v_now timestamptz;
  v_deadline timestamptz;
  v_count int;
  v_wait_s numeric;
  v_status text;
begin
  v_held := private.hold_lease(p_job_id, p_lease_token);
  if v_held.is_current then
    v_now := clock_timestamp();
    select started_at + case when p_busy then interval '24 hours' else interval '2 hours' end into v_deadline
    from public.jobs where id = p_job_id;
    if v_now >= v_deadline then
      v_status := 'failed';
      perform private.end_failed(p_job_id, p_error_code, p_error);
      perform private.close_batch(v_held.batch_id);
    else
      v_status := 'queued';
      -- The worker lived: this is no loss, and ends a streak of them.
      insert into private.retries as r (job_id, backoff_count, last_error_code, last_error, last_error_at)
      values (p_job_id, 1, p_error_code, left(p_error, 2000), v_now)
      on conflict (job_id) do update set backoff_count = r.backoff_count + 1, loss_count = 0, first_lost_at = null,
        last_error_code = excluded.last_error_code, last_error = excluded.last_error,
        last_error_at = excluded.last_error_at
      returning backoff_count into v_count;
      v_wait_s := least(
        greatest(private.backoff_s(v_count), least(coalesce(p_retry_after_s, 0), 1000000)),
        extract(epoch from v_deadline - v_now)
      );
      delete from private.leases where job_id = p_job_id;
      update public.jobs set status = 'queued', available_at = v_now + make_interval(secs => v_wait_s)
      where id = p_job_id;
    end if;
    update public.batches set updated_at = v_now where id = v_held.batch_id;
  end if;
  return jsonb_build_object('current', v_held.is_current, 'status', v_status, 'retry_in_s', round(v_wait_s, 3),
    'more', private.more_to_claim(v_held.batch_id, coalesce(v_held.concurrency, 0)));
end
$$;

grant execute on function public.claim_job(uuid) to service_role;
grant execute on function public.report_job(uuid, uuid, text, int, jsonb) to service_role;
grant execute on function public.hand_over_job(uuid, uuid) to service_role;
grant execute on function public.complete_job(uuid, uuid, jsonb) to service_role;
grant execute on function public.fail_job(uuid, uuid, text, text) to service_role;
grant execute on function public.requeue_job(uuid, uuid, text, text, numeric, boolean) to service_role;
grant execute on function private.take_row(uuid) to service_role;
grant execute on function private.note_kick(uuid, int, text, timestamptz) to service_role;
grant execute on function private.more_to_claim(uuid, int) to service_role;
grant execute on function private.close_batch(uuid) to service_role;
grant execute on function private.hold_lease(uuid, uuid) to service_role;
grant execute on function private.end_failed(uuid, text, text) to service_role;
grant execute on function private.read_product(uuid, uuid) to service_role;
grant execute on function private.read_profile(uuid) to service_role;
grant execute on function private.backoff_s(int) to service_role;
