// The one place where the renderer reads its environment.

import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** What the renderer is told from outside, parsed and checked. */
export interface RendererSettings {
  port: number;
  /** Bearer secrets, of which every call but the health check carries one: several while they are rotated. */
  secrets: string[];
  /** Serialized origins that may be private addresses. */
  allowOrigins: string[];
  /** Renders that run side by side. */
  capacity: number;
  /** Renders that may wait behind them. */
  queue: number;
  /** An ffmpeg given by name; null: looked for. */
  ffmpegPath: string | null;
  /** The folders where programs are looked for. */
  searchPath: string;
  /** Work in progress and finished files: of this process alone, which clears it at its start. */
  dataDir: string;
}

type Read = (name: string) => string | undefined;

/** Reads the settings; throws with the variable's name where one makes no sense. */
export function readEnvironment(read: Read = (name) => Deno.env.get(name)): RendererSettings {
  const readNumber = (name: string, bounds: Bounds) => toNumber(read(name), { name, ...bounds });
  const readList = (name: string) =>
    (read(name) ?? "").split(",").map((entry) => entry.trim()).filter(Boolean);
  const secrets = readList("RENDERER_SECRET");
  if (secrets.length === 0) throw new Error("RENDERER_SECRET is not set");
  const port = readNumber("PORT", { fallback: 8787, min: 0, max: 65535 });
  return {
    port,
    secrets,
    allowOrigins: toOrigins(readList("RENDERER_ALLOW_ORIGINS"), "RENDERER_ALLOW_ORIGINS"),
    capacity: readNumber("RENDERER_CAPACITY", {
      // One encoder keeps two cores busy; a second beside it wins next to nothing.
      fallback: Math.max(1, Math.floor(availableParallelism() / 2)),
      min: 1,
      max: 256,
    }),
    queue: readNumber("RENDERER_QUEUE", { fallback: 32, min: 0, max: 10_000 }),
    ffmpegPath: absolute(read("FFMPEG_PATH")),
    searchPath: read("PATH") ?? "",
    dataDir: absolute(read("RENDERER_DATA_DIR")) ?? join(tmpdir(), `reelbatch-renderer-${port}`),
  };
}

/** A path as it is from where the service was started: a render works in a folder of its own. */
function absolute(path: string | undefined): string | null {
  return path ? resolve(path) : null;
}

/** What child processes inherit: enough to start, and no secret. */
export function childEnvironment(): Record<string, string> {
  const names = [
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "DENO_DIR",
    "DENO_NO_UPDATE_CHECK",
    "LD_LIBRARY_PATH",
    // A storage of one's own may have a certificate of one's own.
    "NODE_EXTRA_CA_CERTS",
  ];
  const inherited: Record<string, string> = { NO_COLOR: "1" };
  for (const name of names) {
    const value = Deno.env.get(name);
    if (value !== undefined) inherited[name] = value;
  }
  return inherited;
}

interface Bounds {
  fallback: number;
  min: number;
  max: number;
}

function toNumber(text: string | undefined, { name, fallback, min, max }: Bounds & { name: string }): number {
  if (text === undefined || text.trim() === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}

function toOrigins(entries: string[], name: string): string[] {
  return entries.map((entry) => {
    const url = URL.parse(entry);
    if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
      throw new Error(`${name} holds something that is no http(s) origin`);
    }
    return url.origin;
  });
}
