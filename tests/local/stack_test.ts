// The supervisor: what dies comes back, a start after everything was killed works, files and settings hold.

import { join } from "node:path";
import { assert, assertEquals, assertExists, assertRejects, eventually } from "../assert.ts";
import { removePostgresData } from "../../local/postgres/server.ts";
import { startStack } from "../../local/stack.ts";
import { freePortBase, newClient, ownStack, type TestStack } from "../support/stack.ts";

const options = { sanitizeOps: false, sanitizeResources: false };

async function processes(dataDir: string): Promise<Record<string, number[]>> {
  return JSON.parse(await Deno.readTextFile(join(dataDir, "processes.json")));
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

async function kill(stack: TestStack, name: string): Promise<number> {
  const [pid] = (await processes(stack.dataDir!))[name]!;
  Deno.kill(pid!, "SIGKILL");
  return pid!;
}

async function comesBack(stack: TestStack, name: string, old: number): Promise<void> {
  await eventually(async () => {
    const [pid] = (await processes(stack.dataDir!))[name]!;
    return pid !== undefined && pid !== old;
  }, { timeoutMs: 8_000, what: `${name} is back` });
}

Deno.test("a stack writes its files, and stops everything that it started", options, async () => {
  const stack = await ownStack();
  const dataDir = stack.dataDir!;
  let pids: number[];
  try {
    const file = await Deno.readTextFile(join(dataDir, "env"));
    assertEquals(file, Object.entries(stack.env).map(([name, value]) => `${name}=${value}\n`).join(""));
    assert(/^sb_publishable_/.test(stack.env.SUPABASE_PUBLISHABLE_KEY!));
    assert(/^sb_secret_/.test(stack.env.SUPABASE_SECRET_KEY!));
    const [key] = JSON.parse(await Deno.readTextFile(stack.env.JWT_SIGNING_KEYS_PATH!));
    assertEquals([key.kty, key.crv, key.alg, typeof key.d], ["EC", "P-256", "ES256", "string"]);
    await stack.demo.functions.invoke("batch-status", { method: "GET" });
    const named = await eventually(async () => {
      const list = await processes(dataDir);
      return list["batch-status"]!.length === 1 ? list : null;
    });
    assertEquals(Object.keys(named).sort(), [
      "batch-generate",
      "batch-status",
      "functions",
      "gateway",
      "postgres",
      "process-next",
      "renderer",
    ]);
    assertEquals(named["process-next"], []);
    pids = Object.values(named).flat();
    assertEquals(pids.length, 5);
    assert(pids.every(isAlive));
    await assertRejects(
      () => startStack({ dataDir, portBase: freePortBase() }),
      "a second stack on one folder",
    );
  } finally {
    await stack.stop();
  }
  await eventually(() => !pids.some(isAlive));
});

Deno.test("each part that is killed comes back, and clients go on", options, async () => {
  const stack = await ownStack({ restartAfter: { postgres: 2 } });
  try {
    for (const name of ["gateway", "functions", "renderer"]) {
      await comesBack(stack, name, await kill(stack, name));
    }
    assertEquals((await stack.demo.from("products").select("id").limit(1)).error, null);
    assertEquals((await stack.demo.functions.invoke("batch-status", { method: "GET" })).error, null);
    const start = performance.now();
    const postgres = await kill(stack, "postgres");
    const headers = { apikey: stack.env.SUPABASE_SECRET_KEY! };
    // Its processes answer for a moment still, until they notice that the first of them is gone.
    const away = await eventually(async () => {
      const answer = await fetch(`${stack.env.SUPABASE_URL}/rest/v1/products?select=id`, { headers });
      const body = await answer.json();
      return answer.status === 200 ? null : [answer.status, body.code];
    }, { timeoutMs: 1_500, what: "requests are refused" });
    assertEquals(away, [503, "PGRST002"]);
    const status = await fetch(`${stack.env.SUPABASE_URL}/auth/v1/token?grant_type=password`, {
      method: "POST",
      headers,
      body: JSON.stringify({ email: "a", password: "b" }),
    });
    assertEquals([status.status, (await status.json()).code], [503, 503]);
    assert(performance.now() - start < 1_900, "503 comes at once, not after a hang");
    await comesBack(stack, "postgres", postgres);
    assert(performance.now() - start > 1_900, "--restart-after holds");
    await eventually(async () => (await stack.demo.from("products").select("id").limit(1)).error === null);
  } finally {
    await stack.stop();
  }
});

Deno.test(
  "a gateway under load outlives Postgres, and each of its connections works again",
  options,
  async () => {
    const stack = await ownStack({
      restartAfter: { postgres: 0.2 },
      env: { RENDERER_URL: "http://127.0.0.1:9" },
    });
    const read = async () => {
      const answer = await fetch(`${stack.env.SUPABASE_URL}/rest/v1/products?select=id`, {
        headers: { apikey: stack.env.SUPABASE_SECRET_KEY! },
      });
      await answer.body?.cancel();
      return answer.status;
    };
    const [gateway] = (await processes(stack.dataDir!)).gateway!;
    let isOver = false;
    const load = Array.from({ length: 24 }, async () => {
      while (!isOver) assert([200, 503].includes(await read()));
    });
    try {
      for (let round = 0; round < 12; round++) {
        await comesBack(stack, "postgres", await kill(stack, "postgres"));
        await eventually(async () => await read() === 200);
      }
      isOver = true;
      await Promise.all(load);
      for (let round = 0; round < 3; round++) {
        const statuses = await Promise.all(Array.from({ length: 60 }, read));
        assertEquals(statuses.filter((status) => status !== 200), []);
      }
      assertEquals((await processes(stack.dataDir!)).gateway, [gateway]);
    } finally {
      isOver = true;
      await stack.stop();
    }
  },
);

Deno.test("a function whose process is killed answers the next request", options, async () => {
  const stack = await ownStack({ env: { RENDERER_URL: "http://127.0.0.1:9" } });
  try {
    assertEquals((await processes(stack.dataDir!)).renderer, []);
    for (let round = 0; round < 3; round++) {
      const { error } = await stack.demo.functions.invoke("batch-status", { method: "GET" });
      assertEquals(error, null);
      const pid = (await eventually(async () => (await processes(stack.dataDir!))["batch-status"]))[0]!;
      Deno.kill(pid, "SIGKILL");
      await eventually(async () => !(await processes(stack.dataDir!))["batch-status"]!.includes(pid));
    }
  } finally {
    await stack.stop();
  }
});

/** A supervisor in a process of its own, so that it can be killed. */
async function startElsewhere(dataDir: string, portBase: number): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tasks/start.ts", "--data-dir", dataDir, "--port-base", String(portBase)],
    cwd: new URL("../../", import.meta.url),
    env: { RENDERER_URL: "" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let seen = "";
  const reader = child.stdout.getReader();
  while (!seen.includes("Ctrl-C")) {
    const { value, done } = await reader.read();
    assert(!done, `it ended instead of starting: ${seen}`);
    seen += new TextDecoder().decode(value);
  }
  await reader.cancel();
  return child;
}

Deno.test("a start works after SIGKILL of everything, and of the supervisor alone", options, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "reelbatch-killed-" });
  const portBase = freePortBase();
  const first = await startElsewhere(dataDir, portBase);
  const env = await Deno.readTextFile(join(dataDir, "env"));
  const before = await processes(dataDir);
  for (const pid of [first.pid, ...Object.values(before).flat()]) Deno.kill(pid, "SIGKILL");
  await first.status;
  const second = await startElsewhere(dataDir, portBase);
  assertEquals(await Deno.readTextFile(join(dataDir, "env")), env);
  const between = Object.values(await processes(dataDir)).flat();
  second.kill("SIGKILL");
  await second.status;
  const third = await startElsewhere(dataDir, portBase);
  await eventually(() => !between.some(isAlive), { what: "what was left over is gone" });
  const values = Object.fromEntries(env.trim().split("\n").map((line) => line.split(/=(.*)/s, 2)));
  const client = newClient(values);
  const { error } = await client.auth.signInWithPassword({
    email: values.DEMO_EMAIL,
    password: values.DEMO_PASSWORD,
  });
  assertEquals(error, null);
  assert((await client.from("products").select("id")).data!.length >= 10);
  const last = Object.values(await processes(dataDir)).flat();
  third.kill("SIGINT");
  assertEquals((await third.status).code, 0);
  await eventually(() => !last.some(isAlive));
  // And a reset begins anew.
  const stack = await ownStack({ dataDir, portBase, reset: true });
  try {
    assert(stack.env.DEMO_PASSWORD !== values.DEMO_PASSWORD);
  } finally {
    await stack.stop();
  }
  // So does a folder that was removed by hand, wherever Postgres's data lay.
  await Deno.remove(dataDir, { recursive: true });
  const again = await ownStack({ dataDir, portBase });
  try {
    assertEquals((await again.other.from("products").select("id")).data, []);
  } finally {
    await again.stop();
    await removePostgresData(join(dataDir, "postgres"));
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("the sweep runs at the interval of its setting, kicks, and removes orphans", options, async () => {
  const stack = await ownStack({ env: { RENDERER_URL: "http://127.0.0.1:9" } });
  const { admin, sql, demo } = stack;
  try {
    await sql`update private.settings set value = 0.2 where name = 'sweep_interval_s'`;
    const path = `${crypto.randomUUID()}/${crypto.randomUUID()}/lost.mp4`;
    const { error } = await admin.storage.from("videos").upload(path, new Uint8Array(10), {
      contentType: "video/mp4",
    });
    assertEquals(error, null);
    await eventually(async () => (await sql`select from storage.objects where name = ${path}`).length === 0, {
      timeoutMs: 8_000,
      what: "the orphan is gone",
    });
    // A batch whose first kick never happened: made by SQL.
    const [profile] = await sql`select id, user_id from public.profiles where is_default`;
    assertExists(profile);
    const batch = await admin.rpc("create_batch", {
      p_user_id: profile.user_id,
      p_profile_id: null,
      p_idempotency_key: null,
      p_product_ids: [crypto.randomUUID(), crypto.randomUUID()],
      p_options: { concurrency: 1 },
      p_missing_provider: null,
    });
    assertEquals(batch.error, null);
    await eventually(async () => {
      const { data } = await demo.functions.invoke(`batch-status/${batch.data.batch_id}`, { method: "GET" });
      return data?.status === "completed" && data.failed === 2;
    }, { timeoutMs: 8_000, what: "the swept batch has ended" });
  } finally {
    await stack.stop();
  }
});
