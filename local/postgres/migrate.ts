// Applies supabase/migrations in order, each once and in a transaction of its own, recorded where the Supabase CLI
// records them, so that either may go on where the other stopped.

import postgres from "postgres";

const FOLDER = new URL("../../supabase/migrations/", import.meta.url);

/** As `postgres`. Gives the versions that it applied now. */
export async function migrate(url: string): Promise<string[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(`
      create schema if not exists supabase_migrations;
      create table if not exists supabase_migrations.schema_migrations (
        version text primary key,
        statements text[],
        name text
      )`);
    const applied: string[] = [];
    for (const { version, name, text } of await readMigrations()) {
      const isNew = await sql.begin(async (tx) => {
        await tx`lock table supabase_migrations.schema_migrations in exclusive mode`;
        const known = await tx`select from supabase_migrations.schema_migrations where version = ${version}`;
        if (known.length > 0) return false;
        await tx.unsafe(text);
        // A migration may have set the search path of its transaction.
        await tx`insert into supabase_migrations.schema_migrations (version, name, statements)
          values (${version}, ${name}, ${[text]})`;
        return true;
      });
      if (isNew) applied.push(version);
    }
    return applied;
  } finally {
    await sql.end();
  }
}

/** The migrations in the order in which they are applied. */
export async function readMigrations(): Promise<{ version: string; name: string; text: string }[]> {
  const files: { version: string; name: string; text: string }[] = [];
  for await (const entry of Deno.readDir(FOLDER)) {
    const match = /^(\d{14})_(\w+)\.sql$/.exec(entry.name);
    if (!match?.[1] || !match[2]) continue;
    const text = await Deno.readTextFile(new URL(entry.name, FOLDER));
    files.push({ version: match[1], name: match[2], text });
  }
  return files.sort((a, b) => a.version.localeCompare(b.version));
}
