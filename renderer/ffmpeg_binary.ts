// Finds an ffmpeg that can be executed: the one that was named, the system's, or the npm package's.

import { copyFile, rename } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** `named` must work when it is given; otherwise PATH is searched, then the npm package is taken. */
export async function findFfmpeg(
  options: { named: string | null; searchPath: string; dataDir: string },
): Promise<string> {
  if (options.named !== null) {
    if (await isExecutable(options.named)) return options.named;
    throw new Error("FFMPEG_PATH names no executable file");
  }
  for (const folder of options.searchPath.split(delimiter)) {
    const found = resolve(folder, "ffmpeg");
    if (folder !== "" && await isExecutable(found)) return found;
  }
  return await packagedFfmpeg(options.dataDir);
}

async function packagedFfmpeg(dataDir: string): Promise<string> {
  // The import puts the package into the program's graph, so that it is installed with it.
  await import("@ffmpeg-installer/linux-x64/package.json", { with: { type: "json" } });
  const packageFile = new URL(import.meta.resolve("@ffmpeg-installer/linux-x64/package.json"));
  const packaged = fileURLToPath(new URL("./ffmpeg", packageFile));
  if (await isExecutable(packaged)) return packaged;
  // The package's files may belong to somebody else and lack the bit: a copy of our own gets it.
  const copy = join(dataDir, "ffmpeg");
  if (await isExecutable(copy)) return copy;
  const fresh = `${copy}.${crypto.randomUUID()}`;
  await Deno.mkdir(dataDir, { recursive: true });
  await copyFile(packaged, fresh);
  await Deno.chmod(fresh, 0o755);
  await rename(fresh, copy);
  return copy;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    const file = await Deno.stat(path);
    if (!file.isFile) return false;
    if (Deno.build.os === "windows") return true;
    const run = await new Deno.Command(path, { args: ["-version"], stdout: "null", stderr: "null" }).output();
    return run.success;
  } catch {
    return false;
  }
}
