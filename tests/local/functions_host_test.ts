// The functions host with functions made for it: cold start, background work, wall clock, deaths.

import { assert, assertEquals, eventually } from "../assert.ts";
import type { Configuration } from "../../local/configuration.ts";
import { baseEnvironment } from "../../local/environment.ts";
import { createFunctionsHost } from "../../local/functions_host/host.ts";

const CONFIGURATION: Configuration = {
  dataDir: "/nowhere",
  ports: { gateway: 1, postgres: 2, renderer: 3, functions: 4 },
  supabaseUrl: "http://127.0.0.1:1",
  databaseUrl: "postgresql://nowhere",
  rendererUrl: "http://127.0.0.1:3",
  rendererSecret: "r",
  publishableKey: "sb_publishable_x",
  secretKey: "sb_secret_x",
  tokenSecret: "t",
  signingKeys: [{ kty: "EC", crv: "P-256", x: "x", y: "y", d: "private", kid: "k", alg: "ES256" }],
  wallClockS: 150,
  handedOn: { GEMINI_API_KEY: "g" },
};

type Children = Record<string, number[]>;

interface Host {
  call(path: string, init?: RequestInit): Promise<Response>;
  children(): Children;
  events: { event: string; pid: number }[];
  tell: string;
}

/** Runs with a host of its own; every child is dead afterwards. */
async function withHost(wallClockS: number, run: (host: Host) => Promise<void>): Promise<void> {
  let children: Children = {};
  const events: Host["events"] = [];
  const listener = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { searchParams } = new URL(request.url);
    events.push({ event: searchParams.get("event")!, pid: Number(searchParams.get("pid")) });
    return new Response();
  });
  const handle = createFunctionsHost({
    configuration: { ...CONFIGURATION, wallClockS },
    folder: new URL("./fixtures/functions/", import.meta.url),
    names: ["echo", "linger", "greedy"],
    baseEnvironment: baseEnvironment(),
    onChildren: (changed) => children = changed,
  });
  try {
    await run({
      call: (path, init) => handle(new Request(`http://host/${path}`, init)),
      children: () => children,
      events,
      tell: `http://127.0.0.1:${listener.addr.port}/`,
    });
  } finally {
    for (const pid of Object.values(children).flat()) Deno.kill(pid, "SIGKILL");
    await eventually(() => Object.values(children).flat().length === 0);
    await listener.shutdown();
  }
}

const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test("a function sees its own path, the injected names, and may start no process", options, async () => {
  await withHost(150, async ({ call, children }) => {
    assertEquals(children().echo ?? [], []);
    const response = await call("echo/a/b?c=d", {
      method: "POST",
      body: "hello",
      headers: { "x-test": "1" },
    });
    const seen = await response.json();
    assertEquals([response.status, response.headers.get("x-answer")], [201, "yes"]);
    assertEquals([seen.path, seen.method, seen.body, seen.header], ["/echo/a/b", "POST", "hello", "1"]);
    assertEquals(seen.can_run, "denied");
    for (
      const name of [
        "SUPABASE_URL",
        "SUPABASE_SECRET_KEYS",
        "SUPABASE_JWKS",
        "WALL_CLOCK_S",
        "GEMINI_API_KEY",
      ]
    ) {
      assert(seen.names.includes(name), name);
    }
    assertEquals(children(), { echo: [seen.pid], linger: [], greedy: [] });
    const again = await (await call("echo")).json();
    assertEquals(again.pid, seen.pid);
  });
});

Deno.test("calls at once share one process from the first on", options, async () => {
  await withHost(150, async ({ call }) => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call("echo").then((each) => each.json())),
    );
    assertEquals(new Set(answers.map(({ pid }) => pid)).size, 1);
  });
});

Deno.test("an unknown function is 404 in the contract's shape", options, async () => {
  await withHost(150, async ({ call }) => {
    const response = await call("nothing/here", { headers: { "x-request-id": "mine" } });
    const { code, request_id } = await response.json();
    assertEquals([response.status, code, request_id], [404, "not_found", "mine"]);
    assertEquals(response.headers.get("x-request-id"), "mine");
  });
});

Deno.test(
  "a killed function is 503 to whom it served, and lives again at the next request",
  options,
  async () => {
    await withHost(150, async ({ call, children }) => {
      const first = await (await call("echo")).json();
      const waiting = call("echo?wait_ms=60000");
      await new Promise((resolve) => setTimeout(resolve, 50));
      Deno.kill(first.pid, "SIGKILL");
      const refused = await waiting;
      assertEquals([refused.status, (await refused.json()).code], [503, "unavailable"]);
      await eventually(() => children().echo!.length === 0);
      assert((await (await call("echo")).json()).pid !== first.pid);
    });
  },
);

Deno.test(
  "past half of its wall clock a process finishes its work while a new one serves",
  options,
  async () => {
    await withHost(4, async ({ call, children, events, tell }) => {
      const first = await (await call(`linger?work_ms=2800&tell=${tell}`)).json();
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      const second = await (await call(`linger?work_ms=0&tell=${tell}`)).json();
      assert(second.pid !== first.pid);
      assertEquals(children().linger, [first.pid, second.pid]);
      await eventually(() => events.some(({ event, pid }) => event === "done" && pid === first.pid));
      // It leaves by itself, before its clock is over.
      await eventually(() => !children().linger!.includes(first.pid), { timeoutMs: 1_000 });
      assertEquals(events.filter(({ event }) => event === "unload"), []);
    });
  },
);

Deno.test("work beyond the wall clock is warned at 90 % and killed at its end", options, async () => {
  await withHost(2, async ({ call, children, events, tell }) => {
    const start = performance.now();
    const { pid } = await (await call(`linger?work_ms=60000&tell=${tell}`)).json();
    await eventually(() => events.some((each) => each.event === "unload" && each.pid === pid), {
      timeoutMs: 3_000,
    });
    assert(performance.now() - start > 1_500);
    await eventually(() => children().linger!.length === 0, { timeoutMs: 1_000 });
    assertEquals(events.map(({ event }) => event), ["unload"]);
  });
});

Deno.test("a function that takes more than its heap dies alone", options, async () => {
  await withHost(150, async ({ call, children }) => {
    const echo = await (await call("echo")).json();
    assertEquals((await call("greedy")).status, 503);
    await eventually(() => children().greedy!.length === 0);
    assertEquals((await (await call("echo")).json()).pid, echo.pid);
  });
});
