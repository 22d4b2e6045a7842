-- Tables: the shop's own (profiles, products), the queue's that owners read (batches, jobs), and the private schema,
-- which PostgREST does not expose: leases, checkpoints, retries, settings, the request log, the sweep's own notes.
-- Constraints refuse impossible rows. No index, nor its predicate, names a column that a progress report writes (HOT).

-- Nothing is reachable unless a later migration grants it by name, whatever the project's default privileges are.
alter default privileges in schema public revoke all on tables from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from public, anon, authenticated, service_role;
-- A schema's own default cannot take back what is granted to everybody everywhere: this does.
alter default privileges revoke execute on functions from public;

create schema private;
revoke all on schema private from public;

create type public.job_status as enum ('queued', 'processing', 'completed', 'failed', 'cancelled');
create type public.job_stage as enum ('script', 'voiceover', 'subtitles', 'render', 'store');

create table public.profiles (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  name text not null default 'My shop',
  is_default boolean not null default false,
  template text not null default 'product_spotlight',
  primary_color text not null default '#111827',
  accent_color text not null default '#facc15',
  font text,
  voices jsonb not null default '{}',
  language text,
  cta_text text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint profiles_name_length check (char_length(name) <= 1000),
  constraint profiles_template_known
    check (template in ('product_spotlight', 'sale_banner', 'collection_showcase')),
  constraint profiles_primary_color_hex check (primary_color ~ '^#[0-9a-fA-F]{6}$'),
  constraint profiles_accent_color_hex check (accent_color ~ '^#[0-9a-fA-F]{6}$'),
  constraint profiles_font_length check (char_length(font) between 1 and 100),
  constraint profiles_voices_object check (jsonb_typeof(voices) = 'object' and pg_column_size(voices) <= 8192),
  constraint profiles_language_shape check (language ~ '^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4}$'),
  constraint profiles_cta_text_length check (char_length(cta_text) between 1 and 60)
);
create index profiles_user_id on public.profiles (user_id);
create unique index profiles_one_default on public.profiles (user_id) where is_default;

create table public.products (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid not null references public.profiles (id) on delete cascade,
  external_id text not null default gen_random_uuid()::text,
  title text not null,
  brand text,
  description text,
  price numeric,
  sale_price numeric,
  currency text,
  image_urls text[] not null default '{}',
  link text,
  language text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Also the index behind the foreign key and the policies: it begins with profile_id.
  constraint products_external_id_unique unique (profile_id, external_id),
  constraint products_external_id_length check (char_length(external_id) between 1 and 500),
  constraint products_title_length check (char_length(title) <= 100000),
  constraint products_brand_length check (char_length(brand) <= 10000),
  constraint products_description_length check (char_length(description) <= 1000000),
  -- The upper bound keeps NaN and infinity out too: to Postgres both are greater than any number.
  constraint products_price_amount check (price >= 0 and price < 1000000000000),
  constraint products_sale_price_amount check (sale_price >= 0 and sale_price < 1000000000000),
  constraint products_currency_iso_4217 check (currency ~ '^[A-Z]{3}$'),
  constraint products_image_urls_count
    check (cardinality(image_urls) <= 100 and array_position(image_urls, null) is null),
  constraint products_language_shape check (language ~ '^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4}$')
);

-- `user_id` repeats the profile's, and moves with it: row security is one comparison, and an owner's newest batches are
-- read from an index with or without a profile, whatever other owners have.
create table public.batches (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid not null references public.profiles (id) on delete cascade,
  user_id uuid not null,
  -- At most 255 by its type, which costs nothing at an update; a check would be read again by each.
  idempotency_key varchar(255),
  -- The validated request with its defaults filled in.
  options jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
) with (fillfactor = 80);
create index batches_newest on public.batches (profile_id, created_at, id);
create index batches_newest_of_user on public.batches (user_id, created_at);
create unique index batches_idempotency_key on public.batches (profile_id, idempotency_key)
  where idempotency_key is not null;

