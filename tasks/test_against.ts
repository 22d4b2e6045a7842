// `deno task test:against --env FILE`: the end-to-end tests against a stack that runs already.

import { parseArgs } from "node:util";
import { createClient } from "@supabase/supabase-js";
import { importFeed, readFeed } from "../feeds/import.ts";
import { type PictureServer, startPictureServer } from "./demo/picture_server.ts";

/** Those that need no process of the stack at hand. */
const TESTS = ["tests/functions/stack_test.ts", "tests/end_to_end/batch_of_videos_test.ts"];
const USAGE = `Usage: deno task test:against --env FILE [--env FILE…] [tests…]
  --env FILE   NAME=VALUE lines: the file \`env\` of \`deno task start\` (.local/env), or what \`supabase status -o env\`
               prints; - is the standard input; later files win. Without users of its own it means those of
               supabase/seed.sql.
  tests…       ${TESTS.join(" and ")} when none are named`;
/** How the CLI calls what the tests call otherwise. */
const CLI_NAMES: Record<string, string> = {
  API_URL: "SUPABASE_URL",
  PUBLISHABLE_KEY: "SUPABASE_PUBLISHABLE_KEY",
  SECRET_KEY: "SUPABASE_SECRET_KEY",
  DB_URL: "DATABASE_URL",
};
const SEEDED = {
  DEMO_EMAIL: "demo@example.com",
  DEMO_PASSWORD: "demo-password",
  OTHER_EMAIL: "other@example.com",
  OTHER_PASSWORD: "other-password",
};
/** Where this task serves the sample pictures when the stack does not: the renderer has to allow this origin. */
const PICTURES_PORT = 8788;
const FEED = new URL("../samples/feed.xml", import.meta.url).pathname;
const PROFILE = { name: "Casa Lumin", is_default: true, template: "product_spotlight", language: "en" };

const { values, positionals } = parseArgs({
  args: Deno.args,
  options: { env: { type: "string", multiple: true, default: [] }, help: { type: "boolean" } },
  allowPositionals: true,
});
if (values.help || values.env.length === 0) {
  console.log(USAGE);
  Deno.exit(values.help ? 0 : 2);
}
const env: Record<string, string> = { ...SEEDED };
for (const path of values.env) {
  const text = path === "-" ? await new Response(Deno.stdin.readable).text() : await Deno.readTextFile(path);
  Object.assign(env, readVariables(text));
}
// The name that containers have for this machine.
env.RENDERER_URL = env.RENDERER_URL?.replaceAll("//host.docker.internal", "//127.0.0.1") ?? "";
const pictures = await servesSamples() ? null : startPictureServer({ port: PICTURES_PORT });
await openShop(pictures);
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", "tasks/test.ts", ...(positionals.length > 0 ? positionals : TESTS)],
  env,
  stdin: "null",
}).spawn().status;
await pictures?.stop();
Deno.exit(code);

function readVariables(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^(?:export )?([A-Z][A-Z0-9_]*)=(?:"(.*)"|'(.*)'|(.*))$/gm)].map((
      [, name, ...quoted],
    ) => [CLI_NAMES[name!] ?? name!, quoted.find((value) => value !== undefined) ?? ""]),
  );
}

/** The embedded stack serves its sample shop itself. */
async function servesSamples(): Promise<boolean> {
  const response = await fetch(`${env.SUPABASE_URL}/samples/feed.xml`, {
    headers: { apikey: env.SUPABASE_PUBLISHABLE_KEY ?? "" },
  });
  await response.body?.cancel();
  return response.ok;
}

/** Gives the first user the sample shop, through REST as any client does. */
async function openShop(pictures: PictureServer | null): Promise<void> {
  const client = createClient(env.SUPABASE_URL!, env.SUPABASE_PUBLISHABLE_KEY!, {
    auth: { autoRefreshToken: false, persistSession: false },
  });
  const session = await client.auth.signInWithPassword({
    email: env.DEMO_EMAIL!,
    password: env.DEMO_PASSWORD!,
  });
  if (session.error) throw session.error;
  const profiles = client.from("profiles");
  const known = await profiles.select("id").eq("is_default", true).maybeSingle();
  const { data: profile } = known.data ? known : await profiles.insert(PROFILE).select("id").single();
  if (!profile) throw new Error(`${env.DEMO_EMAIL} has no default profile and cannot make one`);
  const address = pictures?.addressOf(FEED) ?? `${env.SUPABASE_URL}/samples/feed.xml`;
  const { products } = readFeed(await Deno.readFile(FEED), address);
  pictures?.allow(products.flatMap((product) => product.image_urls));
  const { problems } = await importFeed({ client, profileId: profile.id, items: products });
  if (problems.length > 0) throw new Error(`the sample shop was refused: ${JSON.stringify(problems)}`);
}
