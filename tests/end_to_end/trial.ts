// A stack to do harm to: its own processes, a stand-in of the renderer, and what must hold whatever died.

import { join } from "node:path";
import type { StackOptions } from "../../local/stack.ts";
import { assert, assertEquals, eventually } from "../assert.ts";
import { type RendererFake, startRendererFake } from "../fakes/renderer.ts";
import { type Answer, type Caller, connect, createBatch } from "../functions/stack_support.ts";
import { ownStack } from "../support/stack.ts";

/** Whether the long forms run (`deno task test:long`). */
export const IS_LONG = Deno.env.get("TEST_LONG") === "1";

export interface Trial {
  caller: Caller;
  renderer: RendererFake;
}

/** A stack of its own behind which a stand-in renders. */
export async function withTrial(
  options:
    & { renderMs: number; env?: Record<string, string>; settings?: Record<string, number> }
    & Pick<
      StackOptions,
      "restartAfter"
    >,
  run: (trial: Trial) => Promise<void>,
): Promise<void> {
  await using renderer = startRendererFake({ renderMs: options.renderMs });
  const env = { ...options.env, RENDERER_URL: renderer.origin, RENDERER_SECRET: renderer.secret };
  await withCaller(
    { env, restartAfter: options.restartAfter, settings: options.settings },
    (caller) => run({ caller, renderer }),
  );
}

/** A stack of its own with the renderer that `env` names, else the real one. */
export async function withCaller(
  { settings = {}, ...options }: Partial<StackOptions> & { settings?: Record<string, number> },
  run: (caller: Caller) => Promise<void>,
): Promise<void> {
  const stack = await ownStack(options);
  try {
    for (const [name, value] of Object.entries({ max_requests_per_minute: 1000, ...settings })) {
      await stack.sql`update private.settings set value = ${value} where name = ${name}`;
    }
    await run(await connect(stack));
  } finally {
    await stack.stop();
  }
}

/** Posts a batch of the first `count` sample products. */
export function startBatch(
  caller: Caller,
  { count, ...options }: { count: number } & Record<string, unknown>,
): Promise<string> {
  const product_ids = caller.products.slice(0, count);
  assertEquals(product_ids.length, count, "the sample shop has that many products");
  return createBatch(caller, { product_ids, tts_provider: "local", duration_s: 15, ...options });
}

/** The batch once it has ended. An answer that fails meanwhile is asked for again. */
export async function ending(caller: Caller, batchId: string, timeoutS: number): Promise<Answer["body"]> {
  return await eventually(async () => {
    const answer = await caller.call("GET", `/batch-status/${batchId}`).catch(() => null);
    return answer?.status === 200 && answer.body.status !== "processing" ? answer.body : null;
  }, { timeoutMs: timeoutS * 1000, everyMs: 250, what: "the batch ends" });
}

/** Waits until `count` rows are completed. */
export async function completed(caller: Caller, batchId: string, count: number): Promise<void> {
  await eventually(async () => {
    const answer = await caller.call("GET", `/batch-status/${batchId}`).catch(() => null);
    return (answer?.body?.completed ?? 0) >= count;
  }, { timeoutMs: 60_000, everyMs: 100, what: `${count} rows are completed` });
}

/** Every row completed and each video stored once; first claims in the order asked; no lease is left. */
// deno-lint-ignore no-explicit-any
export async function assertAllMadeOnce(caller: Caller, body: any): Promise<void> {
  const rows = body.product_jobs as { job_id: string; error: string | null; started_at: string }[];
  assertEquals([body.status, body.outcome], ["completed", "succeeded"], JSON.stringify(rows));
  assertEquals(body.completed, rows.length);
  const starts = rows.map(({ started_at }) => Date.parse(started_at));
  assertEquals(starts, [...starts].sort((a, b) => a - b), "first claims in the order asked");
  assertEquals((await caller.stack.sql`select from private.leases`).length, 0);
  const videos = await caller.stack.sql<{ job: string; count: number }[]>`
    select split_part(name, '/', 2) as job, count(*)::int as count from storage.objects
    where bucket_id = 'videos' and name like '%.mp4' group by 1`;
  const byJob = new Map(videos.map(({ job, count }) => [job, count]));
  for (const { job_id } of rows) assertEquals(byJob.get(job_id), 1, "one video for a row");
}

/** The pids that `processes.json` names for a part or function. */
export async function pidsOf(caller: Caller, name: string): Promise<number[]> {
  const text = await Deno.readTextFile(join(caller.stack.dataDir!, "processes.json"));
  return JSON.parse(text)[name] ?? [];
}

/** Kills with SIGKILL; says how many were still there. */
export async function killPart(caller: Caller, name: string): Promise<number> {
  let killed = 0;
  for (const pid of await pidsOf(caller, name)) {
    try {
      Deno.kill(pid, "SIGKILL");
      killed++;
    } catch { /* it has ended already */ }
  }
  return killed;
}

/** How often the functions logged this event. */
export async function countLogged(caller: Caller, event: string): Promise<number> {
  const text = await Deno.readTextFile(join(caller.stack.dataDir!, "logs", "functions.log"));
  return text.split(`"event":"${event}"`).length - 1;
}

/** A kick from outside, as many at once as asked. */
export async function kickAtOnce(caller: Caller, batchId: string, times: number): Promise<void> {
  const { SUPABASE_URL, SUPABASE_SECRET_KEY } = caller.stack.env;
  await Promise.all(Array.from({ length: times }, async () => {
    const response = await fetch(`${SUPABASE_URL}/functions/v1/process-next`, {
      method: "POST",
      headers: { apikey: SUPABASE_SECRET_KEY!, "content-type": "application/json" },
      body: JSON.stringify({ batch_id: batchId }),
    });
    await response.body?.cancel();
    assert(response.status === 202, `a kick was answered ${response.status}`);
  }));
}
