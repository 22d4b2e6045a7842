// The renderer's image and container without a container engine: a folder with what the Dockerfile copies, its own
// install, another user, an empty home, and the entry point and health check as they are written.

import { dirname, join } from "node:path";
import { eventually } from "../assert.ts";
import { contextPaths, type Dockerfile, readDockerfile } from "./dockerfile.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Debian's `nobody`: stands for the image's own user, which owns no more than the Dockerfile gives it. */
const NOBODY = 65534;
/** What `docker stop` waits before it kills. */
export const STOP_PATIENCE_MS = 10_000;

export interface Image extends AsyncDisposable {
  folder: string;
  file: Dockerfile;
}

export interface Container {
  origin: string;
  /** The health check's exit code. */
  checkHealth(): Promise<number>;
  /** As `docker stop` does it: how it ended, and after how long. */
  stop(): Promise<{ code: number; signal: string | null; afterMs: number }>;
  /** The user id that the process runs as. */
  user(): Promise<number>;
  output(): string;
}

/** `docker build`: copies, installs and gives away what the Dockerfile names. */
export async function buildImage(): Promise<Image> {
  const file = await readDockerfile();
  const folder = await Deno.makeTempDir({ prefix: "reelbatch-image-" });
  await Deno.chmod(folder, 0o755);
  await Deno.mkdir(join(folder, "bin"));
  await Deno.copyFile(Deno.execPath(), join(folder, "bin/deno"));
  await Deno.mkdir(join(folder, file.workdir), { recursive: true });
  const allowed = await contextPaths();
  for (const { from, to } of file.copies) {
    const path = from.replace(/^\.\//, "");
    if (!allowed.some((each) => path === each || path.startsWith(`${each}/`))) {
      throw new Error(`the build context does not hold ${from}: Dockerfile.dockerignore shuts it out`);
    }
    await copyTree(join(ROOT, path), join(folder, file.workdir, to));
  }
  for (const command of file.commands) await runCommand(command, { folder, file });
  const home = join(folder, "home");
  await Deno.mkdir(home);
  await giveAway(home);
  return { folder, file, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

/** `docker run`: `port` is the host's and the container's at once, as there is one network only. */
export async function runContainer(
  image: Image,
  options: { port: number; env: Record<string, string> },
): Promise<Container> {
  const { folder, file } = image;
  const settings = {
    cwd: join(folder, file.workdir),
    clearEnv: true,
    env: { ...imageEnvironment(image), ...options.env, PORT: String(options.port) },
    ...(Deno.uid() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
    stdin: "null",
  } as const;
  const [program = "", ...args] = withoutInit(file.entrypoint);
  const child = new Deno.Command(join(folder, "bin", program), {
    args,
    ...settings,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let written = "";
  let ended: Deno.CommandStatus | null = null;
  const status = child.status.then((how) => ended = how);
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) written += text;
  });
  await eventually(() => ended !== null || written.includes('"listening"'), { timeoutMs: 60_000 });
  if (ended) throw new Error(`the container ended: ${written}`);
  return {
    origin: `http://127.0.0.1:${options.port}`,
    async checkHealth() {
      const [command = "", ...words] = file.healthCheck;
      const check = new Deno.Command(join(folder, "bin", command), {
        args: words,
        ...settings,
        stdout: "null",
        stderr: "null",
      });
      return (await check.output()).code;
    },
    async stop() {
      const started = performance.now();
      if (!ended) child.kill(file.stopSignal);
      const patience = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE_MS);
      const { code, signal } = await status;
      clearTimeout(patience);
      const afterMs = performance.now() - started;
      await Promise.all(reading);
      return { code, signal, afterMs };
    },
    async user() {
      const text = await Deno.readTextFile(`/proc/${child.pid}/status`);
      return Number(/^Uid:\s+(\d+)/m.exec(text)?.[1]);
    },
    output: () => written,
  };
}

/** tini hands signals on and reaps; nothing else of the entry point differs without it. */
function withoutInit(entrypoint: string[]): string[] {
  return entrypoint[0] === "tini" ? entrypoint.slice(entrypoint.indexOf("--") + 1) : entrypoint;
}

/** The image's `ENV` and what its base sets, with absolute paths inside the folder. */
function imageEnvironment({ folder, file }: Pick<Image, "folder" | "file">): Record<string, string> {
  const inside = (value: string) => value.startsWith("/") ? join(folder, value) : value;
  const own = Object.fromEntries(Object.entries(file.env).map(([name, value]) => [name, inside(value)]));
  return {
    PATH: `${join(folder, "bin")}:/usr/local/bin:/usr/bin:/bin`,
    HOME: join(folder, "home"),
    DENO_DIR: join(folder, "deno-dir"),
    ...own,
  };
}

async function runCommand(
  command: string,
  { folder, file }: Pick<Image, "folder" | "file">,
): Promise<void> {
  const [program = "", ...words] = command.split(/\s+/);
  // Debian's packages are this machine's own affair.
  if (program === "apt-get" || command.startsWith("rm -rf /var/lib/apt")) return;
  const paths = words.filter((word) => word.startsWith("/")).map((path) => join(folder, path));
  if (program === "mkdir") return await Promise.all(paths.map((path) => Deno.mkdir(path))).then(() => {});
  if (program === "chown") return await Promise.all(paths.map(giveAway)).then(() => {});
  if (program !== "deno") throw new Error(`the Dockerfile runs ${program}, which has no stand-in here`);
  const { success, stderr } = await new Deno.Command(join(folder, "bin/deno"), {
    args: words,
    cwd: join(folder, file.workdir),
    env: imageEnvironment({ folder, file }),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
}

async function giveAway(path: string): Promise<void> {
  if (Deno.uid() !== 0) return;
  const { success } = await new Deno.Command("chown", { args: ["-R", `${NOBODY}:${NOBODY}`, path] }).output();
  if (!success) throw new Error(`chown ${path}`);
}

async function copyTree(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) {
    await Deno.mkdir(dirname(to), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  for await (const { name } of Deno.readDir(from)) await copyTree(join(from, name), join(to, name));
}
