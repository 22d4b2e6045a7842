// One bash that stays, as the reader's terminal does: variables and functions of a block are there in the next one.

import { join } from "node:path";
import { TextLineStream } from "../../tasks/text_lines.ts";

export interface Said {
  stdout: string;
  /** Without npm's own remarks. */
  stderr: string;
  /** Commands that ended badly, as they stand in the block. */
  failed: string[];
}

export interface Shell extends AsyncDisposable {
  run(text: string): Promise<Said>;
}

/** Starts it in `cwd`; `prelude` defines what the machine has not. Its files lie in `folder`. */
export function startShell(
  options: { cwd: string; folder: string; env: Record<string, string>; prelude: string },
): Shell {
  const { cwd, folder, env } = options;
  const child = new Deno.Command("bash", {
    args: ["--noprofile", "--norc"],
    cwd,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(TextLineStream())
    [Symbol.asyncIterator]();
  const write = (text: string) => writer.write(new TextEncoder().encode(text));
  let count = 0;
  const ready = write(`set -o pipefail -o errtrace\n${options.prelude}\n`);
  return {
    async run(text) {
      await ready;
      const at = (name: string) => join(folder, `${++count}_${name}`);
      const files = { block: at("block"), stdout: at("stdout"), stderr: at("stderr"), failed: at("failed") };
      await Deno.writeTextFile(files.block, text);
      await Deno.writeTextFile(files.failed, "");
      // `. file` keeps what it defines; what a block's commands would read of stdin is nothing.
      await write(
        `trap 'echo "$BASH_COMMAND" >> ${files.failed}' ERR\n` +
          `. ${files.block} < /dev/null > ${files.stdout} 2> ${files.stderr}\ntrap - ERR\necho ended\n`,
      );
      const { value, done } = await lines.next();
      if (done || value !== "ended") throw new Error(`the shell ended, or said ${value}`);
      const [stdout, stderr, failed] = await Promise.all(
        [files.stdout, files.stderr, files.failed].map((path) => Deno.readTextFile(path)),
      );
      const remarks = stderr!.split("\n").filter((line) => !line.startsWith("npm "));
      return { stdout: stdout!, stderr: remarks.join("\n"), failed: failed!.split("\n").filter(Boolean) };
    },
    async [Symbol.asyncDispose]() {
      await writer.close();
      await child.status;
    },
  };
}
