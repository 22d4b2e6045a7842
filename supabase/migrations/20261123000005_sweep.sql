-- The sweep: the certainty behind the kicks. It takes lost leases back, names the batches that need a kick and the
-- objects that nobody names. It reads work lists and open work, never history.

-- One lost lease. The row is queued again at once. The loss counts when its attempt raised neither stage nor progress:
-- from the second such in a row the row backs off, at the fifth it fails, but not before `worker_lost_after_s` since
-- the first. The caller holds the batch's lock and touches the batch.
create function private.take_back(p_job_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_raised_at timestamptz;
  v_trouble private.retries;
  v_wait_s numeric;
begin
  select raised_at into v_raised_at from private.leases where job_id = p_job_id;
  if v_raised_at is null then
    insert into private.retries as r (job_id, loss_count, first_lost_at, last_error_code, last_error, last_error_at)
    values (p_job_id, 1, v_now, 'worker_lost', 'The lease ran out.', v_now)
    on conflict (job_id) do update set loss_count = r.loss_count + 1,
      first_lost_at = coalesce(r.first_lost_at, excluded.first_lost_at),
      backoff_count = r.backoff_count + case when r.loss_count >= 1 then 1 else 0 end,
      last_error_code = excluded.last_error_code, last_error = excluded.last_error,
      last_error_at = excluded.last_error_at
    returning * into v_trouble;
    if v_trouble.loss_count >= 5
      and v_now >= v_trouble.first_lost_at + make_interval(secs => private.setting('worker_lost_after_s'))
    then
      perform private.end_failed(p_job_id, 'worker_lost',
        'Making this video was started several times and broke off each time. Please retry it later.');
      return;
    end if;
    if v_trouble.loss_count >= 2 then
      v_wait_s := private.backoff_s(v_trouble.backoff_count);
    end if;
  end if;
  delete from private.leases where job_id = p_job_id;
  update public.jobs set status = 'queued', available_at = v_now + make_interval(secs => v_wait_s)
  where id = p_job_id;
end
$$;

-- Takes back every lost lease of at most 100 batches, passing over batches that are locked. Returns how many.
-- It begins at the leases and looks each batch up: a join would be the planner's to turn into a scan of every batch.
create function private.take_back_lost() returns int
language plpgsql set search_path = '' as $$
declare
  v_batch_id uuid;
  v_job_id uuid;
  v_lost int := 0;
begin
  for v_batch_id in
    select locked.id
    from (
      select distinct l.batch_id from private.leases l
      where l.token is not null and l.expires_at <= clock_timestamp() order by 1
    ) lost,
      lateral (select b.id from public.batches b where b.id = lost.batch_id for no key update skip locked) locked
    limit 100
  loop
    for v_job_id in
      -- Read behind the lock: a report may have renewed it meanwhile.
      select l.job_id from private.leases l join public.jobs j on j.id = l.job_id
      where l.batch_id = v_batch_id and l.token is not null and l.expires_at <= clock_timestamp() order by j.position
    loop
      perform private.take_back(v_job_id);
      v_lost := v_lost + 1;
    end loop;
    if found then
      update public.batches set updated_at = clock_timestamp() where id = v_batch_id;
      perform private.close_batch(v_batch_id);
    end if;
  end loop;
  return v_lost;
end
$$;

-- At most 100 batches from which a claim would take a row now, those first that were not kicked for longest.
create function private.find_claimable() returns uuid[]
language plpgsql set search_path = '' as $$
declare
  v_batch_ids uuid[];
begin
  with needing as (
    select o.batch_id from private.open_batches o
    where private.more_to_claim(o.batch_id,
      (select (b.options ->> 'concurrency')::int from public.batches b where b.id = o.batch_id))
    order by o.kicked_at nulls first limit 100
    for update of o skip locked
  ), marked as (
    update private.open_batches o set kicked_at = clock_timestamp()
    from needing n where o.batch_id = n.batch_id
    returning o.batch_id
  )
  select coalesce(array_agg(batch_id), '{}') into v_batch_ids from marked;
  return v_batch_ids;
end
$$;

-- Which of these objects of the bucket are orphans: their job is gone, or has finished and names them in neither result
-- nor checkpoint. What does not lie under <profile_id>/<job_id>/ was not put there by this project and is left alone.
-- Each job is looked up once, however many objects it has.
create function private.orphans_among(p_names text[]) returns text[]
language plpgsql stable set search_path = '' as $$
begin
  return (
    with objects as materialized (
      select name, split_part(name, '/', 2)::uuid as job_id from unnest(p_names) as given (name)
      where name ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[^/]+$'
    ), claims as materialized (
      select asked.job_id, found.id is null as is_gone, found.is_finished, found.named
      from (select distinct job_id from objects) asked
      left join lateral (
        select j.id, j.finished_at is not null as is_finished, array[
          j.result ->> 'video_path', j.result ->> 'thumbnail_path', j.result ->> 'subtitles_path',
          (select c.data -> 'voiceover' ->> 'path' from private.checkpoints c where c.job_id = j.id)
        ] as named
        from public.jobs j where j.id = asked.job_id limit 1
      ) found on true
    )
    select coalesce(array_agg(o.name order by o.name collate "C"), '{}')
    from objects o join claims c on c.job_id = o.job_id
    where c.is_gone or (c.is_finished and array_position(c.named, o.name) is null)
  );
end
$$;

-- At most 100 orphans: first around jobs that ended lately, looked at four times within 15 min because an upload may
-- come late; then a slow walk through the whole bucket, 100 objects a sweep, for what slipped through.
create function private.find_orphans() returns text[]
language plpgsql set search_path = '' as $$
declare
  v_leftover record;
  v_found text[];
  v_orphans text[] := '{}';
  v_names text[];
begin
  for v_leftover in
    select job_id, profile_id, check_count from private.leftovers
    where check_at <= clock_timestamp() order by check_at limit 200 for update skip locked
  loop
    select private.orphans_among(array_agg(o.name)) into v_found from storage.objects o
    where o.bucket_id = 'videos'
      and o.name collate "C" > format('%s/%s/', v_leftover.profile_id, v_leftover.job_id) collate "C"
      and o.name collate "C" < format('%s/%s0', v_leftover.profile_id, v_leftover.job_id) collate "C";
    v_orphans := v_orphans || v_found;
    if v_leftover.check_count >= 3 and cardinality(v_found) = 0 then
      delete from private.leftovers where job_id = v_leftover.job_id;
    elsif cardinality(v_found) = 0 then
      update private.leftovers set check_count = check_count + 1,
        check_at = clock_timestamp() + (array[30, 180, 600])[check_count + 1] * interval '1 second'
      where job_id = v_leftover.job_id;
    else
      -- Named now, and looked at again by the next sweep until they are gone; behind others that wait.
      update private.leftovers set check_at = clock_timestamp() where job_id = v_leftover.job_id;
    end if;
    exit when cardinality(v_orphans) >= 100;
  end loop;
  select array_agg(o.name order by o.name collate "C") into v_names from (
    select name from storage.objects
    where bucket_id = 'videos' and name collate "C" > (select object_cursor from private.sweep_state) collate "C"
    order by name collate "C" limit 100
  ) o;
  update private.sweep_state set object_cursor =
    case when cardinality(v_names) = 100 then v_names[100] else '' end
  where object_cursor <> '' or cardinality(v_names) = 100;
  select v_orphans || coalesce(array_agg(name), '{}') into v_orphans
  from unnest(private.orphans_among(v_names)) as seen (name) where name <> all (v_orphans);
  return v_orphans[1:100];
end
$$;

-- Run every 10 s. Locks: its own row of notes (a second sweep beside it does nothing), then batches that have lost
-- leases, skipping locked ones: it never waits while it holds a lock.
-- Returns {"kick": batches to kick, "orphans": objects to remove, "lost": leases taken back}.
create function public.sweep() returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_lost int;
  v_kick uuid[];
  v_orphans text[];
begin
  perform from private.sweep_state for update skip locked;
  if not found then
    return '{"kick": [], "orphans": [], "lost": 0}';
  end if;
  v_lost := private.take_back_lost();
  v_kick := private.find_claimable();
  v_orphans := private.find_orphans();
  update private.sweep_state set swept_at = clock_timestamp(), lost_count = v_lost, kick_count = cardinality(v_kick),
    orphan_count = cardinality(v_orphans);
  return jsonb_build_object('kick', to_jsonb(v_kick), 'orphans', to_jsonb(v_orphans), 'lost', v_lost);
end
$$;

-- Keeps what a kick was answered, for operators: those that reach a claim keep themselves. 0: no answer came.
create function public.record_kick(p_batch_id uuid, p_status int, p_message text) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.note_kick(p_batch_id, p_status, p_message, clock_timestamp());
end
$$;

-- For operators: work that is stuck or slow, one row each, worst first; one row with `trouble` null when all is well.
-- Every row shows the last sweep and the last kick.
create view private.operations with (security_invoker = true) as
select
  w.trouble, w.since, w.batch_id, w.job_id, w.position, w.status, w.stage, w.progress, w.run, w.attempt,
  w.lease_expires_at, w.next_try_at, w.loss_count, w.backoff_count, w.last_error_code, w.last_error,
  w.batch_kicked_at, w.batch_kick_status, w.batch_kick_message,
  s.swept_at as last_sweep_at, s.lost_count as last_sweep_lost, s.kick_count as last_sweep_kicks,
  s.orphan_count as last_sweep_orphans, k.kicked_at as last_kick_at, k.batch_id as last_kick_batch_id,
  k.status as last_kick_status, k.message as last_kick_message
from private.sweep_state s
cross join lateral (
  select batch_id, kicked_at, status, message from private.last_kick
  union all
  select batch_id, kicked_at, kick_status, kick_message from private.open_batches where kick_status is not null
  order by kicked_at desc nulls last limit 1
) k
left join lateral (
  select
    case
      when l.token is not null and l.expires_at <= clock_timestamp() then 'lease ran out, not swept yet'
      when l.job_id is not null and l.token is null and l.claimed_at < clock_timestamp() - interval '1 minute'
        then 'handed over, not claimed'
      when l.token is not null
        and coalesce(l.raised_at, l.claimed_at) < clock_timestamp() - interval '5 minutes' then 'no progress'
      when j.status = 'queued' and j.available_at > clock_timestamp() then 'in back-off'
      when r.loss_count > 0 then 'worker lost before'
      when j.status = 'queued' and (o.kicked_at is null or o.kicked_at < clock_timestamp() - interval '1 minute')
        and b.updated_at < clock_timestamp() - interval '1 minute'
        and private.more_to_claim(j.batch_id, (b.options ->> 'concurrency')::int) then 'due, not claimed'
    end as trouble,
    coalesce(r.first_lost_at, r.last_error_at, l.raised_at, l.claimed_at, b.updated_at) as since,
    j.batch_id, j.id as job_id, j.position, j.status, j.stage, j.progress, j.run, j.attempt,
    case when l.token is not null then l.expires_at end as lease_expires_at, j.available_at as next_try_at,
    r.loss_count, r.backoff_count,
    r.last_error_code, r.last_error, o.kicked_at as batch_kicked_at, o.kick_status as batch_kick_status,
    o.kick_message as batch_kick_message
  from private.open_batches o
  join public.batches b on b.id = o.batch_id
  join public.jobs j on j.batch_id = o.batch_id and j.finished_at is null
  left join private.leases l on l.job_id = j.id
  left join private.retries r on r.job_id = j.id
) w on w.trouble is not null
order by w.since;

grant select on private.operations to service_role;
grant execute on function public.sweep() to service_role;
grant execute on function public.record_kick(uuid, int, text) to service_role;
grant execute on function private.take_back(uuid) to service_role;
grant execute on function private.take_back_lost() to service_role;
grant execute on function private.find_claimable() to service_role;
grant execute on function private.orphans_among(text[]) to service_role;
grant execute on function private.find_orphans() to service_role;
