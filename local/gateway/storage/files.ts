// The bytes of objects: streamed into a temporary file, then published by rename under the version of their row.

import { join } from "node:path";
import { StorageRefusal } from "./errors.ts";

/** A folder of objects' files. A file's name is its row's version, so that no object name reaches the disk. */
export function createFiles(dataDir: string) {
  const folder = join(dataDir, "storage");
  const incoming = join(folder, "incoming");
  Deno.mkdirSync(incoming, { recursive: true });
  // What a killed gateway was in the middle of.
  for (const entry of Deno.readDirSync(incoming)) Deno.removeSync(join(incoming, entry.name));

  return {
    path: (version: string) => join(folder, version),

    /** Gives the size; refuses what is longer than `limit` bytes, and leaves nothing behind when it fails. */
    async store(
      version: string,
      content: { body: ReadableStream<Uint8Array> | null; limit: number },
    ): Promise<number> {
      const temporary = join(incoming, version);
      let size = 0;
      const counter = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          size += chunk.length;
          if (size <= content.limit) return controller.enqueue(chunk);
          controller.error(
            new StorageRefusal(413, "Payload too large", {
              message: "The object exceeded the maximum allowed size",
            }),
          );
        },
      });
      try {
        const file = await Deno.open(temporary, { write: true, createNew: true });
        await (content.body ?? new Blob([]).stream()).pipeThrough(counter).pipeTo(file.writable);
        await Deno.rename(temporary, join(folder, version));
        return size;
      } catch (error) {
        await Deno.remove(temporary).catch(() => {});
        throw error;
      }
    },

    async remove(version: string): Promise<void> {
      await Deno.remove(join(folder, version)).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    },
  };
}

export type Files = ReturnType<typeof createFiles>;
