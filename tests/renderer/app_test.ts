// The service's routes through app.request(): refusals, the queue's rules, long polls. Renders are scripted.

import { assert, assertEquals, assertMatch, eventually } from "../assert.ts";
import { createApp } from "../../renderer/app.ts";
import { createLogger } from "../../renderer/log.ts";
import type { StartRender } from "../../renderer/render_process.ts";
import { createRenderQueue } from "../../renderer/render_queue.ts";
import type { RenderOrder, WorkerReport } from "../../renderer/worker_protocol.ts";
import { renderId, scratchFolder, SECRET, smallSpec } from "./support.ts";

type Outcome = Extract<WorkerReport, { type: "completed" | "failed" }>;

interface ScriptedRender {
  order: RenderOrder;
  progress(value: number): void;
  end(outcome: Outcome): void;
  killed: boolean;
  uploads: RenderOrder["spec"]["uploads"][];
}

/** The one that is rotated out. */
const OLD_SECRET = `${SECRET}-before`;
const RESULT = { duration_s: 1, width: 1080, height: 1920, size_bytes: 1000, warnings: [] };
const FAILED: Outcome = {
  type: "failed",
  error: { code: "render_failed", message: "The video could not be made.", retryable: false },
  cause: "test",
};
const HOST = { origin: "http://pictures.test" } as Parameters<typeof smallSpec>[0];

