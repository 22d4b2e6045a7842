// Processor time as Linux counts it, of processes and of all that they have waited for.

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

/** Seconds of a whole Postgres server: its first process and every one that it has started. */
export async function serverSeconds(sql: Sql): Promise<number> {
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const parent = (await statOf(row!.pid))?.[1];
  if (parent === undefined) throw new Error("the server runs on another machine");
  const names = Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) =>
    /^\d+$/.test(name)
  );
  const stats = await Promise.all(
    names.map(async (name) => ({ pid: Number(name), fields: await statOf(name) })),
  );
  const children = stats.filter(({ fields }) => fields?.[1] === parent).map(({ pid }) => pid);
  return await processorSeconds([Number(parent), ...children]);
}
