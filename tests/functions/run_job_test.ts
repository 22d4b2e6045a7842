// How a product's work ends on its row: outcomes, failures, lost leases, a database that is away.

import { assert, assertEquals, eventually } from "../assert.ts";
import { JobFailure, LeaseLost } from "../../supabase/functions/_shared/contracts/jobs.ts";
import { HttpError } from "../../supabase/functions/_shared/errors.ts";
import type { PipelinePorts } from "../../supabase/functions/_shared/pipeline/ports.ts";
import { runJob } from "../../supabase/functions/process-next/run_job.ts";
import { memoryLog } from "./support.ts";
import { type Asked, fastClock, JOB, memoryQueue, RESULT, workerDeps } from "./worker_support.ts";

const away = () => Promise.reject(new HttpError("unavailable"));
const transitions = (asked: Asked[]) => asked.filter(([name]) => name !== "report");

Deno.test("a made video completes the row, and what the queue says of more is handed on", async () => {
  for (const more of [true, false]) {
    const queue = memoryQueue({ complete: () => Promise.resolve({ current: true, more }) });
    const deps = workerDeps(queue, () => Promise.resolve({ kind: "completed", result: RESULT }));
    assertEquals(await runJob(JOB, { ...deps, log: memoryLog().log }), { more, retryInS: null });
    assertEquals(queue.asked, [["complete", RESULT]]);
  }
});

Deno.test("handed-over work hands the row over", async () => {
  const queue = memoryQueue({ handOver: () => Promise.resolve({ current: true, more: true }) });
  const deps = workerDeps(queue, () => Promise.resolve({ kind: "handed_over" }));
  assertEquals((await runJob(JOB, { ...deps, log: memoryLog().log })).more, true);
  assertEquals(queue.asked, [["hand_over"]]);
});

Deno.test("a permanent failure fails the row with its code and words that a row can hold", async () => {
  const queue = memoryQueue();
  const deps = workerDeps(queue, () => {
    throw new JobFailure("image_invalid", `Picture\u0000 1 \ud800 is\nno picture. ${"x".repeat(900)}`);
  });
  await runJob(JOB, { ...deps, log: memoryLog().log });
  const [name, told] = queue.asked[0] ?? [];
  const { code, message } = told as { code: string; message: string };
  assertEquals([name, code, [...message].length], ["fail", "image_invalid", 500]);
  assert(message.startsWith("Picture 1 \ufffd is no picture."), message);
});

Deno.test("a transient failure requeues the row with what the other side asked for", async () => {
  const queue = memoryQueue({
    requeue: () => Promise.resolve({ current: true, more: true, status: "queued", retry_in_s: 4 }),
  });
  const deps = workerDeps(queue, () => {
    throw new JobFailure("renderer_unavailable", "Busy.", { retryable: true, retryAfterS: 7, busy: true });
  });
  assertEquals(await runJob(JOB, { ...deps, log: memoryLog().log }), { more: true, retryInS: 4 });
  assertEquals(queue.asked, [
    ["requeue", {
      code: "renderer_unavailable",
      message: "Busy.",
      retryable: true,
      retryAfterS: 7,
      busy: true,
    }],
  ]);
});

Deno.test("a requeued row that failed for good is not kicked after a back-off", async () => {
  const queue = memoryQueue({
    requeue: () => Promise.resolve({ current: true, more: false, status: "failed", retry_in_s: null }),
  });
  const deps = workerDeps(queue, () => {
    throw new JobFailure("voiceover_failed", "Away.", { retryable: true });
  });
  assertEquals(await runJob(JOB, { ...deps, log: memoryLog().log }), { more: false, retryInS: null });
});

