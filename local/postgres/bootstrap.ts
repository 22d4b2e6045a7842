// Gives an empty database what a new Supabase project has: roles, auth and storage schemas, default privileges.

import postgres from "postgres";

/**
 * Before 2026 Supabase granted everything in `public` to its three API roles by default privileges; new projects grant
 * nothing. Migrations must hold under both.
 */
export type DefaultPrivileges = "old" | "new";

/** Needs the superuser's address (`adminUrl`). Safe to run again. */
export async function bootstrap(
  adminUrl: string,
  options: { defaultPrivileges?: DefaultPrivileges } = {},
): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    await sql.begin(async (tx) => {
      await tx.unsafe(await Deno.readTextFile(new URL("./bootstrap.sql", import.meta.url)));
      const verb = options.defaultPrivileges === "old"
        ? (kind: string) => `grant all on ${kind} to postgres, anon, authenticated, service_role`
        : (kind: string) => `revoke all on ${kind} from anon, authenticated, service_role`;
      for (const kind of ["tables", "sequences", "functions"]) {
        await tx.unsafe(`alter default privileges for role postgres in schema public ${verb(kind)}`);
      }
    });
  } finally {
    await sql.end();
  }
}
