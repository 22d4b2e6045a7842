// One render in a process of its own: fetch, compose, publish, upload. Orders come on stdin, reports go to stdout;
// when stdin closes (the service is gone) the process ends and takes its children with it.

import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { RenderResult } from "../supabase/functions/_shared/contracts/render_spec.ts";
import { killGroup } from "./child_command.ts";
import { readFinished, removeFolder, writeFinished } from "./finished_renders.ts";
import { readLines } from "./lines.ts";
import { describeError } from "./log.ts";
import type { AddressRules } from "./pictures/address_rules.ts";
import { download, DownloadFailed, PICTURE_LIMITS } from "./pictures/download.ts";
import { gatherPictures } from "./pictures/gather.ts";
import { renderErrorOf, RenderFailure } from "./render_failure.ts";
import { upload } from "./upload.ts";
import { composeVideo } from "./video/compose.ts";
import { FINISHED_FILES, FreshUploads, RenderOrder, type WorkerReport } from "./worker_protocol.ts";

type Uploads = RenderOrder["spec"]["uploads"];

/** A minute of speech is 2 MB of WAV; nothing honest comes near this. */
const VOICE_LIMITS = { ...PICTURE_LIMITS, timeoutMs: 30_000 };

const stdout = new TextEncoder();

function report(line: WorkerReport): void {
  // Synchronous: the last report must be out before the process ends.
  const bytes = stdout.encode(JSON.stringify(line) + "\n");
  for (let sent = 0; sent < bytes.length;) sent += Deno.stdout.writeSync(bytes.subarray(sent));
}

async function render(order: RenderOrder, uploads: () => Uploads): Promise<RenderResult> {
  const rules: AddressRules = { allowOrigins: order.allowOrigins };
  const { signal } = new AbortController();
  const kept = await readFinished(order.finishedFolder);
  // Without its state the folder is of no use, and would be in the way of the new one.
  if (!kept) await removeFolder(order.finishedFolder);
  const result = kept?.result ?? await compose(order, { rules, signal });
  report({ type: "progress", progress: 95, result });
  const kinds = ["video", "thumbnail", "subtitles"] as const;
  for (const [index, kind] of kinds.entries()) {
    const file = FINISHED_FILES[kind];
    await upload({
      path: join(order.finishedFolder, file.name),
      contentType: file.contentType,
      url: () => uploads()[kind],
      rules,
      signal,
    });
    report({ type: "progress", progress: [98, 99, 99.5][index] ?? 99.5 });
  }
  await writeFinished(order.finishedFolder, { result, uploaded: true });
  return result;
}

async function compose(
  order: RenderOrder,
  options: { rules: AddressRules; signal: AbortSignal },
): Promise<RenderResult> {
  const { spec, workFolder } = order;
  const voicePath = spec.voice ? join(workFolder, `voice.${spec.voice.format}`) : null;
  const [gathered] = await Promise.all([
    gatherPictures(spec.image_urls, {
      ...options,
      folder: workFolder,
      onProgress: (share) => report({ type: "progress", progress: 5 * share }),
    }),
    spec.voice && voicePath ? fetchVoice(spec.voice.url, { ...options, path: voicePath }) : undefined,
  ]);
  const output = join(workFolder, "output");
  await mkdir(output, { recursive: true });
  const made = await composeVideo({
    spec,
    pictures: gathered.pictures,
    voicePath,
    folder: output,
    ffmpegPath: order.ffmpegPath,
    signal: options.signal,
    onProgress: (percent) => report({ type: "progress", progress: 5 + 0.9 * clampPercent(percent) }),
  });
  const result = { ...made.result, warnings: [...gathered.warnings, ...(made.result.warnings ?? [])] };
  await publish(made, { result, workFolder, finishedFolder: order.finishedFolder });
  return result;
}

/** The files appear under their final folder all at once, or not at all. */
async function publish(
  made: { videoPath: string; thumbnailPath: string; subtitlesPath: string },
  options: { result: RenderResult; workFolder: string; finishedFolder: string },
): Promise<void> {
  const folder = join(options.workFolder, "finished");
  await mkdir(folder);
  await rename(made.videoPath, join(folder, FINISHED_FILES.video.name));
  await rename(made.thumbnailPath, join(folder, FINISHED_FILES.thumbnail.name));
  await rename(made.subtitlesPath, join(folder, FINISHED_FILES.subtitles.name));
  await writeFinished(folder, { result: options.result, uploaded: false });
  await rename(folder, options.finishedFolder);
}

async function fetchVoice(
  url: string,
  options: { path: string; rules: AddressRules; signal: AbortSignal },
): Promise<void> {
  try {
    await download(url, { ...options, limits: VOICE_LIMITS });
  } catch (error) {
    if (!(error instanceof DownloadFailed)) throw error;
    throw new RenderFailure("storage_unavailable", `The voiceover could not be fetched: ${error.message}.`, {
      retryable: true,
      cause: error,
    });
  }
}

function clampPercent(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}

/** Ends this process and what it started, at once: it was started as the head of a process group. */
function endWithChildren(): void {
  killGroup(Deno.pid);
}

async function main(): Promise<void> {
  const lines = readLines(Deno.stdin.readable);
  const first = await lines.next();
  if (first.done) return endWithChildren();
  const order = RenderOrder.parse(JSON.parse(first.value));
  // From here the paths of sockets are short, however deep the folder lies.
  Deno.chdir(order.workFolder);
  let uploads = order.spec.uploads;
  const listening = (async () => {
    for await (const line of lines) {
      const fresh = FreshUploads.safeParse(JSON.parse(line));
      if (fresh.success) uploads = fresh.data.uploads;
    }
    endWithChildren();
  })();
  listening.catch(endWithChildren);
  try {
    report({ type: "completed", result: await render(order, () => uploads) });
    Deno.exit(0);
  } catch (error) {
    report({ type: "failed", error: renderErrorOf(error), cause: describeError(error) });
    endWithChildren();
  }
}

if (import.meta.main) await main();
