// Lines of a byte stream, as they come.

/** Yields each line without its end; a line of more than 4 MB ends the reading. */
export async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    if (rest.length > 4_000_000) throw new Error("a line is too long");
  }
  if (rest !== "") yield rest;
}
