// What an earlier run left behind on the same data folder, after everything or only its supervisor was killed.

import { join } from "node:path";
import { PART_NAMES } from "./names.ts";

const LOCK_FILE = "supervisor.pid";
const PATIENCE_MS = 10_000;

async function readProc(pid: number, file: string): Promise<string> {
  return await Deno.readTextFile(`/proc/${pid}/${file}`).catch(() => "");
}

/** The process's start in the machine's ticks: with the pid it names a process for good. */
async function startOf(pid: number): Promise<string> {
  const stat = await readProc(pid, "stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? "" : fields[19] ?? "";
}

/** Whether this process serves the stack of this folder: it is named in its command line or its environment. */
export async function belongsTo(pid: number, dataDir: string): Promise<boolean> {
  if (await startOf(pid) === "") return false;
  const [command, environment] = await Promise.all([readProc(pid, "cmdline"), readProc(pid, "environ")]);
  return `${command}\0${environment}`.split("\0").some((word) => {
    const value = word.slice(word.indexOf("=") + 1);
    return value === dataDir || value.startsWith(`${dataDir}/`);
  });
}

/** Kills these processes where they are this folder's, and waits until they are gone. */
export async function endProcesses(pids: number[], dataDir: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  await Promise.all(pids.map(async (pid) => {
    while (await belongsTo(pid, dataDir) && performance.now() < end) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }));
}

/** Ends what `processes.json` names. Postgres ends its own leftovers, with more care, when it starts. */
export async function endLeftovers(dataDir: string): Promise<void> {
  let named: Record<string, number[]>;
  try {
    named = JSON.parse(await Deno.readTextFile(join(dataDir, "processes.json")));
  } catch {
    return;
  }
  const [postgres] = PART_NAMES;
  const pids = Object.entries(named).filter(([name]) => name !== postgres).flatMap(([, list]) => list);
  await endProcesses(pids.filter((pid) => Number.isInteger(pid) && pid > 1 && pid !== Deno.pid), dataDir);
}

/** Refuses a second stack on one folder while the first one's supervisor lives. */
export async function lockFolder(dataDir: string): Promise<void> {
  const path = join(dataDir, LOCK_FILE);
  const [pid, start] = (await Deno.readTextFile(path).catch(() => "")).split(" ");
  if (pid && start && await startOf(Number(pid)) === start) {
    throw new Error(`a stack runs on ${dataDir} already (process ${pid})`);
  }
  await Deno.writeTextFile(path, `${Deno.pid} ${await startOf(Deno.pid)}`);
}

export async function unlockFolder(dataDir: string): Promise<void> {
  await Deno.remove(join(dataDir, LOCK_FILE)).catch(() => {});
}
