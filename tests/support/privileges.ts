// The written list of who may do what: a migrated database's catalog has it all, and nothing beside it.

import type { Sql } from "postgres";
import { assertEquals } from "../assert.ts";

const EVERYTHING = ["DELETE", "INSERT", "SELECT", "UPDATE"];

/** By role and table or view of `public` and `private`; sequences would be among them: nobody may use one. */
const TABLE_PRIVILEGES: Record<string, string[]> = {
  "authenticated public.batch_status": ["SELECT"],
  "authenticated public.batches": ["SELECT"],
  "authenticated public.jobs": ["SELECT"],
  "authenticated public.products": EVERYTHING,
  "authenticated public.profiles": EVERYTHING,
  "authenticated public.videos": ["SELECT"],
  "service_role private.checkpoints": EVERYTHING,
  "service_role private.last_kick": ["SELECT", "UPDATE"],
  "service_role private.leases": EVERYTHING,
  "service_role private.leftovers": EVERYTHING,
  "service_role private.open_batches": EVERYTHING,
  "service_role private.operations": ["SELECT"],
  "service_role private.requests": EVERYTHING,
  "service_role private.retries": EVERYTHING,
  "service_role private.settings": ["SELECT"],
  "service_role private.sweep_state": ["SELECT", "UPDATE"],
  "service_role public.batch_status": ["SELECT"],
  "service_role public.batches": EVERYTHING,
  "service_role public.jobs": EVERYTHING,
  "service_role public.products": ["SELECT"],
  "service_role public.profiles": ["INSERT", "SELECT"],
  "service_role public.videos": ["SELECT"],
};
const FUNCTIONS_OF_SERVICE = [
  "cancel_batch",
  "claim_job",
  "complete_job",
  "create_batch",
  "delete_batch",
  "fail_job",
  "hand_over_job",
  "record_kick",
  "report_job",
  "requeue_job",
  "retry_batch",
  "sweep",
];
const FUNCTIONS_OF_USERS = ["get_batch_status", "list_batch_statuses"];
const STORAGE_POLICIES = ["objects SELECT {authenticated} Owners read videos of their profiles"];

/** Fails with the difference where the catalog grants more or less than the list. */
export async function assertPrivilegesAreTheWrittenOnes(sql: Sql): Promise<void> {
  assertEquals(await tablePrivileges(sql), TABLE_PRIVILEGES);
  const functions = await sql`
    select p.proname, array_agg(coalesce(r.rolname, 'public')) as who
    from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    left join pg_roles r on r.oid = a.grantee
    where p.pronamespace = 'public'::regnamespace and a.grantee <> p.proowner group by 1 order by 1`;
  const may = (role: string) => functions.filter((row) => row.who.includes(role)).map((row) => row.proname);
  assertEquals(may("service_role"), FUNCTIONS_OF_SERVICE);
  assertEquals(may("authenticated"), FUNCTIONS_OF_USERS);
  assertEquals([...may("anon"), ...may("public")], []);
  const open = await sql`
    select p.proname from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where p.pronamespace = 'private'::regnamespace and a.grantee not in (p.proowner, 'service_role'::regrole)`;
  assertEquals(open.map((row) => row.proname), []);
  const schema = await sql`
    select coalesce(r.rolname, 'public') || ' ' || a.privilege_type as may
    from pg_namespace n, aclexplode(n.nspacl) a left join pg_roles r on r.oid = a.grantee
    where n.nspname = 'private' and a.grantee <> n.nspowner`;
  assertEquals(schema.map((row) => row.may), ["service_role USAGE"]);
  const policies = await sql`
    select tablename || ' ' || cmd || ' ' || roles::text || ' ' || policyname as policy
    from pg_policies where schemaname = 'storage'`;
  assertEquals(policies.map((row) => row.policy), STORAGE_POLICIES);
}

async function tablePrivileges(sql: Sql): Promise<Record<string, string[]>> {
  const rows = await sql`
    select coalesce(r.rolname, 'public') || ' ' || n.nspname || '.' || c.relname as who,
      array_agg(a.privilege_type order by a.privilege_type) as may
    from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
    left join pg_roles r on r.oid = a.grantee
    where n.nspname in ('public', 'private') and c.relkind in ('r', 'p', 'f', 'v', 'S', 'm') and a.grantee <> c.relowner
    group by 1 order by 1`;
  return Object.fromEntries(rows.map((row) => [row.who, row.may]));
}
