// `deno task test [paths…]`: runs the suite, and closes with one line that counts the tests.

import { startTestServer } from "../tests/support/database.ts";
import { TextLineStream } from "./text_lines.ts";

// One Postgres for all files: each test has a database of its own in it.
const server = await startTestServer();
const paths = Deno.args.length > 0 ? Deno.args : ["tests"];
const child = new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--no-check", ...paths],
  env: { NO_COLOR: "1", TEST_DATABASE_SERVER_URL: server.url },
  stdin: "null",
  stdout: "piped",
  stderr: "inherit",
}).spawn();

/** Deno's own summary: `ok | 12 passed (3 steps) | 1 failed | 2 ignored (4s)`. */
const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(?:.*? \| (\d+) ignored)?/;
let summary: RegExpMatchArray | null = null;
const encoder = new TextEncoder();
for await (const line of child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(TextLineStream())) {
  await Deno.stdout.write(encoder.encode(line + "\n"));
  summary = line.match(SUMMARY) ?? summary;
}
const { code } = await child.status;
await server.stop();
if (summary) {
  const [, passed, failed, skipped] = summary;
  console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
} else {
  console.log("0 passed, 1 failed");
}
Deno.exit(summary ? code : code || 1);