Deno.test("any other exception fails the row as internal, and its cause is in the log only", async () => {
  for (
    const thrown of [new TypeError("x is not a function"), new RangeError("secret detail"), "text", null]
  ) {
    const queue = memoryQueue();
    const { log, lines } = memoryLog();
    await runJob(JOB, { ...workerDeps(queue, () => Promise.reject(thrown)), log });
    const [name, told] = queue.asked[0] ?? [];
    const { code, message } = told as { code: string; message: string };
    assertEquals([name, code], ["fail", "internal"]);
    assert(!/function|secret|text/.test(message.replace("this video", "")), message);
    assert(lines.some((line) => line.event === "job_failed"));
  }
});

Deno.test("a pipeline that does not load fails the row", async () => {
  const queue = memoryQueue();
  const deps = workerDeps(queue, () => Promise.reject(new Error()));
  await runJob(JOB, {
    ...deps,
    loadPipeline: () => Promise.reject(new Error("no module")),
    log: memoryLog().log,
  });
  assertEquals(queue.asked.map(([name]) => name), ["fail"]);
});

Deno.test("the database or the network away during the work is transient", async () => {
  const thrown = [
    new HttpError("unavailable"),
    new TypeError("error sending request for url (http://x/): connection refused"),
    new DOMException("Signal timed out.", "TimeoutError"),
  ];
  for (const error of thrown) {
    const queue = memoryQueue();
    await runJob(JOB, { ...workerDeps(queue, () => Promise.reject(error)), log: memoryLog().log });
    assertEquals([error.message, queue.asked[0]?.[0]], [error.message, "requeue"]);
  }
});

Deno.test("a lost lease writes nothing, whatever is thrown then", async () => {
  for (const thrown of [new LeaseLost(), new DOMException("aborted", "AbortError"), new Error("x")]) {
    const queue = memoryQueue({ report: () => Promise.resolve({ current: false }) });
    const deps = workerDeps(queue, async (_job, ports) => {
      await ports.report({ stage: "render", progress: 10 }).catch(() => {});
      throw thrown;
    });
    assertEquals(await runJob(JOB, { ...deps, log: memoryLog().log }), { more: false, retryInS: null });
    assertEquals(transitions(queue.asked), []);
  }
});

Deno.test("a report of a lost lease throws LeaseLost and aborts the signal", async () => {
  let reason: unknown;
  const queue = memoryQueue({ report: () => Promise.resolve({ current: false }) });
  const deps = workerDeps(queue, async (_job, ports) => {
    const thrown = await ports.report({ stage: "script", progress: 5 }).then(() => null, (error) => error);
    assert(thrown instanceof LeaseLost);
    reason = ports.signal.reason;
    throw thrown;
  });
  await runJob(JOB, { ...deps, log: memoryLog().log });
  assert(reason instanceof LeaseLost);
});

Deno.test("silent work is heard of every 2 s with its last stage and progress, and not after its end", async () => {
  const clock = fastClock();
  const beats: number[] = [];
  const queue = memoryQueue({
    report: () => {
      beats.push(clock.now());
      return Promise.resolve({ current: true });
    },
  });
  const deps = workerDeps(queue, async (_job, ports) => {
    await ports.report({ stage: "voiceover", progress: 12.9 });
    await clock.sleep(12_000);
    return { kind: "completed", result: RESULT };
  }, clock);
  await runJob(JOB, { ...deps, log: memoryLog().log });
  const gaps = beats.slice(1).map((at, index) => at - (beats[index] ?? 0));
  assert(beats.length >= 5, `${beats.length} beats`);
  // The clock runs 50 times faster: a timer that is 10 ms late is half a second here.
  assert(gaps.every((gap) => gap < 3_500), gaps.join(" "));
  const reports = queue.asked.filter(([name]) => name === "report").map(([, told]) => told);
  assertEquals(new Set(reports.map((told) => JSON.stringify(told))).size, 1);
  assertEquals(reports[0], { stage: "voiceover", progress: 12, checkpoint: undefined });
  const count = queue.asked.length;
  await clock.sleep(6_000);
  assertEquals(queue.asked.length, count);
});

