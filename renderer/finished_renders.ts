// Finished renders on disk: published whole by rename, found again after a restart, discarded by rename too.

import { join } from "node:path";
import { FINISHED_STATE, FinishedRender } from "./worker_protocol.ts";

/** The renderer's folders. */
export interface RenderFolders {
  /** Removes what dead renders left, and remembers which finished ones are there. */
  recover(now: number): Promise<void>;
  /** A fresh scratch folder. */
  createWork(id: string): Promise<string>;
  /** Where a render's finished files are, or will be. */
  finished(id: string): string;
  /** What an earlier life stored of a render; null where it is unknown or was never uploaded. */
  readUploaded(id: string): Promise<FinishedRender | null>;
  /** From now on a render of this life answers for these files. */
  adopt(id: string): void;
  /** Removes a render's finished files; a run that starts meanwhile sees all of them or none. */
  discard(id: string): Promise<void>;
  /** Discards those of an earlier life that were found before `time` and never adopted. */
  discardUnasked(time: number): Promise<void>;
}

export function createRenderFolders(dataDir: string): RenderFolders {
  const workRoot = join(dataDir, "work");
  const finishedRoot = join(dataDir, "finished");
  const found = new Map<string, number>();
  const finished = (id: string) => join(finishedRoot, id);

  async function discard(id: string): Promise<void> {
    found.delete(id);
    await Deno.mkdir(workRoot, { recursive: true });
    const aside = join(workRoot, `discarded.${crypto.randomUUID()}`);
    try {
      await Deno.rename(finished(id), aside);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    await removeFolder(aside);
  }

  return {
    async recover(now) {
      await removeFolder(workRoot);
      await Deno.mkdir(finishedRoot, { recursive: true });
      for await (const entry of Deno.readDir(finishedRoot)) found.set(entry.name, now);
    },
    async createWork(id) {
      const folder = join(workRoot, `${id}.${crypto.randomUUID()}`);
      await Deno.mkdir(folder, { recursive: true });
      await Deno.mkdir(finishedRoot, { recursive: true });
      return folder;
    },
    finished,
    async readUploaded(id) {
      if (!found.has(id)) return null;
      const kept = await readFinished(finished(id));
      return kept?.uploaded ? kept : null;
    },
    adopt: (id) => void found.delete(id),
    discard,
    async discardUnasked(time) {
      for (const [id, since] of found) if (since <= time) await discard(id);
    },
  };
}

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
