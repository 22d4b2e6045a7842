// One process of one function, as the edge runtime keeps an isolate: a wall clock, a heap cap, no subprocess.

import { forEachLine } from "../lines.ts";
import { READY_MARK } from "./ready_mark.ts";

const HEAP_MB = 256;

export interface Isolate {
  pid: number;
  /** Resolves to the loopback port; rejects when the process ends before it listens. */
  port: Promise<number>;
  /** Takes no new requests: past half of its wall clock. */
  isRetired(): boolean;
  isAlive(): boolean;
  /** Resolves at the end of the process, whatever ended it. */
  ended: Promise<void>;
  kill(): void;
}

interface IsolateOptions {
  environment: Record<string, string>;
  wallClockS: number;
  /** Stands in the command line, so that a process can be told to be this stack's. */
  mark: string;
}

function spawn(entrypoint: string, options: IsolateOptions): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net",
      "--allow-env",
      "--allow-read",
      "--allow-sys",
      "--deny-run",
      `--v8-flags=--max-old-space-size=${HEAP_MB}`,
      new URL("./bootstrap.ts", import.meta.url).href,
      entrypoint,
      options.mark,
    ],
    clearEnv: true,
    env: options.environment,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Starts `entrypoint` with exactly this environment; it lives for `wallClockS` seconds at most. */
export function startIsolate(entrypoint: string, options: IsolateOptions): Isolate {
  const child = spawn(entrypoint, options);
  const control = child.stdin.getWriter();
  const tell = (line: string) => void control.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended already */ }
  };
  let alive = true;
  let retired = false;
  const timers = [
    setTimeout(() => {
      retired = true;
      tell("retire");
    }, options.wallClockS * 500),
    setTimeout(() => tell("unload"), options.wallClockS * 900),
    setTimeout(kill, options.wallClockS * 1000),
  ];
  const listening = Promise.withResolvers<number>();
  listening.promise.catch(() => {});
  forEachLine(child.stdout, (line) => {
    if (line.startsWith(READY_MARK)) listening.resolve(Number(line.slice(READY_MARK.length)));
    else console.log(line);
  }).catch(() => {});
  const ended = child.status.then(({ code, signal }) => {
    alive = false;
    timers.forEach(clearTimeout);
    listening.reject(new Error(`ended before it listened (${signal ?? `exit code ${code}`})`));
    control.close().catch(() => {});
  });
  return {
    pid: child.pid,
    port: listening.promise,
    isRetired: () => retired,
    isAlive: () => alive,
    ended,
    kill,
  };
}
