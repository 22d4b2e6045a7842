// Encoding where something breaks: an ffmpeg that stalls, one that ends early, a frame that cannot be drawn.

import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { encodeVideo } from "../../renderer/video/encode.ts";
import { renderErrorOf } from "../../renderer/render_failure.ts";
import { testFfmpegPath } from "../support/video_probe.ts";
import { sampleSpec, withFolder } from "./specs.ts";

const FRAME_BYTES = 1080 * 1920 * 3 / 2;

/** A program that does what the shell is told, in ffmpeg's place. */
async function stubFfmpeg(folder: string, script: string): Promise<string> {
  const path = `${folder}/stub_ffmpeg`;
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

async function encode(
  folder: string,
  options: {
    ffmpegPath: string;
    draw?: (frame: number) => Promise<Uint8Array<ArrayBuffer>>;
    onPid?(pid: number): void;
    stalledMs?: number;
  },
): Promise<void> {
  const soundPath = `${folder}/sound.s16le`;
  await Deno.writeFile(soundPath, new Uint8Array(48_000 * 4));
  await encodeVideo(sampleSpec({ duration_s: 1 }), {
    ffmpegPath: options.ffmpegPath,
    signal: new AbortController().signal,
    onChildProcess: options.onPid,
    soundPath,
    videoPath: `${folder}/video.mp4`,
    folder,
    frames: 30,
    draw: options.draw ?? (() => Promise.resolve(new Uint8Array(FRAME_BYTES))),
    onFrame: () => {},
    stalledMs: options.stalledMs ?? 400,
  });
}

Deno.test("an ffmpeg that takes no frame any more is ended, and the render is worth another try", async () => {
  await withFolder(async (folder) => {
    let pid = 0;
    const ffmpegPath = await stubFfmpeg(folder, "exec sleep 1000");
    const error = await assertRejects(() => encode(folder, { ffmpegPath, onPid: (id) => pid = id }));
    assertMatch(error.message, /^ffmpeg stalled/);
    assertEquals(renderErrorOf(error).retryable, true);
    await assertRejects(() => Deno.stat(`/proc/${pid}/exe`), "it lives on");
  });
});

Deno.test("an ffmpeg that takes all frames and then does not end is ended too", async () => {
  await withFolder(async (folder) => {
    const drain = new URL("../support/draining_encoder.ts", import.meta.url).pathname;
    const ffmpegPath = await stubFfmpeg(
      folder,
      `exec '${Deno.execPath()}' run -A --no-check '${drain}' "$@"`,
    );
    let drawn = 0;
    const draw = (frame: number) => {
      drawn = frame + 1;
      return Promise.resolve(new Uint8Array(FRAME_BYTES));
    };
    const error = await assertRejects(() => encode(folder, { ffmpegPath, draw }));
    assertMatch(error.message, /^ffmpeg stalled/);
    assertEquals(drawn, 30);
  });
});

Deno.test("an ffmpeg that ends early is quoted, not the broken pipe", async () => {
  await withFolder(async (folder) => {
    const ffmpegPath = await stubFfmpeg(folder, "echo 'No space left on device' >&2; exit 1");
    const error = await assertRejects(() => encode(folder, { ffmpegPath }));
    assertMatch(error.message, /ended with 1: No space left on device/);
    assertEquals(
      renderErrorOf(error).message,
      "The machine that makes the videos has no room left on its disk.",
    );
  });
});

Deno.test("an ffmpeg that ends well before its last frame is a failure, not a video", async () => {
  await withFolder(async (folder) => {
    const ffmpegPath = await stubFfmpeg(folder, "exit 0");
    const error = await assertRejects(() => encode(folder, { ffmpegPath }));
    assertEquals(error.message, "ffmpeg ended before its last frame");
  });
});

Deno.test("nothing but sound and video is left in the folder of an encoding, and its socket may lie deep", async () => {
  await withFolder(async (folder) => {
    const deep = `${folder}/${"deep".repeat(30)}`;
    await Deno.mkdir(deep);
    const before = Deno.cwd();
    Deno.chdir(deep);
    try {
      await encode(deep, { ffmpegPath: testFfmpegPath(), stalledMs: 60_000 });
    } finally {
      Deno.chdir(before);
    }
    const left = (await Array.fromAsync(Deno.readDir(deep))).map(({ name }) => name);
    assertEquals(left.sort(), ["sound.s16le", "video.mp4"]);
  });
});

Deno.test("a frame that cannot be drawn is the failure that is told, and ffmpeg is ended", async () => {
  await withFolder(async (folder) => {
    let pid = 0;
    const draw = (frame: number) =>
      frame < 5 ? Promise.resolve(new Uint8Array(FRAME_BYTES)) : Promise.reject(new Error("no picture"));
    const ffmpegPath = testFfmpegPath();
    const error = await assertRejects(() => encode(folder, { ffmpegPath, draw, onPid: (id) => pid = id }));
    assertEquals(error.message, "no picture");
    assert(pid > 0);
    await assertRejects(() => Deno.stat(`/proc/${pid}/exe`), "it lives on");
  });
});
