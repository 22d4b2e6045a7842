// Lines of a text stream (Deno's std has this on JSR; the npm copy of std does not run it with types).

/** Cuts a stream of text chunks into lines, without their line ends. */
export function TextLineStream(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + chunk).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) controller.enqueue(line);
    },
    flush(controller) {
      if (rest) controller.enqueue(rest);
    },
  });
}
