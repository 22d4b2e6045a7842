-- For `supabase start` and `supabase db reset` on one's own machine only (never pushed): two users to sign in as, the
-- first with a default profile. Products come from a feed, as any shop's do.

insert into auth.users (
  instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token, recovery_token,
  email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data, created_at, updated_at
)
select
  '00000000-0000-0000-0000-000000000000', people.id, 'authenticated', 'authenticated', people.email,
  extensions.crypt(people.password, extensions.gen_salt('bf')), now(), '', '', '', '',
  '{"provider": "email", "providers": ["email"]}', '{}', now(), now()
from (values
  ('11111111-1111-4111-8111-111111111111'::uuid, 'demo@example.com', 'demo-password'),
  ('22222222-2222-4222-8222-222222222222'::uuid, 'other@example.com', 'other-password')
) as people (id, email, password)
on conflict (id) do nothing;

insert into auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at)
select id::text, id, jsonb_build_object('sub', id, 'email', email, 'email_verified', true), 'email', now(), now()
from auth.users
where email in ('demo@example.com', 'other@example.com')
on conflict (provider_id, provider) do nothing;

insert into public.profiles (user_id, name, is_default, language)
values ('11111111-1111-4111-8111-111111111111', 'Demo shop', true, 'en')
on conflict (user_id) where is_default do nothing;
