// Running ffmpeg: one place that starts it, keeps the end of what it says, and kills it when the render is aborted.

/** What ffmpeg says at most that is kept for an error message. */
const STDERR_BYTES = 16_384;
/** A minute of sound takes a second: what runs as long as this has stalled, and is killed. */
const LONGEST_RUN_MS = 120_000;

export interface FfmpegOptions {
  ffmpegPath: string;
  signal: AbortSignal;
  onChildProcess?(pid: number): void;
}

export class FfmpegFailed extends Error {
  override name = "FfmpegFailed";
}

async function readTail(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let tail = "";
  for await (const chunk of stream) {
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-STDERR_BYTES);
  }
  return tail;
}

/** Starts ffmpeg. `done` rejects unless it ends well; it must be awaited. */
export function startFfmpeg(args: string[], options: FfmpegOptions) {
  options.signal.throwIfAborted();
  const child = new Deno.Command(options.ffmpegPath, {
    args: ["-hide_banner", "-y", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  options.onChildProcess?.(child.pid);
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  options.signal.addEventListener("abort", kill, { once: true });
  const said = readTail(child.stderr);
  const done = child.status.then(async (status) => {
    options.signal.removeEventListener("abort", kill);
    const log = await said;
    options.signal.throwIfAborted();
    if (!status.success) throw new FfmpegFailed(`ffmpeg ended with ${status.code}: ${log.slice(-2000)}`);
    return log;
  });
  return { stdout: child.stdout, done, kill };
}

/** Runs ffmpeg to its end: what it wrote and what it said. */
export async function runFfmpeg(
  args: string[],
  options: FfmpegOptions,
): Promise<{ output: Uint8Array; log: string }> {
  const run = startFfmpeg(args, options);
  const timer = setTimeout(run.kill, LONGEST_RUN_MS);
  try {
    const [output, log] = await Promise.all([new Response(run.stdout).bytes(), run.done]);
    return { output, log };
  } finally {
    clearTimeout(timer);
  }
}
