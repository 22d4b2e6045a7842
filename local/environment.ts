// The local stack's environment, read in this one place.

/** Variables that functions and renderer get from the starter's environment as they are. */
const HANDED_ON = [
  "PUBLIC_URL",
  "JWT_ISSUER",
  "ELEVENLABS_API_KEY",
  "GEMINI_API_KEY",
  "ANTHROPIC_API_KEY",
  "GEMINI_MODEL",
  "ANTHROPIC_MODEL",
  "EDGE_TTS_URL",
  "ELEVENLABS_URL",
  "GEMINI_URL",
  "ANTHROPIC_URL",
  "FFMPEG_PATH",
  "RENDERER_CAPACITY",
  "RENDERER_QUEUE",
] as const;

/** What a Deno process needs to find its cache and its own temporary folder. */
const BASE = ["PATH", "HOME", "DENO_DIR", "TMPDIR", "XDG_CACHE_HOME", "NPM_CONFIG_REGISTRY", "LANG"] as const;

function pick(names: readonly string[], given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => given[name]?.trim() ? [[name, given[name]]] : []),
  );
}

/** The settings of CONTRACT section 5 that a starter may set; absent ones have their defaults. */
export interface StarterEnvironment {
  wallClockS: number;
  rendererUrl: string | null;
  rendererSecret: string | null;
  rendererAllowOrigins: string | null;
  handedOn: Record<string, string>;
}

/** Reads the starter's environment; `overrides` win over it. */
export function readStarterEnvironment(overrides: Record<string, string> = {}): StarterEnvironment {
  const all = { ...Deno.env.toObject(), ...overrides };
  const optional = (name: string) => all[name]?.trim() || null;
  const wallClockS = Number(optional("WALL_CLOCK_S") ?? 150);
  if (!(wallClockS > 0)) throw new Error("WALL_CLOCK_S must be a number of seconds");
  return {
    wallClockS,
    rendererUrl: optional("RENDERER_URL"),
    rendererSecret: optional("RENDERER_SECRET"),
    rendererAllowOrigins: optional("RENDERER_ALLOW_ORIGINS"),
    handedOn: pick(HANDED_ON, all),
  };
}

/** What a child process needs of ours to run at all. */
export function baseEnvironment(): Record<string, string> {
  return pick(BASE, Deno.env.toObject());
}