Deno.test("a short lease is renewed before it runs out", async () => {
  const clock = fastClock(10);
  const queue = memoryQueue();
  const deps = workerDeps(queue, async () => {
    await clock.sleep(5_000);
    return { kind: "completed", result: RESULT };
  }, clock);
  await runJob({ ...JOB, lease_s: 1 }, { ...deps, log: memoryLog().log });
  assert(queue.asked.length > 8, `${queue.asked.length}`);
});

Deno.test("a heartbeat that finds the lease gone aborts silent work", async () => {
  const queue = memoryQueue({ report: () => Promise.resolve({ current: false }) });
  const deps = workerDeps(queue, (_job, ports) =>
    new Promise((_resolve, reject) => {
      ports.signal.addEventListener("abort", () => reject(ports.signal.reason));
    }));
  await runJob(JOB, { ...deps, log: memoryLog().log });
  assertEquals(queue.asked.map(([name]) => name), ["report"]);
});

Deno.test("progress that could not be told does not stop the work; a checkpoint is told until it is kept", async () => {
  let failures = 0;
  const kept: unknown[] = [];
  const queue = memoryQueue({
    report: (_held, update) => {
      if (update.checkpoint === undefined) return away();
      if (++failures < 4) return away();
      kept.push(update.checkpoint);
      return Promise.resolve({ current: true });
    },
  });
  const checkpoint = { script: { hash: "h", text: "t", source: "template" as const } };
  const deps = workerDeps(queue, async (_job, ports: PipelinePorts) => {
    await ports.report({ stage: "script", progress: 1 });
    await ports.report({ stage: "script", progress: 5, checkpoint });
    return { kind: "completed", result: RESULT };
  });
  await runJob(JOB, { ...deps, log: memoryLog().log });
  assertEquals(kept, [checkpoint]);
  assertEquals(transitions(queue.asked).map(([name]) => name), ["complete"]);
});

Deno.test("an outcome is recorded when the database is back", async () => {
  let tries = 0;
  const queue = memoryQueue({
    complete: () => ++tries < 5 ? away() : Promise.resolve({ current: true, more: true }),
  });
  const deps = workerDeps(queue, () => Promise.resolve({ kind: "completed", result: RESULT }));
  assertEquals((await runJob(JOB, { ...deps, log: memoryLog().log })).more, true);
  assertEquals(tries, 5);
});

Deno.test("an outcome that cannot be recorded is in the log, and nothing is thrown", async () => {
  const queue = memoryQueue({ complete: away, report: away });
  const { log, lines } = memoryLog();
  const deps = workerDeps(
    queue,
    () => Promise.resolve({ kind: "completed", result: RESULT }),
    fastClock(500),
  );
  assertEquals(await runJob(JOB, { ...deps, log }), { more: false, retryInS: null });
  await eventually(() => lines.some((line) => line.event === "outcome_not_recorded"));
});

Deno.test("a result that the database refuses fails the row instead", async () => {
  const queue = memoryQueue({ complete: () => Promise.reject(new HttpError("internal")) });
  const deps = workerDeps(queue, () => Promise.resolve({ kind: "completed", result: RESULT }));
  await runJob(JOB, { ...deps, log: memoryLog().log });
  assertEquals(queue.asked.map(([name]) => name), ["complete", "fail"]);
});

Deno.test("the log says how long each stage took, and how the job ended", async () => {
  const { log, lines } = memoryLog();
  const deps = workerDeps(memoryQueue(), async (_job, ports) => {
    await ports.report({ stage: "voiceover", progress: 5 });
    await ports.report({ stage: "render", progress: 20 });
    await ports.report({ stage: "render", progress: 40 });
    return { kind: "completed", result: RESULT };
  });
  await runJob(JOB, { ...deps, log });
  assertEquals(lines.map(({ event, stage }) => [event, stage]), [
    ["job_started", "script"],
    ["stage_finished", "script"],
    ["stage_finished", "voiceover"],
    ["job_ended", "render"],
  ]);
  assert(lines.slice(1).every(({ duration_ms }) => Number.isInteger(duration_ms)));
  assertEquals(lines.at(-1)?.outcome, "completed");
});
