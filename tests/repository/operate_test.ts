// The statements that the operators' page hands out run on a migrated database, with Supabase's extensions stood in for.

import { assert, assertEquals } from "../assert.ts";
import { withDatabase } from "../support/database.ts";

const PAGE = new URL("../../docs/operate.md", import.meta.url);

/** What pg_cron and Vault have, as far as the page speaks to them. */
const EXTENSIONS = `
  create schema cron; create schema vault;
  create table cron.job (jobid bigint, jobname text);
  create table cron.job_run_details (start_time timestamptz, end_time timestamptz);
  create function cron.alter_job(job_id bigint, schedule text default null) returns void language sql as '';
  create function cron.unschedule(job_name text) returns boolean language sql as 'select true';
  create table vault.secrets (id uuid, name text);
  create function vault.update_secret(secret_id uuid, new_secret text) returns void language sql as '';`;

Deno.test("every SQL statement of the operators' page runs", async () => {
  const statements = Array.from(
    (await Deno.readTextFile(PAGE)).matchAll(/\bsql "([^"$]+)"/g),
    ([, statement]) => statement!,
  );
  assert(statements.length >= 8, `only ${statements.length} statements were found`);
  await withDatabase("operate", async ({ sql }) => {
    await sql.unsafe(EXTENSIONS);
    const refused: string[] = [];
    for (const statement of statements) {
      await sql.begin(async (tx) => {
        await tx.unsafe(statement);
        throw new RangeError("rolled back");
      }).catch((error) => {
        if (!(error instanceof RangeError)) refused.push(`${statement}: ${error.message}`);
      });
    }
    assertEquals(refused, []);
  });
});
