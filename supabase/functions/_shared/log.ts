// Log lines: one JSON object each, secrets blacked out.

/** Writes a line with the fields that the logger was made with. */
export interface Log {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
  /** The same logger with more fields. */
  with(fields: Record<string, unknown>): Log;
}

/** Tokens of signed URLs, bearers, secret keys and JWTs: Deno's fetch errors quote whole URLs. */
const SECRETS: [RegExp, string][] = [
  [/([?&](?:token|apikey|key|api_key)=)[^&\s"'\\)]+/gi, "$1***"],
  [/(bearer\s+)[\w.~+/=-]+/gi, "$1***"],
  [/sb_secret_[\w-]+/g, "sb_secret_***"],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "***"],
];

function describe(value: unknown, depth = 0): unknown {
  if (!(value instanceof Error)) return value;
  const cause = value.cause === undefined || depth >= 3 ? undefined : describe(value.cause, depth + 1);
  return { name: value.name, message: value.message, stack: value.stack, cause };
}

function toLine(entry: Record<string, unknown>): string {
  let line = JSON.stringify(entry, (_key, value) => describe(value));
  for (const [pattern, replacement] of SECRETS) line = line.replace(pattern, replacement);
  return line;
}

/** A logger whose lines all bear `fields`; `write` is where they go (the console). */
export function createLogger(
  fields: Record<string, unknown>,
  write: (line: string) => void = (line) => console.log(line),
): Log {
  function at(level: string) {
    return (event: string, more: Record<string, unknown> = {}) =>
      write(toLine({ time: new Date().toISOString(), level, event, ...fields, ...more }));
  }
  return {
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (more) => createLogger({ ...fields, ...more }, write),
  };
}
