// Lines of a byte stream, and the lifeline: a part reads its configuration from stdin and ends when stdin closes.

/** Calls `onLine` for every line of `stream`, without its line break; resolves when the stream ends. */
export async function forEachLine(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
  if (rest) onLine(rest);
}

/** The JSON of stdin's first line. The process ends with its parent: when stdin closes, whatever the reason. */
export function readConfiguration<T>(): Promise<T> {
  return new Promise((resolve, reject) => {
    let first = true;
    forEachLine(Deno.stdin.readable, (line) => {
      if (!first) return;
      first = false;
      try {
        resolve(JSON.parse(line));
      } catch (error) {
        reject(error);
      }
    }).catch(() => {}).finally(() => Deno.exit(0));
  });
}
