// Finished renders on disk: published whole by rename, found again after a restart.

import { join } from "node:path";
import { FINISHED_STATE, FinishedRender } from "./worker_protocol.ts";

/** What a folder holds; null where it is absent or not whole. */
export async function readFinished(folder: string): Promise<FinishedRender | null> {
  try {
    return FinishedRender.parse(JSON.parse(await Deno.readTextFile(join(folder, FINISHED_STATE))));
  } catch {
    return null;
  }
}

/** Writes the state so that a reader sees the old one or the new one, never half of it. */
export async function writeFinished(folder: string, state: FinishedRender): Promise<void> {
  const fresh = join(folder, `${FINISHED_STATE}.new`);
  await Deno.writeTextFile(fresh, JSON.stringify(state));
  await Deno.rename(fresh, join(folder, FINISHED_STATE));
}

/** Removes a folder and all in it; one that is absent is no error. */
export async function removeFolder(folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
