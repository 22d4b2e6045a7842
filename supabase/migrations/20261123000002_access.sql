-- Who may do what: everything is revoked first, then granted by name; row security on every table.

revoke all on all tables in schema public from public, anon, authenticated, service_role;
revoke all on all functions in schema public from public, anon, authenticated, service_role;
revoke all on all tables in schema private from public, anon, authenticated, service_role;
revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on type public.job_status, public.job_stage from public;
grant usage on type public.job_status, public.job_stage to authenticated, service_role;

alter table public.profiles enable row level security;
alter table public.products enable row level security;
alter table public.batches enable row level security;
alter table public.jobs enable row level security;
alter table private.leases enable row level security;
alter table private.checkpoints enable row level security;
alter table private.retries enable row level security;
alter table private.open_batches enable row level security;
alter table private.leftovers enable row level security;
alter table private.requests enable row level security;
alter table private.settings enable row level security;
alter table private.sweep_state enable row level security;
alter table private.last_kick enable row level security;

grant select, insert, update, delete on public.profiles, public.products to authenticated;
grant select on public.batches, public.jobs to authenticated;

-- The queue's functions run with the caller's rights, and their caller is service_role. The functions also write a
-- demo's or an import's products for nobody: service_role reads the shop's tables and makes a missing default profile.
grant usage on schema private to service_role;
grant select, insert on public.profiles to service_role;
grant select on public.products to service_role;
grant select, insert, update, delete on public.batches, public.jobs to service_role;
grant select, insert, update, delete on private.leases, private.checkpoints, private.retries, private.open_batches,
  private.leftovers, private.requests to service_role;
grant select on private.settings to service_role;
grant select, update on private.sweep_state, private.last_kick to service_role;

create policy "Owners read their profiles" on public.profiles
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Owners make profiles of their own" on public.profiles
  for insert to authenticated with check (user_id = (select auth.uid()));
create policy "Owners change their profiles" on public.profiles
  for update to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "Owners delete their profiles" on public.profiles
  for delete to authenticated using (user_id = (select auth.uid()));

create policy "Owners read products of their profiles" on public.products
  for select to authenticated
  using (profile_id in (select p.id from public.profiles p where p.user_id = (select auth.uid())));
create policy "Owners add products to their profiles" on public.products
  for insert to authenticated
  with check (profile_id in (select p.id from public.profiles p where p.user_id = (select auth.uid())));
create policy "Owners change products of their profiles" on public.products
  for update to authenticated
  using (profile_id in (select p.id from public.profiles p where p.user_id = (select auth.uid())))
  with check (profile_id in (select p.id from public.profiles p where p.user_id = (select auth.uid())));
create policy "Owners delete products of their profiles" on public.products
  for delete to authenticated
  using (profile_id in (select p.id from public.profiles p where p.user_id = (select auth.uid())));

create policy "Owners read batches of their profiles" on public.batches
  for select to authenticated using (user_id = (select auth.uid()));
-- An array is something an index can begin at; a subquery would be asked of every shop's rows.
create policy "Owners read jobs of their profiles" on public.jobs
  for select to authenticated
  using (profile_id = any (array(select p.id from public.profiles p where p.user_id = (select auth.uid()))));
