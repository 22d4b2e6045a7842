// What a fresh stack holds: two users, and for the first one a shop with the sample feed's products.

import { join } from "node:path";
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { importFeed, readFeed } from "../feeds/import.ts";
import { type Configuration, DEMO_EMAIL, OTHER_EMAIL, type Secrets } from "./configuration.ts";
import { hashPassword } from "./gateway/passwords.ts";

const FEED = new URL("../samples/feed.xml", import.meta.url);
const DONE_FILE = "seeded";
const PROFILE = { name: "Casa Lumin", is_default: true, template: "product_spotlight", language: "en" };

async function addUser(sql: postgres.Sql, user: { email: string; password: string }): Promise<void> {
  const hash = await hashPassword(user.password);
  await sql`
    with added as (
      insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
        raw_user_meta_data)
      values (gen_random_uuid(), 'authenticated', 'authenticated', ${user.email}, ${hash}, now(),
        '{"provider": "email", "providers": ["email"]}', '{}')
      on conflict (email) do nothing
      returning id
    )
    insert into auth.identities (provider_id, user_id, identity_data, provider)
    select id::text, id, jsonb_build_object('sub', id, 'email', ${user.email}::text), 'email' from added`;
}

/** The shop comes as any client's does: through REST, with the user's own token. */
async function addShop(configuration: Configuration, password: string): Promise<void> {
  const { supabaseUrl, publishableKey } = configuration;
  const client = createClient(supabaseUrl, publishableKey, {
    auth: { autoRefreshToken: false, persistSession: false },
  });
  const session = await client.auth.signInWithPassword({ email: DEMO_EMAIL, password });
  if (session.error) throw session.error;
  const known = await client.from("profiles").select("id").eq("is_default", true).maybeSingle();
  if (known.error) throw known.error;
  let profileId: string | undefined = known.data?.id;
  if (!profileId) {
    const made = await client.from("profiles").insert(PROFILE).select("id").single();
    if (made.error) throw made.error;
    profileId = made.data.id as string;
  }
  const { products } = readFeed(await Deno.readFile(FEED), `${supabaseUrl}/samples/feed.xml`);
  const { problems } = await importFeed({ client, profileId, items: products });
  if (problems.length > 0) throw new Error(`the sample shop was refused: ${JSON.stringify(problems)}`);
}

/** Fills a fresh stack, once; one that was interrupted is filled by the next start. */
export async function seed(configuration: Configuration, secrets: Secrets): Promise<void> {
  const doneFile = join(configuration.dataDir, DONE_FILE);
  if (await Deno.stat(doneFile).then(() => true, () => false)) return;
  const sql = postgres(configuration.databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await addUser(sql, { email: DEMO_EMAIL, password: secrets.demoPassword });
    await addUser(sql, { email: OTHER_EMAIL, password: secrets.otherPassword });
  } finally {
    await sql.end();
  }
  await addShop(configuration, secrets.demoPassword);
  await Deno.writeTextFile(doneFile, new Date().toISOString());
}
