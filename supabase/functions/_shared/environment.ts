// The functions' environment, read in this one place.

/** What the functions are told from outside. URLs have no trailing slash; empty values count as absent. */
export interface Environment {
  supabaseUrl: string;
  /** Put before every URL that is handed out. */
  publicUrl: string;
  jwtIssuer: string;
  /** The project's public keys where they were injected, else the address that has them. */
  jwks: { keys: JsonWebKey[] } | URL;
  publishableKey: string;
  /** By name; any of them opens `process-next`. */
  secretKeys: Record<string, string>;
  /** The one that the functions themselves use. */
  secretKey: string;
  rendererUrls: string[];
  /** The first where there are several: the renderer takes each of them. */
  rendererSecret: string | null;
  /** Seconds that an isolate lives, from its start. */
  wallClockS: number;
  providerKeys: { elevenlabs: string | null; gemini: string | null; claude: string | null };
  /** Models that stand for the defaults. */
  aiModels: { gemini: string | null; claude: string | null };
  /** Origins that stand for the providers' own. */
  providerUrls: {
    edge: string | null;
    elevenlabs: string | null;
    gemini: string | null;
    claude: string | null;
  };
}

type Read = (name: string) => string | undefined;

function readKeys(read: Read, plural: string, singular: string): Record<string, string> {
  const json = read(plural)?.trim();
  if (!json) {
    const key = read(singular)?.trim();
    return key ? { default: key } : {};
  }
  const keys: unknown = JSON.parse(json);
  if (typeof keys !== "object" || keys === null) throw new Error(`${plural} must be a JSON object`);
  return Object.fromEntries(
    Object.entries(keys).filter((entry): entry is [string, string] =>
      typeof entry[1] === "string" && entry[1] !== ""
    ),
  );
}

function readJwks(read: Read, supabaseUrl: string): Environment["jwks"] {
  const json = read("SUPABASE_JWKS")?.trim();
  if (json) {
    const parsed = JSON.parse(json);
    const keys = Array.isArray(parsed) ? parsed : parsed?.keys;
    if (Array.isArray(keys) && keys.length > 0) return { keys };
  }
  return new URL(read("SUPABASE_JWKS_URL")?.trim() || `${supabaseUrl}/auth/v1/.well-known/jwks.json`);
}

function required(value: string | undefined, name: string): string {
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** Reads it all, and fails at the start of the function rather than within a request. */
export function readEnvironment(read: Read = (name) => Deno.env.get(name)): Environment {
  const optional = (name: string) => read(name)?.trim() || null;
  const list = (name: string) =>
    (optional(name) ?? "").split(",").map((part) => part.trim()).filter((part) => part !== "");
  const url = (name: string) => optional(name)?.replace(/\/+$/, "") ?? null;
  const supabaseUrl = required(url("SUPABASE_URL") ?? undefined, "SUPABASE_URL");
  const publicUrl = url("PUBLIC_URL") ?? supabaseUrl;
  const publishableKeys = readKeys(read, "SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_PUBLISHABLE_KEY");
  const secretKeys = readKeys(read, "SUPABASE_SECRET_KEYS", "SUPABASE_SECRET_KEY");
  const wallClockS = Number(optional("WALL_CLOCK_S") ?? 150);
  if (!(wallClockS > 0)) throw new Error("WALL_CLOCK_S must be a number of seconds");
  return {
    supabaseUrl,
    publicUrl,
    jwtIssuer: optional("JWT_ISSUER") ?? `${publicUrl}/auth/v1`,
    jwks: readJwks(read, supabaseUrl),
    publishableKey: required(
      publishableKeys.default ?? Object.values(publishableKeys)[0],
      "SUPABASE_PUBLISHABLE_KEYS",
    ),
    secretKeys,
    secretKey: required(secretKeys.default ?? Object.values(secretKeys)[0], "SUPABASE_SECRET_KEYS"),
    rendererUrls: list("RENDERER_URL").map((part) => part.replace(/\/+$/, "")),
    rendererSecret: list("RENDERER_SECRET")[0] ?? null,
    wallClockS,
    providerKeys: {
      elevenlabs: optional("ELEVENLABS_API_KEY"),
      gemini: optional("GEMINI_API_KEY"),
      claude: optional("ANTHROPIC_API_KEY"),
    },
    aiModels: { gemini: optional("GEMINI_MODEL"), claude: optional("ANTHROPIC_MODEL") },
    providerUrls: {
      edge: url("EDGE_TTS_URL"),
      elevenlabs: url("ELEVENLABS_URL"),
      gemini: url("GEMINI_URL"),
      claude: url("ANTHROPIC_URL"),
    },
  };
}