-- `profile_id` repeats the batch's: row security and the counts then read one index and no second table.
-- `product_id` is no foreign key: a product may be gone, or another shop's, and fails its row alone.
-- `batch_id` is none either: rows come with their batch in one function or not at all, and checking each of 50 takes a
-- fifth of the time of accepting a batch. They go with it by the trigger below.
-- Postgres reads a table's checks anew for each statement that writes to it, half a microsecond for each name, constant
-- and operator in them, whether it writes 1 row or 50. So they say no more than what rows must not contradict, briefly.
create table public.jobs (
  id uuid primary key default gen_random_uuid(),
  batch_id uuid not null,
  profile_id uuid not null,
  product_id uuid not null,
  position smallint not null,
  status public.job_status not null default 'queued',
  stage public.job_stage,
  progress smallint not null default 0,
  run int not null default 1,
  attempt int not null default 0,
  -- A queued row in back-off is not claimed before; null: at once.
  available_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  title text not null,
  error_code text,
  error text,
  result jsonb,
  -- By the order of the enum: completed, failed and cancelled are the final ones.
  constraint jobs_finished_when_final check ((status < 'completed') = (finished_at is null)),
  constraint jobs_complete_when_completed
    check ((status = 'completed') = (result is not null) and (progress >= 100) = (result is not null)),
  constraint jobs_error_when_failed
    check ((status = 'failed') = (error is not null) and (error_code is null) = (error is null)),
  constraint jobs_started_when_claimed
    check ((attempt > 0) = (started_at is not null) and (stage is null) = (started_at is null))
) with (
  fillfactor = 75,
  -- The counts read the index alone only where vacuum has been: it comes after 2 % of the rows, not after 20 %.
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.02
);
create unique index jobs_by_position on public.jobs (batch_id, position) include (profile_id, status, finished_at);
create index jobs_finished_videos on public.jobs (profile_id, finished_at) where status = 'completed';

-- What is kept of a job has no foreign key either: it is written under the lock of the batch, whose deletion waits for it,
-- and a check would lock the job's row at every claim. The trigger on `jobs` takes it along.

-- One row per processing job. `token` null: handed over, waiting in its slot for the next invocation; it cannot expire.
create table private.leases (
  job_id uuid primary key,
  batch_id uuid not null,
  token uuid,
  expires_at timestamptz not null,
  claimed_at timestamptz not null default clock_timestamp(),
  -- When this attempt last raised stage or progress; null: it has not.
  raised_at timestamptz
) with (fillfactor = 50);
create index leases_batch_id on private.leases (batch_id);

-- Finished stages of a job with the hash of their inputs. Written only when one is first made.
create table private.checkpoints (
  job_id uuid primary key,
  data jsonb not null
);

-- Only jobs that are in trouble have a row: losses in a row, back-offs in a row, what went wrong last.
create table private.retries (
  job_id uuid primary key,
  backoff_count int not null default 0,
  loss_count int not null default 0,
  first_lost_at timestamptz,
  last_error_code text,
  last_error text,
  last_error_at timestamptz
);

-- The sweep's work list: batches that have an open row. Derived and kept under the batch's lock, so that neither the
-- sweep nor the limit on active batches reads history. What is asked for, status and counts, never comes from here.
create table private.open_batches (
  batch_id uuid primary key,
  profile_id uuid not null,
  kicked_at timestamptz,
  kick_status int,
  kick_message text,
  kick_request_id bigint
) with (fillfactor = 80);
create index open_batches_profile_id on private.open_batches (profile_id);

-- Finished or deleted jobs whose objects the sweep looks at soon: an upload may come late.
create table private.leftovers (
  job_id uuid primary key,
  profile_id uuid not null,
  check_at timestamptz not null default clock_timestamp(),
  check_count int not null default 0
);
create index leftovers_check_at on private.leftovers (check_at);

-- Requests are numbered per user: the one that came `max_requests_per_minute` earlier tells whether this is too many.
create table private.requests (
  user_id uuid not null,
  number bigint not null,
  requested_at timestamptz not null,
  primary key (user_id, number)
);

create table private.settings (
  name text primary key,
  value numeric not null,
  constraint settings_value_range check (value >= 0 and value < 1000000000)
);
insert into private.settings (name, value) values
  ('lease_s', 30),
  ('backoff_first_s', 1),
  ('backoff_max_s', 30),
  ('worker_lost_after_s', 600),
  ('sweep_interval_s', 10),
  ('max_active_batches', 5),
  ('max_requests_per_minute', 60);

