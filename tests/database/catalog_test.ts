// What access_test.ts's written list of table and function privileges leaves: later objects, policies, columns, types.

import { assertEquals } from "../assert.ts";
import { withDatabase } from "../support/database.ts";

const SCHEMAS = ["public", "private"];

for (const defaultPrivileges of ["new", "old"] as const) {
  Deno.test(`what a later migration makes is nobody's until it is granted, under ${defaultPrivileges} default privileges`, async () => {
    await withDatabase("later", async ({ sql }) => {
      await sql.unsafe(`
        create table public.later (id int generated always as identity);
        create function public.later() returns int language sql set search_path = '' as 'select 1';
        create function private.later() returns int language sql set search_path = '' as 'select 1';`);
      const granted = await sql`
        select c.oid::regclass::text as name from pg_class c, aclexplode(c.relacl) a
        where c.relname like 'later%' and a.grantee <> c.relowner
        union all
        select p.oid::regprocedure::text
        from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        where p.proname = 'later' and a.grantee <> p.proowner`;
      assertEquals(granted.map(({ name }) => name), []);
    }, { defaultPrivileges });
  });
}

Deno.test("policies name authenticated alone, no column is granted by itself, no type is everybody's", async () => {
  await withDatabase("policies", async ({ sql }) => {
    const policies = await sql`
      select schemaname || '.' || tablename as name, roles::text from pg_policies
      where schemaname = any (${[...SCHEMAS, "storage"]})`;
    assertEquals(policies.length > 8, true);
    assertEquals(policies.filter(({ roles }) => roles !== "{authenticated}").map(({ name }) => name), []);
    const columns = await sql`
      select a.attrelid::regclass::text as name from pg_attribute a join pg_class c on c.oid = a.attrelid
      where a.attacl is not null and c.relnamespace::regnamespace::text = any (${SCHEMAS})`;
    assertEquals(columns.map(({ name }) => name), []);
    const types = await sql`
      select t.oid::regtype::text as name
      from pg_type t, aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) a
      where t.typtype in ('e', 'd') and t.typnamespace::regnamespace::text = any (${SCHEMAS}) and a.grantee = 0`;
    assertEquals(types.map(({ name }) => name), []);
  });
});
