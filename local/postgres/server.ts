// Starts and stops one Postgres 17 on one data folder. It runs as root (as `nobody` then) and as anybody else, and
// starts again after everything was killed.

import { join } from "node:path";
import { othersReach, type PostgresBinaries, preparePostgres, publicFolder } from "./binaries.ts";

/** The superuser's name is Supabase's own; `postgres`, as whom everybody connects, is no superuser there nor here. */
export const SUPERUSER = "supabase_admin";
const PASSWORD = "postgres";

export interface PostgresServer {
  /** As `postgres`, the role that owns the project's tables. It exists once `bootstrap(adminUrl)` has run. */
  url: string;
  /** As the superuser: for bootstrap only. */
  adminUrl: string;
  pid: number;
  /** Resolves when the server has ended, however it did. */
  exited: Promise<void>;
  /** Closes connections, writes a checkpoint, ends. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Made when it is not there. As root, where `nobody` cannot reach it, the data lies in /var/tmp instead. */
  dataDir: string;
  /** 0 or absent: a free one. */
  port?: number;
  /** False gives up safety against a power cut (not against kill -9) for speed: tests. */
  durable?: boolean;
}

/** Starts a server and waits until it takes connections; ends one that was left over on the same folder. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const binaries = await preparePostgres();
  const dataDir = await dataFolder(options.dataDir, binaries);
  if (!await isFile(join(dataDir, "PG_VERSION"))) await initialise(dataDir, binaries);
  await endLeftOver(dataDir);
  const port = options.port || freePort();
  const deadline = performance.now() + 30_000;
  while (true) {
    const started = await launch({ binaries, dataDir, port, durable: options.durable ?? true });
    if ("server" in started) return started.server;
    // Backends of a killed server need a moment to notice; until then its shared memory is in use.
    const passing = /pre-existing shared memory|lock file .* already exists|could not bind/.test(
      started.output,
    );
    if (!passing || performance.now() > deadline) {
      throw new Error(`Postgres did not start: ${started.output}`);
    }
    await delay(250);
  }
}

/** Removes a data folder, wherever it lies. */
export async function removePostgresData(dataDir: string): Promise<void> {
  const places = [dataDir];
  if (Deno.uid() === 0) places.push(await publicFolder(dataDir));
  for (const place of places) {
    await Deno.remove(place, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

async function dataFolder(wanted: string, { user }: PostgresBinaries): Promise<string> {
  await Deno.mkdir(wanted, { recursive: true });
  if (!user) return await Deno.realPath(wanted);
  let folder = await Deno.realPath(wanted);
  if (!await othersReach(join(folder, ".."))) {
    folder = join(await publicFolder(wanted), "data");
    await Deno.mkdir(folder, { recursive: true });
  }
  await Deno.chown(folder, user.uid, user.gid);
  await Deno.chmod(folder, 0o700);
  return folder;
}

async function initialise(dataDir: string, { initdb, user }: PostgresBinaries): Promise<void> {
  // A start that was killed half-way leaves files that initdb refuses.
  for await (const entry of Deno.readDir(dataDir)) {
    await Deno.remove(join(dataDir, entry.name), { recursive: true });
  }
  const passwordFile = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(passwordFile, PASSWORD);
    if (user) await Deno.chown(passwordFile, user.uid, user.gid);
    const { success, stderr } = await new Deno.Command(initdb, {
      args: ["-D", dataDir, "-U", SUPERUSER, `--pwfile=${passwordFile}`, "-A", "scram-sha-256"].concat(
        ["-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
      ),
      cwd: "/",
      ...user,
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`initdb failed: ${new TextDecoder().decode(stderr)}`);
  } finally {
    await Deno.remove(passwordFile);
  }
}

/** Ends a server that outlived whoever started it on this folder, and removes a lock file that nobody holds. */
async function endLeftOver(dataDir: string): Promise<void> {
  const lockFile = join(dataDir, "postmaster.pid");
  const pid = Number((await Deno.readTextFile(lockFile).catch(() => "")).split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  const deadline = performance.now() + 10_000;
  while (await servesFolder(pid, dataDir)) {
    try {
      Deno.kill(pid, performance.now() < deadline ? "SIGINT" : "SIGKILL");
    } catch {
      break;
    }
    await delay(100);
  }
  // Another program may have been given that number since: Postgres would take it for a server and not start.
  await Deno.remove(lockFile).catch(() => {});
}

async function servesFolder(pid: number, dataDir: string): Promise<boolean> {
  if (Deno.build.os === "linux") {
    const command = await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
    return command.split("\0").includes(dataDir);
  }
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "command=", "-p", String(pid)] }).output();
  return new TextDecoder().decode(stdout).includes(dataDir);
}

interface Launch {
  binaries: PostgresBinaries;
  dataDir: string;
  port: number;
  durable: boolean;
}

async function launch(
  { binaries, dataDir, port, durable }: Launch,
): Promise<{ server: PostgresServer } | { output: string }> {
  const child = new Deno.Command(binaries.postgres, {
    args: ["-D", dataDir, ...settings({ port, durable }).flatMap((setting) => ["-c", setting])],
    cwd: "/",
    ...binaries.user,
    // No libpq variable of ours may reach it, and its messages are read below.
    env: { LC_ALL: "C" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const ended = child.status.then(() => true);
  let output = "";
  const reading = readAll(child.stderr, (text) => output = (output + text).slice(-8_000));
  while (!await isReady(dataDir)) {
    if (await Promise.race([ended, delay(20)])) {
      await reading;
      return { output };
    }
  }
  const address = `127.0.0.1:${port}/postgres`;
  const exited = Promise.all([ended, reading]).then(() => {});
  const stop = async () => {
    try {
      child.kill("SIGINT");
    } catch {
      // It has ended by itself.
    }
    await exited;
  };
  return {
    server: {
      url: `postgresql://postgres:${PASSWORD}@${address}`,
      adminUrl: `postgresql://${SUPERUSER}:${PASSWORD}@${address}`,
      pid: child.pid,
      exited,
      stop,
    },
  };
}

function settings({ port, durable }: { port: number; durable: boolean }): string[] {
  return [
    `port=${port}`,
    "listen_addresses=127.0.0.1",
    // A socket file would be left behind by kill -9.
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=128MB",
    "timezone=UTC",
    "log_timezone=UTC",
    "logging_collector=on",
    "log_filename=postgresql-%a.log",
    "log_rotation_age=1d",
    "log_rotation_size=0",
    "log_truncate_on_rotation=on",
    "track_functions=pl",
    ...(durable ? [] : ["fsync=off", "full_page_writes=off", "max_wal_size=4GB"]),
  ];
}

/** The server writes its own state into the eighth line of its lock file. */
async function isReady(dataDir: string): Promise<boolean> {
  const lines = (await Deno.readTextFile(join(dataDir, "postmaster.pid")).catch(() => "")).split("\n");
  return lines[7]?.trim() === "ready";
}

async function readAll(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  for await (
    const text of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
  ) {
    take(text);
  }
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}

function delay(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms));
}
