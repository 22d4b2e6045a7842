// Encoding where something breaks: an ffmpeg that stalls, one that ends early, a frame or a sound that cannot be made.

import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { encodeVideo } from "../../renderer/video/encode.ts";
import { readMp4 } from "../../renderer/video/mp4.ts";
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

/** Raw samples. */
async function* silence(seconds: number): AsyncIterable<Uint8Array<ArrayBuffer>> {
  yield await Promise.resolve(new Uint8Array(48_000 * 4 * seconds));
}

async function encode(
  folder: string,
  options: {
    ffmpegPath: string;
    draw?: (frame: number) => Promise<Uint8Array<ArrayBuffer>>;
    sound?: AsyncIterable<Uint8Array<ArrayBuffer>>;
    onPid?(pid: number): void;
    stalledMs?: number;
  },
): Promise<void> {
  await encodeVideo(sampleSpec({ duration_s: 1 }), {
    ffmpegPath: options.ffmpegPath,
    signal: new AbortController().signal,
    onChildProcess: options.onPid,
    sound: options.sound ?? silence(1),
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

Deno.test("nothing but the video is left in the folder of an encoding, and its sockets may lie deep", async () => {
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
    assertEquals(left, ["video.mp4"]);
  });
});

Deno.test("frames are encoded while the sound is still being made, but none before it begins", async () => {
  await withFolder(async (folder) => {
    let taken = -1;
    let seenAtFirst = -1;
    const enough = Promise.withResolvers<void>();
    async function* sound() {
      await new Promise((resolve) => setTimeout(resolve, 50));
      seenAtFirst = taken;
      yield* silence(0.5);
      await enough.promise;
      yield* silence(0.5);
    }
    await encode(folder, {
      ffmpegPath: testFfmpegPath(),
      sound: sound(),
      draw: (frame) => {
        // The one before is on its way, and the one before that was taken.
        taken = frame - 2;
        if (taken === 20) enough.resolve();
        return Promise.resolve(new Uint8Array(FRAME_BYTES));
      },
      stalledMs: 60_000,
    });
    assert(seenAtFirst < 0, `${seenAtFirst} was taken before there was sound`);
    const { tracks } = await readMp4(`${folder}/video.mp4`);
    assertEquals(tracks.map(({ kind }) => kind), ["video", "audio"]);
    for (const track of tracks) assert(Math.abs(track.duration_s - 1) < 0.05, `${track.kind}`);
  });
});

Deno.test("a sound that cannot be made is the failure that is told, at its beginning or later, and ffmpeg is ended", async () => {
  for (const pieces of [0, 1]) {
    await withFolder(async (folder) => {
      let pid = 0;
      async function* sound() {
        for (let i = 0; i < pieces; i++) yield* silence(0.2);
        await Promise.reject(new Error("no voice"));
      }
      const draw = async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return new Uint8Array(FRAME_BYTES);
      };
      const options = { ffmpegPath: testFfmpegPath(), draw, sound: sound(), onPid: (id: number) => pid = id };
      const error = await assertRejects(() => encode(folder, { ...options, stalledMs: 60_000 }));
      assertEquals(error.message, "no voice");
      assert(pid > 0);
      await assertRejects(() => Deno.stat(`/proc/${pid}/exe`), "it lives on");
    });
  }
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
