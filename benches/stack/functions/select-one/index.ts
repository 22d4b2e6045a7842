// The measure of all HTTP figures: a function that checks the user's token and makes one round trip (`select 1`), no more.

import { requireUser } from "../../../../supabase/functions/_shared/auth.ts";
import { createDatabase, createSupabaseClient } from "../../../../supabase/functions/_shared/database.ts";
import { readEnvironment } from "../../../../supabase/functions/_shared/environment.ts";

const environment = readEnvironment();
const database = createDatabase(
  createSupabaseClient(environment.supabaseUrl, { key: environment.publishableKey }),
);

Deno.serve(async (request: Request) => {
  const { token } = await requireUser(request, environment);
  return Response.json(await database.call("bench_select_one", {}, { token }));
});