-- One row: what the last sweep did, how far it has looked through storage.
create table private.sweep_state (
  only_row boolean primary key default true,
  swept_at timestamptz,
  lost_count int not null default 0,
  kick_count int not null default 0,
  orphan_count int not null default 0,
  object_cursor text not null default '',
  constraint sweep_state_only_row check (only_row)
) with (fillfactor = 50);
insert into private.sweep_state default values;

-- One row: the last kick that is not kept with an open batch, and what it was answered. Nobody waits for it.
create table private.last_kick (
  only_row boolean primary key default true,
  batch_id uuid,
  kicked_at timestamptz,
  status int,
  message text,
  constraint last_kick_only_row check (only_row)
);
insert into private.last_kick default values;

create function private.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end
$$;
create trigger profiles_updated_at before update on public.profiles
  for each row execute function private.touch_updated_at();
create trigger products_updated_at before update on public.products
  for each row execute function private.touch_updated_at();

-- A batch that comes without its owner is its profile's owner's.
create function private.fill_batch_owner() returns trigger
language plpgsql set search_path = '' as $$
begin
  select user_id into new.user_id from public.profiles where id = new.profile_id;
  return new;
end
$$;
create trigger batches_owner before insert on public.batches
  for each row when (new.user_id is null) execute function private.fill_batch_owner();

-- A batch has 1 to 5 slots. No check: Postgres would read it anew at each touch of a batch, two for each product.
create function private.check_concurrency() returns trigger
language plpgsql set search_path = '' as $$
begin
  if coalesce(new.options ->> 'concurrency', '') !~ '^[1-5]$' then
    raise exception using errcode = '23514', constraint = tg_name, table = tg_table_name, schema = tg_table_schema,
      message = 'A batch takes 1 to 5 products at a time.';
  end if;
  return null;
end
$$;
create constraint trigger batches_concurrency_range after insert or update of options on public.batches
  for each row execute function private.check_concurrency();

-- A profile that becomes another user's takes its batches along.
create function private.move_batches() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.batches set user_id = new.user_id where profile_id = new.id;
  return null;
end
$$;
create trigger profiles_moved after update of user_id on public.profiles
  for each row when (new.user_id <> old.user_id) execute function private.move_batches();

-- A batch that leaves the work list leaves its last kick's answer behind, unless a later one is known: a claim then has
-- one row to write, not two. A definer for the same reason as below.
create function private.keep_last_kick() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update private.last_kick set batch_id = d.batch_id, kicked_at = d.kicked_at, status = d.kick_status,
    message = d.kick_message
  from (select * from deleted where kick_status is not null order by kicked_at desc limit 1) d
  where only_row = (
    select k.only_row from private.last_kick k where k.kicked_at is null or k.kicked_at <= d.kicked_at
    for update skip locked
  );
  return null;
end
$$;
create trigger open_batches_deleted after delete on private.open_batches
  referencing old table as deleted for each statement execute function private.keep_last_kick();

-- A batch's jobs go with it, whoever deletes it: its owner, or with the profile, or with the user. Both functions are
-- definers because a cascade's triggers run as the one who began it, who may touch none of these tables.
create function private.delete_jobs_of_batches() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from public.jobs j using deleted d where j.batch_id = d.id;
  delete from private.open_batches o using deleted d where o.batch_id = d.id;
  return null;
end
$$;
create trigger batches_deleted after delete on public.batches
  referencing old table as deleted for each statement execute function private.delete_jobs_of_batches();

-- However a job goes, what is kept of it goes with it, and its objects are looked for.
create function private.clear_deleted_jobs() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from private.leases l using deleted d where l.job_id = d.id;
  delete from private.checkpoints c using deleted d where c.job_id = d.id;
  delete from private.retries r using deleted d where r.job_id = d.id;
  insert into private.leftovers (job_id, profile_id)
  select id, profile_id from deleted
  on conflict (job_id) do update set check_at = excluded.check_at, check_count = 0;
  return null;
end
$$;
create trigger jobs_deleted after delete on public.jobs
  referencing old table as deleted for each statement execute function private.clear_deleted_jobs();
