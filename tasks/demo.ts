// `deno task demo`: the main job from nothing to MP4s, as a real client does it, on the embedded stack.

import { join, resolve } from "node:path";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { isAddress } from "../feeds/import.ts";
import { removePostgresData } from "../local/postgres/server.ts";
import { type Stack, startStack } from "../local/stack.ts";
import { type BatchStatus, followBatch, postBatch } from "./demo/batch.ts";
import { createDisplay, type Display } from "./demo/display.ts";
import { download } from "./demo/downloads.ts";
import { type DemoOptions, readArguments, USAGE } from "./demo/options.ts";
import { type PictureServer, startPictureServer } from "./demo/picture_server.ts";
import { freePortBase } from "./demo/ports.ts";
import { type DemoOutcome, findFaults, jsonLine, summaryTable } from "./demo/report.ts";
import { type DemoProduct, prepareShop } from "./demo/shop.ts";

async function signIn(stack: Stack): Promise<SupabaseClient> {
  const { SUPABASE_URL = "", SUPABASE_PUBLISHABLE_KEY = "", DEMO_EMAIL = "", DEMO_PASSWORD = "" } = stack.env;
  const client = createClient(SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, { auth: { persistSession: false } });
  const { error } = await client.auth.signInWithPassword({ email: DEMO_EMAIL, password: DEMO_PASSWORD });
  if (error) throw new Error(`The demo user could not sign in: ${error.message}`);
  return client;
}

/** Posts, follows and downloads; a video is fetched as soon as its row is completed. */
async function makeVideos(
  client: SupabaseClient,
  options: { products: DemoProduct[]; durationS: number; display: Display; signal: AbortSignal },
): Promise<DemoOutcome> {
  const { products, durationS, display, signal } = options;
  const start = performance.now();
  const batchId = await postBatch(client, { productIds: products.map(({ id }) => id), durationS });
  display.say(`Batch ${batchId}: ${products.length} products, ${durationS} s each.`);
  const folder = resolve("out", batchId);
  const downloads = new Map<number, Promise<string | null>>();
  const failures: string[] = [];
  const onChange = (status: BatchStatus) => {
    display.show(status);
    status.product_jobs.forEach((job, position) => {
      if (job.status !== "completed" || downloads.has(position)) return;
      const fetched = download(job, { folder, position, signal }).catch((error) => {
        failures.push(error instanceof Error ? error.message : String(error));
        return null;
      });
      downloads.set(position, fetched);
    });
  };
  const status = await followBatch(client, { batchId, signal, onChange });
  const wallS = (performance.now() - start) / 1000;
  const files = await Promise.all(status.product_jobs.map((_, position) => downloads.get(position) ?? null));
  return { status, wallS, files, failures };
}

/** Who names a feed on this machine means its pictures too: the renderer may fetch from that one origin. */
function ownOrigin(feed: string | null): string | null {
  if (feed === null || !isAddress(feed) || !URL.canParse(feed)) return null;
  const { origin, hostname } = new URL(feed);
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname) ? origin : null;
}

function stackEnvironment(feed: string | null, pictures: PictureServer | null): Record<string, string> {
  const origins = [Deno.env.get("RENDERER_ALLOW_ORIGINS"), pictures?.origin, ownOrigin(feed)].filter(Boolean);
  return origins.length > 0 ? { RENDERER_ALLOW_ORIGINS: origins.join(",") } : {};
}

/** Runs the demo; answers its exit code. Whatever it started is stopped when it returns. */
async function runDemo(
  options: DemoOptions,
  { display, signal }: { display: Display; signal: AbortSignal },
): Promise<number> {
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const pictures = options.feed !== null && !isAddress(options.feed) ? startPictureServer() : null;
    if (pictures) ends.push(pictures.stop);
    display.say("Starting the embedded stack …");
    // A folder that the database's own user can enter, too.
    const dataDir = await Deno.makeTempDir({ prefix: "reelbatch-demo-" });
    await Deno.chmod(dataDir, 0o755);
    ends.push(async () => {
      await removePostgresData(join(dataDir, "postgres"));
      await Deno.remove(dataDir, { recursive: true });
    });
    const stack = await startStack({
      portBase: freePortBase(),
      dataDir,
      env: stackEnvironment(options.feed, pictures),
    });
    ends.push(stack.stop);
    signal.throwIfAborted();
    const client = await signIn(stack);
    ends.push(() => client.auth.stopAutoRefresh());
    const supabaseUrl = stack.env.SUPABASE_URL ?? "";
    const { say } = display;
    const products = await prepareShop({ ...options, client, supabaseUrl, pictures, say });
    const outcome = await makeVideos(client, { products, durationS: options.durationS, display, signal });
    const faults = findFaults(products, outcome);
    say(`\n${summaryTable(outcome)}\n`);
    say(
      `${outcome.status.completed} completed, ${outcome.status.failed} failed in ${
        outcome.wallS.toFixed(1)
      } s.`,
    );
    say(`Videos: ${join(resolve("out"), outcome.status.batch_id)}`);
    for (const fault of faults) say(`Not as expected: ${fault}`);
    if (options.json) console.log(jsonLine(outcome));
    return faults.length === 0 ? 0 : 1;
  } finally {
    display.close();
    for (const end of ends.reverse()) {
      await end().catch((error) =>
        display.say(`While stopping: ${error instanceof Error ? error.message : error}`)
      );
    }
  }
}

const parsed = readArguments(Deno.args);
if (parsed.kind !== "run") {
  if (parsed.kind === "help") console.log(USAGE);
  else console.error(`${parsed.message}\n\n${USAGE}`);
  Deno.exit(parsed.kind === "help" ? 0 : 2);
}
const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(name, () => interrupted.abort(new Error("Interrupted.")));
}
const display = createDisplay(parsed.options.json ? Deno.stderr : Deno.stdout);
try {
  Deno.exit(await runDemo(parsed.options, { display, signal: interrupted.signal }));
} catch (error) {
  display.say(error instanceof Error ? error.message : String(error));
  Deno.exit(interrupted.signal.aborted ? 130 : 1);
}
