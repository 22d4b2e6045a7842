// Processes as Linux shows them: their processor time with all that they have waited for, and whose children they are.

import type { Sql } from "postgres";

/** Hundredths of a second, on every Linux that this runs on. */
const TICKS_A_SECOND = 100;

/** The fields of /proc/<pid>/stat behind the name: [0] is the state, [1] the parent. Null: gone. */
async function statOf(pid: number | string): Promise<string[] | null> {
  const text = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => null);
  return text === null ? null : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Seconds of these processes, and of their children that have ended. */
export async function processorSeconds(pids: number[]): Promise<number> {
  const stats = await Promise.all(pids.map(statOf));
  // utime, stime, cutime, cstime.
  const ticks = stats.flatMap((fields) => fields?.slice(11, 15).map(Number) ?? []);
  return ticks.reduce((sum, value) => sum + value, 0) / TICKS_A_SECOND;
}

/** Every process that this one started, and what those started, as long as they live. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const names = Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) =>
    /^\d+$/.test(name)
  );
  const living = await Promise.all(
    names.map(async (name) => ({ pid: Number(name), parent: Number((await statOf(name))?.[1] ?? 0) })),
  );
  const family = [pid];
  // It grows while it is walked.
  for (const parent of family) {
    family.push(...living.filter((each) => each.parent === parent).map((each) => each.pid));
  }
  return family.slice(1);
}

/** Seconds of a whole Postgres server: its first process and every one that it has started. */
export async function serverSeconds(sql: Sql): Promise<number> {
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return await serverSecondsOf(row!.pid);
}

/** The same by one of its backends. */
export async function serverSecondsOf(backend: number): Promise<number> {
  const parent = (await statOf(backend))?.[1];
  if (parent === undefined) throw new Error("the server runs on another machine");
  return await processorSeconds([Number(parent), ...await descendantsOf(Number(parent))]);
}
