// What pg_cron and pg_net do on Supabase: run the sweep, kick what it names, remove the orphans that it names.

import postgres from "postgres";

const LOOK_EVERY_MS = 1_000;
const REQUEST_LIMIT_MS = 5_000;
const REMOVALS_AT_ONCE = 8;

interface SweepOptions {
  databaseUrl: string;
  supabaseUrl: string;
  secretKey: string;
  log(event: string, fields: Record<string, unknown>): void;
}

interface Swept {
  kick: string[];
  orphans: string[];
  lost: number;
}

/** What follows a sweep: requests, as pg_net would send them. */
function createFollowUps(sql: postgres.Sql, options: SweepOptions & { stopped: AbortSignal }) {
  const { supabaseUrl, secretKey, log, stopped } = options;
  const headers = { apikey: secretKey, "content-type": "application/json" };
  const request = (path: string, init: RequestInit) =>
    fetch(`${supabaseUrl}${path}`, {
      ...init,
      headers,
      signal: AbortSignal.any([stopped, AbortSignal.timeout(REQUEST_LIMIT_MS)]),
    });

  async function kick(batchId: string): Promise<void> {
    let status = 0;
    let message: string;
    try {
      const body = JSON.stringify({ batch_id: batchId });
      const response = await request("/functions/v1/process-next", { method: "POST", body });
      status = response.status;
      message = (await response.text()).slice(0, 500);
    } catch (error) {
      message = String(error);
    }
    if (stopped.aborted) return;
    await sql`select public.record_kick(${batchId}::uuid, ${status}::int, ${message})`;
  }

  async function remove(path: string): Promise<void> {
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    const response = await request(`/storage/v1/object/videos/${encoded}`, { method: "DELETE" });
    if (!response.ok) log("orphan_not_removed", { path, answer: (await response.text()).slice(0, 200) });
    else await response.body?.cancel();
  }

  async function removeAll(paths: string[]): Promise<void> {
    const left = [...paths];
    await Promise.all(Array.from({ length: REMOVALS_AT_ONCE }, async () => {
      for (let path = left.pop(); path !== undefined; path = left.pop()) await remove(path);
    }));
  }

  return { kick, removeAll };
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stopped.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stopped.addEventListener("abort", end);
    if (stopped.aborted) end();
  });
}

/** Sweeps every `sweep_interval_s`, read from the settings at least once a second, until it is stopped. */
export function startSweepTimer(options: SweepOptions): { stop(): Promise<void> } {
  const { log } = options;
  const stopping = new AbortController();
  const sql = postgres(options.databaseUrl, {
    max: 2,
    connect_timeout: 3,
    backoff: () => 0.1,
    onnotice: () => {},
    connection: { application_name: "sweep" },
  });
  const followUps = createFollowUps(sql, { ...options, stopped: stopping.signal });

  async function sweep(): Promise<void> {
    const [row] = await sql<{ swept: Swept }[]>`select public.sweep() as swept`;
    const { kick: batches, orphans, lost } = row!.swept;
    if (batches.length + orphans.length + lost > 0) {
      log("swept", { kicks: batches.length, orphans: orphans.length, lost });
    }
    const outcomes = await Promise.allSettled([...batches.map(followUps.kick), followUps.removeAll(orphans)]);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") log("sweep_follow_up_failed", { error: String(outcome.reason) });
    }
  }

  async function run(): Promise<void> {
    let last = performance.now();
    while (!stopping.signal.aborted) {
      let waitMs = LOOK_EVERY_MS;
      try {
        const [row] = await sql<{ value: string }[]>`
          select value from private.settings where name = 'sweep_interval_s'`;
        const intervalMs = Math.max(Number(row?.value ?? 10), 0.05) * 1000;
        if (performance.now() - last >= intervalMs) {
          last = performance.now();
          await sweep();
        }
        waitMs = Math.min(LOOK_EVERY_MS, Math.max(0, last + intervalMs - performance.now()));
      } catch (error) {
        if (!stopping.signal.aborted) log("sweep_failed", { error: String(error) });
      }
      await pause(waitMs, stopping.signal);
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await sql.end({ timeout: 1 });
      await running;
    },
  };
}
