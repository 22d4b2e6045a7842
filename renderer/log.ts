// JSON log lines. Queries of addresses (signed tokens) and secrets never reach them.

/** One JSON line an event. */
export interface Log {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** A logger whose lines never hold `secrets`; `write` takes one finished line. */
export function createLogger(
  options: { secrets: readonly string[]; write?: (line: string) => void },
): Log {
  const write = options.write ?? ((line: string) => console.log(line));
  function line(level: string, event: string, fields: Record<string, unknown> = {}): void {
    const entry = { at: new Date().toISOString(), level, service: "renderer", event, ...fields };
    const text = options.secrets.reduce(
      (text, secret) => text.replaceAll(secret, "[secret]"),
      JSON.stringify(entry),
    );
    write(redact(text));
  }
  return {
    info: (event, fields) => line("info", event, fields),
    warn: (event, fields) => line("warn", event, fields),
    error: (event, fields) => line("error", event, fields),
  };
}

/** Cuts the query, the fragment and the credentials off every address in a text, and bearer tokens too. */
export function redact(text: string): string {
  return text
    .replace(/(https?:\/\/)[^\s"'/\\@?#]*@/gi, "$1")
    .replace(/(https?:\/\/[^\s"'?#\\]*)[?#][^\s"'\\]*/gi, "$1")
    .replace(/\b(token|apikey|key|secret)=[^\s"'&\\]+/gi, "$1=[secret]")
    .replace(/\beyJ[\w-]+\.[\w-]+(\.[\w-]*)?/g, "[token]")
    .replace(/\b(bearer\s+)[^\s"'\\]+/gi, "$1[token]");
}

/** What is said of an error in a log line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return redact(String(error));
  const cause = error.cause === undefined ? "" : ` (${describeError(error.cause)})`;
  return redact(`${error.name}: ${error.message}`) + cause;
}