/** The app over a queue whose renders do what the test says. */
async function scriptedApp(limits: { capacity?: number; queue?: number } = {}) {
  const folder = await scratchFolder();
  const renders: ScriptedRender[] = [];
  const lines: string[] = [];
  let time = 1_000_000;
  const start: StartRender = (order, onProgress) => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const render: ScriptedRender = { order, progress: onProgress, end: resolve, killed: false, uploads: [] };
    renders.push(render);
    return {
      pid: 0,
      outcome: promise,
      setUploads: (uploads) => render.uploads.push(uploads),
      kill() {
        render.killed = true;
        resolve(FAILED);
        return Promise.resolve();
      },
    };
  };
  const log = createLogger({ secrets: [SECRET], write: (line) => lines.push(line) });
  const { capacity = 1, queue: waiting = 1 } = limits;
  const queue = createRenderQueue({
    capacity,
    queue: waiting,
    dataDir: folder.path,
    ffmpegPath: "ffmpeg",
    allowOrigins: [],
    start,
    log,
    now: () => time,
  });
  const speak = () => Promise.reject(new Error(`never asked; token=${SECRET}`));
  const app = createApp({ queue, speak, secrets: [SECRET, OLD_SECRET], log, capacity });
  const headers = { authorization: `Bearer ${SECRET}`, "content-type": "application/json" };
  const call = async (path: string, init: RequestInit = {}) => await app.request(path, { headers, ...init });
  return {
    app,
    queue,
    renders,
    lines,
    call,
    put: (id: string, spec: unknown = smallSpec(HOST)) =>
      call(`/v1/renders/${id}`, { method: "PUT", body: JSON.stringify(spec) }),
    state: async (id: string, waitS = 0) => await (await call(`/v1/renders/${id}?wait_s=${waitS}`)).json(),
    started: (count: number) => eventually(() => renders.length >= count),
    later(milliseconds: number) {
      time += milliseconds;
    },
    [Symbol.asyncDispose]: async () => {
      await queue.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const REFUSED = [
  undefined,
  "Bearer",
  `Bearer ${SECRET}x`,
  `Basic ${SECRET}`,
  "Bearer x",
  `Bearer ${SECRET},${OLD_SECRET}`,
];

Deno.test("while a secret is rotated the new and the old one open every route", async () => {
  await using service = await scriptedApp();
  for (const secret of [SECRET, OLD_SECRET]) {
    const headers = { authorization: `Bearer ${secret}` };
    assertEquals((await service.app.request(`/v1/renders/${renderId()}`, { headers })).status, 404);
  }
});

Deno.test("every route but the health check refuses a caller without the secret", async () => {
  await using service = await scriptedApp();
  assertEquals((await service.app.request("/healthz")).status, 200);
  const id = renderId();
  for (
    const [method, path] of [
      ["PUT", `/v1/renders/${id}`],
      ["GET", `/v1/renders/${id}`],
      ["DELETE", `/v1/renders/${id}`],
      ["POST", "/v1/speech"],
      ["GET", "/v1/nothing"],
      ["POST", "/healthz"],
    ]
  ) {
    for (const authorization of REFUSED) {
      const response = await service.app.request(path ?? "", {
        method,
        headers: authorization ? { authorization } : {},
      });
      assertEquals(response.status, 401, `${method} ${path} ${authorization}`);
      const body = await response.json();
      assertEquals(body.code, "unauthenticated");
      assertEquals(body.request_id, response.headers.get("x-request-id"));
    }
  }
});

Deno.test("a request is refused with the contract's code for what is wrong with it", async () => {
  await using service = await scriptedApp();
  const path = `/v1/renders/${renderId()}`;
  const json = { authorization: `Bearer ${SECRET}`, "content-type": "application/json" };
  const table: [string, RequestInit, number, string][] = [
    [path, { method: "PUT", body: "{", headers: json }, 400, "invalid_json"],
    [
      path,
      { method: "PUT", body: "{}", headers: { ...json, "content-type": "text/plain" } },
      415,
      "unsupported_media_type",
    ],
    [path, { method: "PUT", body: `"${"x".repeat(2_200_000)}"`, headers: json }, 413, "payload_too_large"],
    [path, { method: "POST", body: "{}", headers: json }, 405, "method_not_allowed"],
    [path, {}, 404, "render_not_found"],
    ["/v1/renders/not-an-id", {}, 404, "render_not_found"],
    ["/v1/else", {}, 404, "not_found"],
    [`${path}?wait_s=21`, {}, 422, "invalid_request"],
    [`${path}?wait_s=-1`, {}, 422, "invalid_request"],
    [`${path}?wait_s=1&wait_s=2`, {}, 422, "invalid_request"],
  ];
  for (const [address, init, status, code] of table) {
    const response = await service.call(address, init);
    assertEquals([response.status, (await response.json()).code], [status, code]);
  }
});

Deno.test("a bad spec is refused with all its offences at once", async () => {
  await using service = await scriptedApp();
  const spec = { ...smallSpec(HOST), duration_s: 600, image_urls: ["file:///etc/passwd"], extra: 1 };
  const response = await service.put("no-id", spec);
  assertEquals(response.status, 422);
  const { details } = await response.json();
  assertEquals(details.map((each: { path: string }) => each.path).sort(), [
    "duration_s",
    "extra",
    "image_urls.0",
    "render_id",
  ]);
});

Deno.test("an unknown error is internal to the caller, and neither it nor the log names a secret", async () => {
  await using service = await scriptedApp();
  const response = await service.call("/v1/speech", {
    method: "POST",
    body: JSON.stringify({ text: "hello", language: "en" }),
    headers: {
      authorization: `Bearer ${SECRET}`,
      "content-type": "application/json",
      "x-request-id": "of-the-caller",
    },
  });
  assertEquals(response.status, 500);
  assertEquals(await response.json(), {
    code: "internal",
    message: "Something went wrong.",
    request_id: "of-the-caller",
  });
  const line = service.lines.find((each) => each.includes("request failed")) ?? "";
  assertMatch(line, /of-the-caller/);
  assert(!line.includes(SECRET), "the log holds the secret");
});

Deno.test("a full queue answers 503 with Retry-After, and takes the next when there is room", async () => {
  await using service = await scriptedApp({ capacity: 1, queue: 1 });
  const [first, second, third] = [renderId(), renderId(), renderId()];
  await service.put(first);
  await service.started(1);
  assertEquals((await (await service.put(second)).json()).status, "queued");
  const refused = await service.put(third);
  assertEquals(refused.status, 503);
  assert(Number(refused.headers.get("retry-after")) > 0);
  // One that is known is no new one.
  assertEquals((await service.put(second)).status, 202);

  service.renders[0]?.end({ type: "completed", result: RESULT });
  await service.started(2);
  assertEquals((await service.state(second)).status, "running");
  assertEquals((await service.put(third)).status, 202);
});

Deno.test("a long poll is answered by 2 points of progress or a new status, and not by less", async () => {
  await using service = await scriptedApp();
  const id = renderId();
  await service.put(id);
  await service.started(1);
  const [render] = service.renders;
  render?.progress(10);

  let answered = false;
  const poll = service.state(id, 20).then((state) => {
    answered = true;
    return state;
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  render?.progress(11.9);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(answered, false);
  render?.progress(12);
  assertEquals((await poll).progress, 12);

  const last = service.state(id, 20);
  await new Promise((resolve) => setTimeout(resolve, 10));
  render?.end({ type: "completed", result: RESULT });
  const state = await last;
  assertEquals([state.status, state.progress], ["completed", 100]);
  assertEquals((await service.state(id, 20)).status, "completed");
});

Deno.test("a long poll without news is answered when its time is over", async () => {
  await using service = await scriptedApp();
  const id = renderId();
  await service.put(id);
  const started = performance.now();
  assertEquals((await service.state(id, 0.2)).status, "running");
  assert(performance.now() - started >= 190);
});

Deno.test("the same id is the same render until it has failed, and fresh upload URLs replace the old ones", async () => {
  await using service = await scriptedApp();
  const [blocking, id] = [renderId(), renderId()];
  await service.put(blocking);
  await service.started(1);
  await service.put(id);
  const fresh = smallSpec(HOST);
  await service.put(id, fresh);
  service.renders[0]?.end({ type: "completed", result: RESULT });
  await service.started(2);
  assertEquals(service.renders[1]?.order.spec.uploads, fresh.uploads);
  const fresher = smallSpec(HOST);
  await service.put(id, fresher);
  assertEquals(service.renders[1]?.uploads, [fresher.uploads]);

  service.renders[1]?.end(FAILED);
  await eventually(async () => (await service.state(id)).status === "failed");
  assertEquals((await service.state(id)).error.code, "render_failed");
  const again = await (await service.put(id)).json();
  assert(again.status !== "failed");
  await service.started(3);
  assertEquals(service.renders[2]?.order.spec.title, "Blue mug");
});

Deno.test("DELETE ends a render whether queued or running, and is harmless for one that is unknown", async () => {
  await using service = await scriptedApp();
  const [running, queued] = [renderId(), renderId()];
  await service.put(running);
  await service.put(queued);
  await service.started(1);
  for (const id of [queued, running, renderId()]) {
    assertEquals((await service.call(`/v1/renders/${id}`, { method: "DELETE" })).status, 204);
  }
  assertEquals(service.renders.length, 1);
  assertEquals(service.renders[0]?.killed, true);
  assertEquals((await service.state(queued)).status, "cancelled");
  assertEquals((await service.state(running)).status, "cancelled");
  assertEquals(service.queue.counts(), { running: 0, queued: 0 });
});

Deno.test("a render that nobody asked after for 5 minutes is dropped; one that is asked after stays", async () => {
  await using service = await scriptedApp({ capacity: 2 });
  const [asked, unasked] = [renderId(), renderId()];
  await service.put(asked);
  await service.put(unasked);
  await service.started(2);
  service.later(4 * 60_000);
  await service.state(asked);
  service.later(60_000);
  await service.queue.dropUnasked();
  assertEquals((await service.state(asked)).status, "running");
  assertEquals((await service.call(`/v1/renders/${unasked}`)).status, 404);
  const killed = service.renders.filter((render) => render.killed);
  assertEquals(killed.map((render) => render.order.finishedFolder.endsWith(unasked)), [true]);
});

Deno.test("an id that is a path reaches no folder", async () => {
  await using service = await scriptedApp();
  await using outside = await scratchFolder();
  await Deno.writeTextFile(`${outside.path}/kept`, "");
  const path = encodeURIComponent(`../../../../../../../../..${outside.path}`);
  assertEquals((await service.call(`/v1/renders/${path}`, { method: "DELETE" })).status, 204);
  assertEquals((await service.call(`/v1/renders/${path}`)).status, 404);
  assertEquals((await service.put(path)).status, 422);
  assert((await Deno.stat(`${outside.path}/kept`)).isFile);
});

Deno.test("a render that is cancelled and submitted again runs anew, once its former self is gone", async () => {
  await using service = await scriptedApp();
  const id = renderId();
  await service.put(id);
  await service.started(1);
  const deleted = service.call(`/v1/renders/${id}`, { method: "DELETE" });
  await service.put(id);
  assertEquals((await deleted).status, 204);
  await service.started(2);
  assertEquals(service.renders.map((render) => render.killed), [true, false]);
  service.renders[1]?.end({ type: "completed", result: RESULT });
  await eventually(async () => (await service.state(id)).status === "completed");
});
