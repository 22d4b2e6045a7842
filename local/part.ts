// One part of the stack as a process: started with its configuration, logged to a file, started again when it dies.

import { join } from "node:path";
import type { Configuration } from "./configuration.ts";
import { baseEnvironment } from "./environment.ts";
import { forEachLine } from "./lines.ts";
import type { PartName } from "./names.ts";

const ROOT = new URL("../", import.meta.url);
const STOP_PATIENCE_MS = 5_000;

/** A running part. `ended` resolves however it ends. */
export interface Running {
  pid: number;
  ended: Promise<void>;
  stop(): Promise<void>;
}

export interface ProgramOptions {
  name: PartName;
  /** From the repository's root. */
  program: string;
  configuration: Configuration;
  env?: Record<string, string>;
  /** Deno's own flags beside `-A`. */
  flags?: string[];
  /** Whether this line of stdout says that the part takes requests. */
  isReady(line: string): boolean;
  /** Lines that begin with this mark are for the supervisor, not for the log. */
  mark?: { prefix: string; onLine(rest: string): void };
}

/** Starts a Deno program and resolves when it is ready; rejects with its last words when it ends before. */
export async function startProgram(options: ProgramOptions): Promise<Running> {
  const { name, configuration, mark } = options;
  await Deno.mkdir(join(configuration.dataDir, "logs"), { recursive: true });
  const log = await Deno.open(join(configuration.dataDir, "logs", `${name}.log`), {
    append: true,
    create: true,
  });
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      ...options.flags ?? [],
      new URL(options.program, ROOT).pathname,
      configuration.dataDir,
    ],
    cwd: ROOT,
    clearEnv: true,
    env: { ...baseEnvironment(), ...options.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter();
  stdin.write(new TextEncoder().encode(`${JSON.stringify(configuration)}\n`)).catch(() => {});
  const ready = Promise.withResolvers<void>();
  const encoder = new TextEncoder();
  const lastWords: string[] = [];
  const write = (line: string) => {
    if (lastWords.push(line) > 20) lastWords.shift();
    log.writeSync(encoder.encode(`${line}\n`));
  };
  const reading = [
    forEachLine(child.stdout, (line) => {
      if (mark && line.startsWith(mark.prefix)) return mark.onLine(line.slice(mark.prefix.length));
      if (options.isReady(line)) ready.resolve();
      write(line);
    }),
    forEachLine(child.stderr, write),
  ];
  const ended = child.status.then(async ({ code, signal }) => {
    // Grandchildren may hold the pipes open: what is read within a moment is enough.
    await Promise.race([Promise.allSettled(reading), new Promise((resolve) => setTimeout(resolve, 200))]);
    stdin.close().catch(() => {});
    ready.reject(new Error(`${name} ended (${signal ?? `exit code ${code}`}): ${lastWords.join("\n")}`));
  });
  const stop = async () => {
    signalTo(child, "SIGTERM");
    const timer = setTimeout(() => signalTo(child, "SIGKILL"), STOP_PATIENCE_MS);
    await ended;
    clearTimeout(timer);
  };
  await ready.promise;
  return { pid: child.pid, ended, stop };
}

function signalTo(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch { /* it has ended already */ }
}

/** Keeps a part running until it is stopped. The first start's failure is the caller's; later ones are tried again. */
export async function keepRunning(options: {
  start(): Promise<Running>;
  restartAfterS: number;
  onPids(pids: number[]): void;
  onFailure(error: unknown): void;
}): Promise<{ stop(): Promise<void> }> {
  const stopping = Promise.withResolvers<void>();
  let isStopping = false;
  let current: Running | null = await options.start();
  options.onPids([current.pid]);

  async function keep(): Promise<void> {
    while (!isStopping) {
      await current?.ended;
      current = null;
      options.onPids([]);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const delay = new Promise<void>((resolve) => timer = setTimeout(resolve, options.restartAfterS * 1000));
      if (!isStopping) await Promise.race([delay, stopping.promise]);
      clearTimeout(timer);
      if (isStopping) return;
      try {
        current = await options.start();
        options.onPids([current.pid]);
      } catch (error) {
        options.onFailure(error);
      }
    }
  }

  const keeping = keep();
  return {
    async stop() {
      isStopping = true;
      stopping.resolve();
      await current?.stop();
      await keeping;
      // It may have been in the middle of a start.
      await (current as Running | null)?.stop();
      options.onPids([]);
    },
  };
}
