-- Queue functions, second half: what a worker does with one job. claim, report, hand over, complete, fail, requeue.
-- Each locks the batch's row first, which serialises everything that happens to its rows. A write names the lease's
-- token; with one that is no longer current it changes nothing and says so.

-- Whether a claim would take a row of this batch now: a handed-over one, or a due one into a free slot, which it looks
-- for from the back, where those lie that wait.
create function private.more_to_claim(p_batch_id uuid, p_concurrency int) returns boolean
language plpgsql stable set search_path = '' as $$
declare
  v_held int;
  v_handed_over int;
begin
  select count(token), count(*) - count(token) into v_held, v_handed_over
  from private.leases where batch_id = p_batch_id;
  if v_handed_over > 0 or v_held >= p_concurrency then
    return v_handed_over > 0;
  end if;
  perform from public.jobs
  where batch_id = p_batch_id and status = 'queued' and (available_at is null or available_at <= clock_timestamp())
  order by position desc limit 1;
  return found;
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
  p_job_id uuid, p_lease_token uuid, out batch_id uuid, out concurrency int, out is_current boolean
)
language plpgsql set search_path = '' as $$
begin
  select l.batch_id, (b.options ->> 'concurrency')::int into hold_lease.batch_id, hold_lease.concurrency
  from private.leases l join public.batches b on b.id = l.batch_id
  where l.job_id = p_job_id and l.token = p_lease_token and l.expires_at > clock_timestamp()
  for no key update of b;
  if found then
    -- Asked again behind the lock.
    perform from private.leases l
    where l.job_id = p_job_id and l.token = p_lease_token and l.expires_at > clock_timestamp();
    is_current := found;
  else
    select b.id, (b.options ->> 'concurrency')::int into hold_lease.batch_id, hold_lease.concurrency
    from public.jobs j join public.batches b on b.id = j.batch_id where j.id = p_job_id;
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

-- What a kick asks for: the next row, with a lease. A handed-over one, else into a free slot the first due one in the
-- order asked. A row whose product is absent or another profile's fails here, and the next is taken. The kick that
-- brought it here is kept with what it is answered.
-- A product's time in the queue is this and complete_job: each asks every table once, by plans made once a connection,
-- and the answer is json, text from the start.
-- Locks: the batch. Returns {"job": the row with its lease, product, profile, checkpoint, or null, "more"}.
create function public.claim_job(p_batch_id uuid) returns json
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
  v_profile_id uuid;
  v_options jsonb;
  v_concurrency int;
  v_slots int;
  v_held int;
  v_now timestamptz;
  v_job_id uuid;
  v_product_id uuid;
  v_position int;
  v_run int;
  v_attempt int;
  v_stage public.job_stage;
  v_progress int;
  v_lease_s numeric;
  v_product json;
  v_profile json;
  v_checkpoint jsonb;
  v_token uuid := gen_random_uuid();
begin
  select b.profile_id, b.options, (b.options ->> 'concurrency')::int into v_profile_id, v_options, v_concurrency
  from public.batches b where b.id = p_batch_id for no key update;
  loop
    select count(*), count(l.token) into v_slots, v_held from private.leases l where l.batch_id = p_batch_id;
    v_now := clock_timestamp();
    v_job_id := null;
    if v_held < v_slots then
      select j.id, j.product_id, j.position, j.run, j.attempt, j.stage, j.progress
      into v_job_id, v_product_id, v_position, v_run, v_attempt, v_stage, v_progress
      from private.leases l join public.jobs j on j.id = l.job_id
      where l.batch_id = p_batch_id and l.token is null order by j.position limit 1;
    elsif v_slots < v_concurrency then
      update public.jobs set status = 'processing', attempt = attempt + 1, available_at = null,
        started_at = coalesce(started_at, v_now), stage = coalesce(stage, 'script')
      where id = (
        select j.id from public.jobs j
        where j.batch_id = p_batch_id and j.status = 'queued' and (j.available_at is null or j.available_at <= v_now)
        order by j.position limit 1
      )
      returning id, product_id, position, run, attempt, stage, progress
      into v_job_id, v_product_id, v_position, v_run, v_attempt, v_stage, v_progress;
    end if;
    if v_job_id is null then
      perform private.note_kick(p_batch_id, 202, '{"job_id": null}', v_now);
      return '{"job": null, "more": false}';
    end if;
    if v_held = v_slots then
      update public.batches set updated_at = v_now where id = p_batch_id;
    end if;
    select
      s.value,
      case when p.id is not null then json_build_object(
        'id', p.id, 'title', p.title, 'brand', p.brand, 'description', p.description, 'price', p.price::text,
        'sale_price', p.sale_price::text, 'currency', p.currency, 'image_urls', p.image_urls, 'link', p.link,
        'language', p.language
      ) end,
      json_build_object(
        'name', f.name, 'template', f.template, 'primary_color', f.primary_color, 'accent_color', f.accent_color,
        'font', f.font, 'voices', f.voices, 'language', f.language, 'cta_text', f.cta_text
      ),
      (select c.data from private.checkpoints c where c.job_id = v_job_id)
    into v_lease_s, v_product, v_profile, v_checkpoint
    from private.settings s
    cross join public.profiles f
    left join public.products p on p.id = v_product_id and p.profile_id = f.id
    where s.name = 'lease_s' and f.id = v_profile_id;
    exit when v_product is not null;
    perform private.end_failed(v_job_id, 'product_not_found', 'This product is not in the shop.');
    update public.batches set updated_at = clock_timestamp() where id = p_batch_id;
    perform private.close_batch(p_batch_id);
  end loop;
  if v_held < v_slots then
    update private.leases set token = v_token, expires_at = v_now + make_interval(secs => v_lease_s), claimed_at = v_now
    where job_id = v_job_id;
  else
    insert into private.leases (job_id, batch_id, token, expires_at, claimed_at)
    values (v_job_id, p_batch_id, v_token, v_now + make_interval(secs => v_lease_s), v_now);
  end if;
  perform private.note_kick(p_batch_id, 202, '{"job_id": "' || v_job_id || '"}', v_now);
  return json_build_object(
    'job', json_build_object(
      'job_id', v_job_id, 'batch_id', p_batch_id, 'profile_id', v_profile_id, 'product_id', v_product_id,
      'position', v_position, 'run', v_run, 'attempt', v_attempt, 'lease_token', v_token, 'lease_s', v_lease_s,
      'options', v_options, 'product', v_product, 'profile', v_profile, 'stage', v_stage, 'progress', v_progress,
      'checkpoint', coalesce(v_checkpoint, '{}')
    ),
    -- The only slot is this row's now.
    'more', v_concurrency > 1 and private.more_to_claim(p_batch_id, v_concurrency)
  );
