// POST /process-next: the answer at the claim, the work behind it, and the kicks.

import { assertEquals, eventually } from "../assert.ts";
import { createApp } from "../../supabase/functions/process-next/app.ts";
import { createWallClock } from "../../supabase/functions/process-next/wall_clock.ts";
import { JobFailure } from "../../supabase/functions/_shared/contracts/jobs.ts";
import { BATCH_ID, memoryLog, SECRET_KEY, secretGate } from "./support.ts";
import { JOB, memoryQueue, RESULT, workerDeps } from "./worker_support.ts";

type Deps = ReturnType<typeof workerDeps>;

function processNext(deps: Deps) {
  const { log, lines } = memoryLog();
  const kicks: string[] = [];
  const work: Promise<unknown>[] = [];
  const app = createApp({
    ...deps,
    log,
    authenticate: secretGate(),
    kick: (batchId) => {
      kicks.push(batchId);
      return Promise.resolve();
    },
    background: (promise) => void work.push(promise),
  });
  const call = async (body: unknown, headers: Record<string, string> = {}) =>
    await app.request("/process-next", {
      method: "POST",
      headers: { apikey: SECRET_KEY, "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { call, kicks, lines, finished: () => Promise.all(work) };
}

const completes = () => Promise.resolve({ kind: "completed" as const, result: RESULT });

Deno.test("the answer comes with the claim, long before the work is done", async () => {
  const queue = memoryQueue();
  const gate = Promise.withResolvers<void>();
  const { call, finished } = processNext(workerDeps(queue, async () => {
    await gate.promise;
    return completes();
  }));
  const response = await call({ batch_id: BATCH_ID.toUpperCase() });
  assertEquals([response.status, await response.json()], [202, { job_id: JOB.job_id }]);
  assertEquals(queue.asked, [["claim", BATCH_ID]]);
  gate.resolve();
  await finished();
  assertEquals(queue.asked.at(-1), ["complete", RESULT]);
});

Deno.test("nothing to claim answers null, works nothing and kicks nothing", async () => {
  const queue = memoryQueue({ claim: () => Promise.resolve({ job: null, more: false }) });
  const { call, kicks, finished } = processNext(workerDeps(queue, completes));
  const response = await call({ batch_id: BATCH_ID });
  assertEquals([response.status, await response.json()], [202, { job_id: null }]);
  await finished();
  assertEquals([kicks, queue.asked.length], [[], 1]);
});

Deno.test("a claim that leaves more to claim kicks at once, the work's end only where there is more", async () => {
  for (
    const [atClaim, atEnd, expected] of [[false, false, 0], [true, false, 1], [false, true, 1], [
      true,
      true,
      2,
    ]] as const
  ) {
    const queue = memoryQueue({
      claim: () => Promise.resolve({ job: JOB, more: atClaim }),
      complete: () => Promise.resolve({ current: true, more: atEnd }),
    });
    const { call, kicks, finished } = processNext(workerDeps(queue, completes));
    await call({ batch_id: BATCH_ID });
    await finished();
    assertEquals([atClaim, atEnd, kicks.length], [atClaim, atEnd, expected]);
  }
});

Deno.test("a short back-off is waited for and kicked, unless the isolate ends before", async () => {
  const tried: [number, number, number][] = [[1, 100, 1], [29, 100, 1], [31, 100, 0], [20, 24, 0]];
  for (const [retryInS, secondsLeft, expected] of tried) {
    const queue = memoryQueue({
      requeue: () => Promise.resolve({ current: true, more: false, status: "queued", retry_in_s: retryInS }),
    });
    const deps = workerDeps(
      queue,
      () => Promise.reject(new JobFailure("script_failed", "Away.", { retryable: true })),
    );
    const { call, kicks, finished } = processNext({ ...deps, secondsLeft: () => secondsLeft });
    await call({ batch_id: BATCH_ID });
    await finished();
    assertEquals([retryInS, kicks.length], [retryInS, expected]);
  }
});

Deno.test("a body that is no batch id is 422 and claims nothing", async () => {
  const queue = memoryQueue();
  const { call } = processNext(workerDeps(queue, completes));
  const tried: [unknown, number, string][] = [
    [{ batch_id: "x" }, 422, "batch_id"],
    [{ batch_id: null }, 422, "batch_id"],
    [{}, 422, "batch_id"],
    [[], 422, ""],
    [{ batch_id: BATCH_ID, more: 1 }, 422, "more"],
  ];
  for (const [body, status, path] of tried) {
    const response = await call(body);
    assertEquals([response.status, (await response.json()).details[0].path], [status, path]);
  }
  assertEquals((await call("{")).status, 400);
  assertEquals((await call("{}", { "content-type": "text/plain" })).status, 415);
  assertEquals(queue.asked, []);
});

Deno.test("every log line of the work bears request, batch, job, run and attempt", async () => {
  const { call, lines, finished } = processNext(workerDeps(memoryQueue(), (_job, ports) => {
    ports.log.info("from_the_pipeline");
    return completes();
  }));
  await call({ batch_id: BATCH_ID }, { "x-request-id": "r-1" });
  await finished();
  await eventually(() => lines.some(({ event }) => event === "job_ended"));
  const ofJob = lines.filter(({ event }) => event !== "request");
  assertEquals(ofJob.map(({ event }) => event), ["job_started", "from_the_pipeline", "job_ended"]);
  for (const { request_id, batch_id, job_id, run, attempt } of ofJob) {
    assertEquals([request_id, batch_id, job_id, run, attempt], ["r-1", BATCH_ID, JOB.job_id, 1, 1]);
  }
});

Deno.test("the wall clock counts from the isolate's start and keeps a margin", () => {
  assertEquals(createWallClock(150, () => 0)(), 135);
  assertEquals(createWallClock(150, () => 100_000)(), 35);
  assertEquals(createWallClock(20, () => 10_000)(), 8);
  assertEquals(createWallClock(400, () => 0)(), 385);
  // A short one keeps a share, so that work goes on past the half at which the isolate takes no new requests.
  assertEquals(createWallClock(4, () => 0)(), 3.4);
});
