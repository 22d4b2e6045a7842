// How raw frames and samples reach the encoder: through a Unix socket, which takes many pages at a time. A pipe takes them one by one:
// the same encoding through a pipe took 1.05x the time.

import { relative } from "node:path";

/** The address of a socket is at most this long, with its closing zero. */
const LONGEST_PATH_BYTES = 107;

export interface Channel {
  /** As ffmpeg takes it for an input. */
  url: string;
  /** Resolved when the encoder has opened its end. */
  writer: Promise<WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>>;
  /** Gives up an end that was never opened; nothing otherwise. */
  close(): void;
}

/** Lays a socket at a path that only this render knows; its name is gone once the encoder has come. */
export function openChannel(whole: string): Channel {
  const path = shortest(whole);
  const listener = Deno.listen({ transport: "unix", path });
  let open = true;
  function close(): void {
    if (!open) return;
    open = false;
    listener.close();
    try {
      Deno.removeSync(path);
    } catch {
      // Its folder may be gone: the render was dropped.
    }
  }
  const writer = listener.accept().then((connection) => {
    close();
    return connection.writable.getWriter() as WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  });
  // Awaited with what is written: an encoder that never comes must not be an unhandled failure.
  writer.catch(() => {});
  return { url: `unix:${path}`, writer, close };
}

/** A path from here where the whole one is too long for a socket. */
function shortest(path: string): string {
  const isShort = new TextEncoder().encode(path).length <= LONGEST_PATH_BYTES;
  return isShort ? path : relative(Deno.cwd(), path);
}
