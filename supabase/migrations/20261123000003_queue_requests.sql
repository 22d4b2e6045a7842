-- Queue functions, first half: what a user asks for. create, cancel, retry, delete. Each is one transaction and one
-- round trip. A refusal that undoes nothing is raised (`PTxyz`, its word in `detail`); one whose request must stay
-- counted is returned as {"refusal": {"code", "retry_after_s"?}}.

-- A setting, read at each use.
create function private.setting(p_name text) returns numeric
language plpgsql stable set search_path = '' as $$
begin
  return (select value from private.settings where name = p_name);
end
$$;

-- Requests of one user go one after the other from here to the end of the transaction, and see what the one before has
-- done. It is always taken before a batch's row. No row is locked: there would be one more to write for each request.
create function private.lock_requests(p_user_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(uuid_hash_extended(p_user_id, 7301003));
end
$$;

-- Counts one request of a user against the last 60 s, or raises PT429 with the seconds to wait as hint.
-- Locks: the user's requests. Returns the request's number.
create function private.count_request(p_user_id uuid) returns bigint
language plpgsql set search_path = '' as $$
declare
  v_number bigint;
  v_now timestamptz;
  v_limit bigint;
  v_earlier timestamptz;
begin
  perform pg_advisory_xact_lock(uuid_hash_extended(p_user_id, 7301003));
  -- Behind the lock, so that numbers and times rise together.
  insert into private.requests (user_id, number, requested_at)
  values (p_user_id, 1 + coalesce(
    (select r.number from private.requests r where r.user_id = p_user_id order by r.number desc limit 1), 0
  ), clock_timestamp())
  returning number, requested_at into v_number, v_now;
  -- The one that came so many earlier; where none may come, this one itself.
  select floor(s.value), (
    select r.requested_at from private.requests r
    where r.user_id = p_user_id and r.number = v_number - floor(s.value)::bigint
  ) into v_limit, v_earlier
  from private.settings s where s.name = 'max_requests_per_minute';
  if v_earlier > v_now - interval '60 seconds' then
    raise exception using errcode = 'PT429', message = 'Too many requests.', detail = 'rate_limited',
      hint = greatest(1, ceil(extract(epoch from v_earlier + interval '60 seconds' - v_now)))::text;
  end if;
  if v_number % 16 = 0 then
    -- Those that no later request will look at.
    delete from private.requests where user_id = p_user_id and number <= v_number - v_limit;
  end if;
  return v_number;
end
$$;

-- The user's profile: the named one or the default one, made when there is none. Raises PT404 profile_not_found.
create function private.resolve_profile(p_user_id uuid, p_profile_id uuid) returns uuid
language plpgsql set search_path = '' as $$
declare
  v_profile_id uuid;
begin
  if p_profile_id is not null then
    select id into v_profile_id from public.profiles where id = p_profile_id and user_id = p_user_id;
    if not found then
      raise exception using errcode = 'PT404', message = 'No such profile.', detail = 'profile_not_found';
    end if;
    return v_profile_id;
  end if;
  loop
    select id into v_profile_id from public.profiles where user_id = p_user_id and is_default;
    if found then
      return v_profile_id;
    end if;
    begin
      insert into public.profiles (user_id, is_default) values (p_user_id, true)
      on conflict (user_id) where is_default do nothing;
    exception when foreign_key_violation then
      raise exception using errcode = 'PT401', message = 'This user is gone.', detail = 'unauthenticated';
    end;
  end loop;
end
$$;

-- The batch that a key stands for, as create_batch's answer; null when the key is free. Raises PT409 when it stands
-- for another request.
create function private.find_replay(p_profile_id uuid, p_key text, p_product_ids uuid[], p_options jsonb) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_batch record;
begin
  select id, options into v_batch from public.batches
  where profile_id = p_profile_id and idempotency_key = p_key;
  if not found then
    return null;
  end if;
  if v_batch.options is distinct from p_options or p_product_ids is distinct from
    array(select product_id from public.jobs where batch_id = v_batch.id order by position)
  then
    raise exception using errcode = 'PT409', message = 'This key was used for another request.',
      detail = 'idempotency_conflict';
  end if;
  return jsonb_build_object('batch_id', v_batch.id, 'total', cardinality(p_product_ids), 'created', false);
end
$$;

-- Accepts a batch: its row and its jobs' rows with their titles. In the contract's order: profile, idempotency,
-- provider, rate, active batches. The same key and request again is the same batch, before any limit.
-- Locks: the user's requests, so that creates of one user (and so of one key) go one after the other.
-- Its statements are planned once per connection: each names its rows by a key, and planning for the values of the call
-- took an eighth of it.
-- Returns {"batch_id", "total", "created"} or the refusal too_many_active_batches.
create function public.create_batch(
  p_user_id uuid,
  p_profile_id uuid,
  p_idempotency_key text,
  p_product_ids uuid[],
  p_options jsonb,
  p_missing_provider text default null
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
  v_profile_id uuid;
  v_batch_id uuid;
  v_replay jsonb;
  v_number bigint;
  v_is_full boolean;
  v_prefix text;
begin
  v_profile_id := private.resolve_profile(p_user_id, p_profile_id);
  if p_idempotency_key is not null then
    -- Looked up behind the lock: of many at once with one key the first creates, the others find what it made.
    perform private.lock_requests(p_user_id);
    v_replay := private.find_replay(v_profile_id, p_idempotency_key, p_product_ids, p_options);
    if v_replay is not null then
      return v_replay;
    end if;
  end if;
  if p_missing_provider is not null then
    raise exception using errcode = 'PT422', message = format('No key for %s is configured here.', p_missing_provider),
      detail = 'provider_not_configured';
  end if;
  v_number := private.count_request(p_user_id);
  select s.value = 0 or exists (
    select from private.open_batches o where o.profile_id = v_profile_id offset greatest(ceil(s.value) - 1, 0)
  ) into v_is_full
  from private.settings s where s.name = 'max_active_batches';
  if v_is_full then
    return jsonb_build_object('refusal', jsonb_build_object('code', 'too_many_active_batches', 'retry_after_s', 10));
  end if;
  -- Ids that grow with time (UUID version 7) and end in the place: a batch's rows lie side by side in every index,
  -- however long the history.
  v_prefix := lpad(to_hex(floor(extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
    || substr(replace(gen_random_uuid()::text, '-', ''), 14, 16);
  v_batch_id := (v_prefix || to_hex(256))::uuid;
  with batch as (
    insert into public.batches (id, profile_id, user_id, idempotency_key, options)
    values (v_batch_id, v_profile_id, p_user_id, p_idempotency_key, p_options)
  ), open as (
    insert into private.open_batches (batch_id, profile_id) values (v_batch_id, v_profile_id)
  )
  -- A title of any length is taken by `products`; every answer of batch-status repeats this copy, so it is cut.
  insert into public.jobs (id, batch_id, profile_id, product_id, position, title)
  select (v_prefix || to_hex(256 + asked.place))::uuid, v_batch_id, v_profile_id, asked.id, asked.place - 1,
    coalesce(p.title::varchar(5000), '')
  from unnest(p_product_ids) with ordinality as asked (id, place)
  left join public.products p on p.id = asked.id and p.profile_id = v_profile_id;
  return jsonb_build_object('batch_id', v_batch_id, 'total', cardinality(p_product_ids), 'created', true);
end
$$;

-- Raises PT404 unless the batch is one of the user's.
create function private.check_owner(p_user_id uuid, p_batch_id uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
  perform from public.batches b join public.profiles p on p.id = b.profile_id
  where b.id = p_batch_id and p.user_id = p_user_id;
  if not found then
    raise exception using errcode = 'PT404', message = 'No such batch.', detail = 'batch_not_found';
  end if;
end
$$;

-- Locks the batch's row. Raises PT404 when it was deleted meanwhile.
create function private.lock_batch(p_batch_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.batches where id = p_batch_id for no key update;
  if not found then
    raise exception using errcode = 'PT404', message = 'No such batch.', detail = 'batch_not_found';
  end if;
end
$$;

-- The renders that open rows of a batch have submitted in their run: whoever ends those rows stops these.
create function private.open_renders(p_batch_id uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'renderer_url', c.data -> 'render' -> 'renderer_url',
      'render_id', c.data -> 'render' -> 'render_id'
    ) order by j.position), '[]')
    from public.jobs j join private.checkpoints c on c.job_id = j.id
    where j.batch_id = p_batch_id and j.finished_at is null and c.data -> 'render' ->> 'run' = j.run::text
  );
end
$$;

-- Queued and running rows become cancelled; their leases are void. Locks: the user's requests, the batch.
-- Returns {"cancelled", "renders": renders to stop} or the refusal batch_finished (no row is open or cancelled).
create function public.cancel_batch(p_user_id uuid, p_batch_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_renders jsonb;
  v_now timestamptz;
  v_count int;
begin
  perform private.check_owner(p_user_id, p_batch_id);
  perform private.count_request(p_user_id);
  perform private.lock_batch(p_batch_id);
  v_now := clock_timestamp();
  v_renders := private.open_renders(p_batch_id);
  delete from private.leases where batch_id = p_batch_id;
  with cancelled as (
    update public.jobs set status = 'cancelled', available_at = null, finished_at = v_now
    where batch_id = p_batch_id and finished_at is null
    returning id, profile_id
  ), without_trouble as (
    delete from private.retries r using cancelled c where r.job_id = c.id
  ), to_look_at as (
    insert into private.leftovers (job_id, profile_id) select id, profile_id from cancelled
    on conflict (job_id) do update set check_at = excluded.check_at, check_count = 0
  )
  select count(*) into v_count from cancelled;
  if v_count = 0 then
    perform from public.jobs where batch_id = p_batch_id and status = 'cancelled';
    if not found then
      return jsonb_build_object('refusal', jsonb_build_object('code', 'batch_finished'));
    end if;
  else
    delete from private.open_batches where batch_id = p_batch_id;
    update public.batches set updated_at = v_now where id = p_batch_id;
  end if;
  return jsonb_build_object('cancelled', v_count, 'renders', v_renders);
end
$$;

-- Failed and cancelled rows (of those named; null: of all) start a new run. What earlier stages made is kept, the
-- submitted render is not. Locks: the user's requests, the batch.
-- Returns {"requeued"} or the refusal batch_not_retryable (every row of those is completed).
create function public.retry_batch(p_user_id uuid, p_batch_id uuid, p_product_ids uuid[] default null) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_unknown jsonb;
  v_count int;
begin
  perform private.check_owner(p_user_id, p_batch_id);
  select jsonb_agg(asked.place - 1 order by asked.place) into v_unknown
  from unnest(p_product_ids) with ordinality as asked (id, place)
  where not exists (select from public.jobs j where j.batch_id = p_batch_id and j.product_id = asked.id);
  if v_unknown is not null then
    raise exception using errcode = 'PT422', message = 'A product is not in this batch.', detail = 'invalid_request',
      hint = v_unknown::text;
  end if;
  perform private.count_request(p_user_id);
  perform private.lock_batch(p_batch_id);
  perform from public.jobs
  where batch_id = p_batch_id and status <> 'completed' and (p_product_ids is null or product_id = any (p_product_ids));
  if not found then
    return jsonb_build_object('refusal', jsonb_build_object('code', 'batch_not_retryable'));
  end if;
  with requeued as (
    update public.jobs set status = 'queued', run = run + 1, attempt = 0, stage = null, progress = 0,
      available_at = null, started_at = null, finished_at = null, error_code = null, error = null
    where batch_id = p_batch_id and status in ('failed', 'cancelled')
      and (p_product_ids is null or product_id = any (p_product_ids))
    returning id
  ), without_trouble as (
    delete from private.retries r using requeued q where r.job_id = q.id
  ), without_render as (
    update private.checkpoints c set data = c.data - 'render' from requeued q where c.job_id = q.id
  )
  select count(*) into v_count from requeued;
  if v_count > 0 then
    insert into private.open_batches (batch_id, profile_id)
    select id, profile_id from public.batches where id = p_batch_id
    on conflict (batch_id) do nothing;
    update public.batches set updated_at = clock_timestamp() where id = p_batch_id;
  end if;
  return jsonb_build_object('requeued', v_count);
end
$$;

-- Removes a batch with everything of it; its key is free again. Locks: the batch.
-- Returns {"objects": what lies in storage now, "renders": renders to stop}; the sweep looks again for what comes late.
create function public.delete_batch(p_user_id uuid, p_batch_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_answer jsonb;
begin
  perform private.check_owner(p_user_id, p_batch_id);
  perform private.lock_batch(p_batch_id);
  select jsonb_build_object('renders', private.open_renders(p_batch_id), 'objects', coalesce(jsonb_agg(o.name), '[]'))
  into v_answer
  from public.jobs j
  join storage.objects o on o.bucket_id = 'videos'
    and o.name collate "C" > format('%s/%s/', j.profile_id, j.id) collate "C"
    and o.name collate "C" < format('%s/%s0', j.profile_id, j.id) collate "C"
  where j.batch_id = p_batch_id;
  delete from public.batches where id = p_batch_id;
  return v_answer;
end
$$;

grant execute on function public.create_batch(uuid, uuid, text, uuid[], jsonb, text) to service_role;
grant execute on function public.cancel_batch(uuid, uuid) to service_role;
grant execute on function public.retry_batch(uuid, uuid, uuid[]) to service_role;
grant execute on function public.delete_batch(uuid, uuid) to service_role;
grant execute on function private.setting(text) to service_role;
grant execute on function private.count_request(uuid) to service_role;
grant execute on function private.lock_requests(uuid) to service_role;
grant execute on function private.resolve_profile(uuid, uuid) to service_role;
grant execute on function private.find_replay(uuid, text, uuid[], jsonb) to service_role;
grant execute on function private.check_owner(uuid, uuid) to service_role;
grant execute on function private.lock_batch(uuid) to service_role;
grant execute on function private.open_renders(uuid) to service_role;
