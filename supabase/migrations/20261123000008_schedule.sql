-- The schedule on Supabase: pg_cron runs the sweep every 10 s, pg_net kicks and removes orphans, with the project's
-- address and secret key from Vault. Where these extensions do not exist this migration schedules nothing; while Vault
-- has no entries the schedule does nothing. Their objects are named through to_regclass and to_regnamespace, so that a
-- linter does not look for what is not there.

-- Supabase's: an entry of Vault, null where there is none.
create function private.vault_secret(p_name text) returns text
language plpgsql stable set search_path = '' as $$
declare
  v_secret text;
begin
  if to_regclass('vault.decrypted_secrets') is not null then
    execute 'select decrypted_secret from ' || to_regclass('vault.decrypted_secrets') || ' where name = $1'
    into v_secret using p_name;
  end if;
  return v_secret;
end
$$;

-- Keeps the answers of the schedule's own kicks, which pg_net brings later, for operators.
create function private.collect_kick_answers() returns void
language plpgsql set search_path = '' as $$
declare
  v_batch_id uuid;
  v_status int;
  v_message text;
  v_at timestamptz;
begin
  for v_batch_id, v_status, v_message, v_at in execute
    'select o.batch_id, coalesce(r.status_code, 0), coalesce(r.error_msg, left(r.content, 500)), r.created
     from private.open_batches o join ' || to_regclass('net._http_response') || ' r on r.id = o.kick_request_id'
  loop
    perform private.note_kick(v_batch_id, v_status, v_message, v_at);
    update private.open_batches set kick_request_id = null where batch_id = v_batch_id;
  end loop;
end
$$;

-- One sweep with its kicks and removals. pg_net sends after the commit. Run by pg_cron, as the migrations' owner.
create function private.run_sweep() returns void
language plpgsql set search_path = '' as $$
declare
  v_url text := rtrim(private.vault_secret('reelbatch_project_url'), '/');
  v_key text := private.vault_secret('reelbatch_secret_key');
  v_headers jsonb;
  v_swept jsonb;
  v_batch_id uuid;
  v_object text;
  v_request_id bigint;
begin
  if coalesce(v_url, '') = '' or coalesce(v_key, '') = '' or to_regnamespace('net') is null then
    return;
  end if;
  v_headers := jsonb_build_object('apikey', v_key, 'content-type', 'application/json');
  if v_key like 'eyJ%' then
    -- A legacy key is a token and must come as one; a new secret key must not.
    v_headers := v_headers || jsonb_build_object('authorization', 'Bearer ' || v_key);
  end if;
  perform private.collect_kick_answers();
  v_swept := public.sweep();
  for v_batch_id in select jsonb_array_elements_text(v_swept -> 'kick')::uuid loop
    execute 'select ' || to_regnamespace('net') || '.http_post(url := $1, body := $2, headers := $3, timeout_milliseconds := 10000)'
    into v_request_id
    using v_url || '/functions/v1/process-next', jsonb_build_object('batch_id', v_batch_id), v_headers;
    update private.open_batches set kick_request_id = v_request_id where batch_id = v_batch_id;
  end loop;
  for v_object in select jsonb_array_elements_text(v_swept -> 'orphans') loop
    execute 'select ' || to_regnamespace('net') || '.http_delete(url := $1, headers := $2, timeout_milliseconds := 10000)'
    using v_url || '/storage/v1/object/videos/' || v_object, v_headers - 'content-type';
  end loop;
end
$$;

-- pg_cron never prunes its own history: 8,640 rows a day at this pace.
create function private.prune_schedule() returns void
language plpgsql set search_path = '' as $$
begin
  if to_regclass('cron.job_run_details') is not null then
    execute 'delete from ' || to_regclass('cron.job_run_details') || ' where end_time < now() - interval ''1 day''';
  end if;
end
$$;

do $schedule$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron with schema pg_catalog;
  end if;
  if exists (select from pg_available_extensions where name = 'pg_net') then
    create extension if not exists pg_net with schema extensions;
  end if;
  if exists (select from pg_available_extensions where name = 'supabase_vault') then
    -- It makes its own schema.
    create extension if not exists supabase_vault;
  end if;
  if to_regnamespace('cron') is not null then
    -- Naming a job that is there replaces it. Seconds need pg_cron 1.5.
    execute $$select cron.schedule('reelbatch-sweep', '10 seconds', 'select private.run_sweep()')$$;
    execute $$select cron.schedule('reelbatch-prune', '17 3 * * *', 'select private.prune_schedule()')$$;
  end if;
end
$schedule$;
