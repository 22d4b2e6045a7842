-- The private bucket of finished videos. Only the service writes to it (signed uploads); owners read what lies under
-- their profiles' ids, so that they can sign `video_path` anew.

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values (
  'videos', 'videos', false, 50 * 1024 * 1024,
  array['video/mp4', 'image/jpeg', 'application/x-subrip', 'audio/mpeg', 'audio/wav']
)
on conflict (id) do update set public = excluded.public, file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

create policy "Owners read videos of their profiles" on storage.objects
  for select to authenticated
  using (
    bucket_id = 'videos'
    and (storage.foldername(name))[1] in (select p.id::text from public.profiles p where p.user_id = (select auth.uid()))
  );
