-- What clients read: the counting view, the finished videos, and batch-status as one query each. All of it runs with
-- the caller's rights: row security decides what is there.

-- Every count, status and outcome is derived here. The counts of one batch come from one index alone.
create view public.batch_status with (security_invoker = true) as
select
  b.id as batch_id,
  b.profile_id,
  case
    when c.open > 0 then 'processing'
    when c.cancelled > 0 then 'cancelled'
    else 'completed'
  end as status,
  case
    when c.open > 0 then null
    when c.cancelled > 0 then 'cancelled'
    when c.failed = 0 then 'succeeded'
    when c.completed = 0 then 'failed'
    else 'completed_with_errors'
  end as outcome,
  c.total, c.completed, c.failed, c.cancelled, c.queued, c.processing,
  b.created_at,
  b.updated_at,
  case when c.open = 0 then c.finished_at end as finished_at
from public.batches b
cross join lateral (
  select
    count(*) as total,
    count(*) filter (where j.status = 'queued') as queued,
    count(*) filter (where j.status = 'processing') as processing,
    count(*) filter (where j.status in ('queued', 'processing')) as open,
    count(*) filter (where j.status = 'completed') as completed,
    count(*) filter (where j.status = 'failed') as failed,
    count(*) filter (where j.status = 'cancelled') as cancelled,
    max(j.finished_at) as finished_at
  from public.jobs j where j.batch_id = b.id
) c;

-- Finished videos of a profile, newest first. `video_link` is the path of the signed address, good until
-- `url_expires_at`: the project's own origin goes before it. A frontend may also sign `video_path` anew. It begins at the
-- profiles, of which row security leaves a few: the rows of other shops are never looked at.
create view public.videos with (security_invoker = true) as
select
  j.id as job_id, j.batch_id, j.profile_id, j.product_id, j.title, j.finished_at,
  j.result ->> 'video_path' as video_path,
  j.result ->> 'thumbnail_path' as thumbnail_path,
  j.result ->> 'subtitles_path' as subtitles_path,
  '/storage/v1/object/sign/videos/' || (j.result ->> 'video_path') || '?token=' || (j.result ->> 'video_token')
    as video_link,
  '/storage/v1/object/sign/videos/' || (j.result ->> 'thumbnail_path') || '?token='
    || (j.result ->> 'thumbnail_token') as thumbnail_link,
  (j.result ->> 'url_expires_at')::timestamptz as url_expires_at,
  (j.result ->> 'duration_s')::numeric as duration_s,
  (j.result ->> 'width')::int as width,
  (j.result ->> 'height')::int as height,
  (j.result ->> 'size_bytes')::bigint as size_bytes,
  j.result -> 'postable' as postable
from public.profiles p
join public.jobs j on j.profile_id = p.id
where j.status = 'completed'
order by j.finished_at desc;

-- Both views are read-only. Without these triggers Postgres answers a write with 55000, which clients of the REST
-- interface see as a 500; with them it asks for the privilege first, which nobody has, and they see a 403.
create function private.refuse_write() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception using errcode = '42501', message = format('%s is read-only.', tg_table_name);
end
$$;
create trigger batch_status_read_only instead of insert or update or delete on public.batch_status
  for each row execute function private.refuse_write();
create trigger videos_read_only instead of insert or update or delete on public.videos
  for each row execute function private.refuse_write();

-- One batch with its rows, for the caller who may read it. The tag is of all that the answer is made from, `p_origin`
-- too, so it changes when and only when batch-status's answer does, and for a caller who has it the body is not even
-- made. A change of the answer's shape alone, here or there, raises the tag's number.
-- Results are given as they are kept, with paths and tokens: batch-status makes their addresses under `p_origin`. Made
-- here they took each result apart and together again: half of what a poll took of Postgres.
-- The rows are read once, and the body is one turn of a record into json: as json inside json, 50 results of two
-- kilobytes were copied a dozen times and took half as long again. It names its rows by a key, so it is planned once a
-- connection; planned for each batch it took as long again as reading one.
-- Returns null (no such batch for this caller) or {"etag", "body"}. Writes and locks nothing.
create function public.get_batch_status(p_batch_id uuid, p_origin text, p_etags text[] default '{}') returns json
language plpgsql stable set search_path = '' set timezone = 'UTC'
set plan_cache_mode = force_generic_plan as $$
declare
  c_shape constant int := 1;
