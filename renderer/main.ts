// The renderer's entry: settings, parts, server, and an orderly end.

import { availableParallelism } from "node:os";
import { createApp } from "./app.ts";
import { readEnvironment } from "./environment.ts";
import { findFfmpeg } from "./ffmpeg_binary.ts";
import { createLogger, describeError } from "./log.ts";
import { startRenderProcess } from "./render_process.ts";
import { createRenderQueue } from "./render_queue.ts";
import { createSpeech } from "./speech/speech.ts";

const DROP_EVERY_MS = 10_000;

const settings = readEnvironment();
const log = createLogger({ secrets: settings.secrets });
await Deno.mkdir(settings.dataDir, { recursive: true });
const ffmpegPath = await findFfmpeg({ ...settings, named: settings.ffmpegPath });
const queue = createRenderQueue({ ...settings, ffmpegPath, start: startRenderProcess, log });
await queue.recover();
const speak = createSpeech({ parallel: availableParallelism(), waiting: 64 });
const app = createApp({ queue, speak, secrets: settings.secrets, log, capacity: settings.capacity });

const dropping = setInterval(() => {
  queue.dropUnasked().catch((error) => log.error("dropping failed", { cause: describeError(error) }));
}, DROP_EVERY_MS);

const server = Deno.serve({
  port: settings.port,
  onListen: ({ port }) => console.log(JSON.stringify({ event: "listening", port })),
}, app.fetch);

let ending = false;

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  log.info("stopping", queue.counts());
  clearInterval(dropping);
  await queue.stop();
  // Long polls were answered by the stop; a kept-alive connection must not hold the end up.
  await Promise.race([server.shutdown(), new Promise((resolve) => setTimeout(resolve, 1_000))]);
  Deno.exit(0);
}

for (const name of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(name, () => void end());