end
$$;

-- Renews the lease; raises stage and progress, never lowers them; keeps the checkpoint's keys that are given.
-- What was raised ends a streak of losses and back-offs. Locks: the batch. Returns {"current"}.
create function public.report_job(
  p_job_id uuid, p_lease_token uuid, p_stage text, p_progress int, p_checkpoint jsonb default null
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
    update private.leases set token = null where job_id = p_job_id;
  end if;
  return jsonb_build_object('current', v_held.is_current,
    'more', private.more_to_claim(v_held.batch_id, coalesce(v_held.concurrency, 0)));
end
$$;

-- The video is made. It does itself what hold_lease, close_batch and more_to_claim do for the others: each lease,
-- row and batch is asked after once. Locks: the batch. Returns {"current", "more"}.
create function public.complete_job(p_job_id uuid, p_lease_token uuid, p_result jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
  v_batch_id uuid;
  v_concurrency int;
  v_now timestamptz;
  v_profile_id uuid;
  v_attempt int;
  v_run int;
  v_slots int := 0;
  v_held int := 0;
begin
  select l.batch_id, (b.options ->> 'concurrency')::int into v_batch_id, v_concurrency
  from private.leases l join public.batches b on b.id = l.batch_id
  where l.job_id = p_job_id and l.token = p_lease_token and l.expires_at > clock_timestamp()
  for no key update of b;
  if found then
    v_now := clock_timestamp();
    delete from private.leases where job_id = p_job_id and token = p_lease_token and expires_at > v_now;
  end if;
  if not found then
    select h.batch_id, h.concurrency into v_batch_id, v_concurrency from private.hold_lease(p_job_id, p_lease_token) h;
    return jsonb_build_object('current', false, 'more', private.more_to_claim(v_batch_id, coalesce(v_concurrency, 0)));
  end if;
  update public.jobs set status = 'completed', stage = 'store', progress = 100, result = p_result, finished_at = v_now
  where id = p_job_id returning profile_id, attempt, run into v_profile_id, v_attempt, v_run;
  update public.batches set updated_at = v_now where id = v_batch_id;
  if v_attempt > 1 or v_run > 1 then
    -- An earlier attempt may have left objects that nobody names any more; a first one has not.
    delete from private.retries where job_id = p_job_id;
    insert into private.leftovers (job_id, profile_id) values (p_job_id, v_profile_id)
    on conflict (job_id) do update set check_at = excluded.check_at, check_count = 0;
  end if;
  if v_concurrency > 1 then
    select count(*), count(token) into v_slots, v_held from private.leases where batch_id = v_batch_id;
  end if;
  -- From the back, where those lie that wait.
  perform from public.jobs
  where batch_id = v_batch_id and status = 'queued' and (available_at is null or available_at <= v_now)
  order by position desc limit 1;
  if found then
    return jsonb_build_object('current', true, 'more', v_slots > v_held or v_held < v_concurrency);
  end if;
  if v_slots = 0 then
    perform private.close_batch(v_batch_id);
  end if;
  return jsonb_build_object('current', true, 'more', v_slots > v_held);
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
  p_job_id uuid, p_lease_token uuid, p_error_code text, p_error text, p_retry_after_s numeric default null,
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
grant execute on function private.note_kick(uuid, int, text, timestamptz) to service_role;
grant execute on function private.more_to_claim(uuid, int) to service_role;
grant execute on function private.close_batch(uuid) to service_role;
grant execute on function private.hold_lease(uuid, uuid) to service_role;
grant execute on function private.end_failed(uuid, text, text) to service_role;
grant execute on function private.backoff_s(int) to service_role;