begin
  return (
    with rows as materialized (
      select j.product_id, j.id as job_id, j.title, j.status, j.progress::text, j.error, j.error_code, j.stage, j.attempt,
        j.started_at, j.finished_at, j.result
      from public.jobs j where j.batch_id = p_batch_id order by j.position
    ), tag as materialized (
      select md5(concat_ws(' ', c_shape, p_origin, b.id, b.created_at, b.updated_at,
        (select string_agg(hash_record_extended(rows, 0)::text, ' ') from rows))) as etag
      from public.batches b where b.id = p_batch_id
    )
    select json_build_object('etag', etag, 'body', case when not p_etags && array[etag, '*'] then (
      select body from (
        select s.batch_id, s.status, s.total, s.completed, s.failed, s.cancelled, s.outcome, s.created_at, s.updated_at,
          s.finished_at, array(select rows from rows) as product_jobs
        from public.batch_status s where s.batch_id = p_batch_id
      ) body
    ) end)
    from tag
  );
end
$$;

-- The page of a profile's batches, newest first; null profile: the caller's default one, an empty list without one.
-- Raises PT404 profile_not_found, PT422 invalid_request for a cursor that is none.
-- Returns {"etag", "body": {"batches", "next"} or null}. Writes and locks nothing.
create function public.list_batch_statuses(
  p_profile_id uuid,
  p_limit int,
  p_before text,
  p_origin text,
  p_etags text[] default '{}'
) returns jsonb
language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
declare
  v_profile_id uuid;
  v_limit int := least(greatest(coalesce(p_limit, 20), 1), 100);
  v_before_at timestamptz := 'infinity';
  v_before_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_body jsonb;
  v_etag text;
begin
  select p.id into v_profile_id from public.profiles p
  where p.user_id = (select auth.uid()) and (p.id = p_profile_id or (p_profile_id is null and p.is_default));
  if not found and p_profile_id is not null then
    raise exception using errcode = 'PT404', message = 'No such profile.', detail = 'profile_not_found';
  end if;
  if p_before is not null then
    if p_before !~ '^[0-9]{1,16}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      raise exception using errcode = 'PT422', message = 'This cursor is none.', detail = 'invalid_request';
    end if;
    v_before_at := timestamptz 'epoch' + split_part(p_before, '_', 1)::bigint * interval '1 microsecond';
    v_before_id := split_part(p_before, '_', 2)::uuid;
  end if;
  with page as materialized (
    select s.* from public.batch_status s
    where s.profile_id = v_profile_id and (s.created_at, s.batch_id) < (v_before_at, v_before_id)
    order by s.created_at desc, s.batch_id desc limit v_limit + 1
  ), shown as (
    select * from page order by created_at desc, batch_id desc limit v_limit
  )
  select jsonb_build_object(
    'batches', coalesce(jsonb_agg(jsonb_build_object(
      'batch_id', batch_id, 'status', status, 'total', total, 'completed', completed, 'failed', failed,
      'cancelled', cancelled, 'outcome', outcome, 'created_at', created_at, 'updated_at', updated_at,
      'finished_at', finished_at
    ) order by created_at desc, batch_id desc), '[]'),
    'next', case when (select count(*) from page) > v_limit then (
      select (extract(epoch from created_at) * 1000000)::bigint || '_' || batch_id
      from shown order by created_at, batch_id limit 1
    ) end
  ) into v_body from shown;
  v_etag := md5(v_body::text);
  return jsonb_build_object('etag', v_etag,
    'body', case when p_etags && array[v_etag, '*'] then null else v_body end);
end
$$;

grant select on public.batch_status, public.videos to authenticated, service_role;
grant execute on function public.get_batch_status(uuid, text, text[]) to authenticated;
grant execute on function public.list_batch_statuses(uuid, int, text, text, text[]) to authenticated;
