// Starts the renderer's own child programs: bounded memory, no secrets, killed with what they started.

import { childEnvironment } from "./environment.ts";
import type { Program } from "./programs.ts";

export interface ChildCommand {
  program: Program;
  args?: string[];
  /** Deno's permission flags; `-A` where it runs ffmpeg or native code. */
  permissions: string[];
  /** Cap of the data segment, in MiB; null: none. */
  memoryMb: number | null;
  stdin: "piped" | "null";
  /** The head of a process group of its own, so that it can be killed with all its children. */
  groupHead?: boolean;
}

/** The child, with stdout and stderr piped. */
export function spawnChild(command: ChildCommand): Deno.ChildProcess {
  const run = [
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--no-check",
    // What it imports was installed with the service; a render never waits for a registry.
    "--cached-only",
    ...command.permissions,
    command.program.file.href,
    ...(command.args ?? []),
  ];
  const limited = command.memoryMb !== null && Deno.build.os === "linux";
  const [name = "", ...args] = limited
    ? ["/bin/sh", "-c", `ulimit -d ${(command.memoryMb ?? 0) * 1024}; exec "$@"`, "sh", ...run]
    : run;
  return new Deno.Command(name, {
    args,
    stdin: command.stdin,
    stdout: "piped",
    stderr: "piped",
    clearEnv: true,
    env: childEnvironment(),
    detached: command.groupHead ?? false,
  }).spawn();
}

/** Ends the head of a group and all that it started. */
export function killGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/** Runs a child to its end and gives what it printed; kills it when the signal aborts. */
export async function runChild(
  command: ChildCommand,
  options: { signal: AbortSignal; input?: string },
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  options.signal.throwIfAborted();
  const child = spawnChild(command);
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // Gone already.
    }
  };
  options.signal.addEventListener("abort", kill, { once: true });
  if (options.signal.aborted) kill();
  try {
    const writing = options.input === undefined ? undefined : writeAll(child.stdin, options.input);
    const [output] = await Promise.all([child.output(), writing]);
    options.signal.throwIfAborted();
    const decoder = new TextDecoder();
    return {
      success: output.success,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr.slice(-4000)),
    };
  } finally {
    options.signal.removeEventListener("abort", kill);
  }
}

async function writeAll(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // The child ended first; its exit tells.
  }
}
