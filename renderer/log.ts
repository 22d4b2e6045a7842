// JSON log lines. Queries of addresses (signed tokens) and secrets never reach them.

/** One JSON line an event. */
export interface Log {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** A logger whose lines all bear `fields`; `write` takes one finished line. */
export function createLogger(
  fields: Record<string, unknown> = {},
  write: (line: string) => void = (line) => console.log(line),
): Log {
  function line(level: string, event: string, more: Record<string, unknown> = {}): void {
    const entry = { at: new Date().toISOString(), level, event, ...fields, ...more };
    write(redact(JSON.stringify(entry)));
  }
  return {
    info: (event, more) => line("info", event, more),
    warn: (event, more) => line("warn", event, more),
    error: (event, more) => line("error", event, more),
  };
}

/** Cuts the query, the fragment and the credentials off every address in a text, and bearer tokens too. */
export function redact(text: string): string {
  return text
    .replace(/(https?:\/\/)[^\s"'/\\@?#]*@/gi, "$1")
    .replace(/(https?:\/\/[^\s"'?#\\]*)[?#][^\s"'\\]*/gi, "$1")
    .replace(/\beyJ[\w-]+\.[\w-]+(\.[\w-]*)?/g, "[token]")
    .replace(/\b(bearer\s+)[^\s"'\\]+/gi, "$1[token]");
}

/** What is said of an error in a log line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return redact(String(error));
  const cause = error.cause === undefined ? "" : ` (${describeError(error.cause)})`;
  return redact(`${error.name}: ${error.message}`) + cause;
}
