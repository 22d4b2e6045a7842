// Renders over real HTTP: made and stored, cancelled, found again, made anew.

import { join, relative } from "node:path";
import { assert, assertEquals, assertMatch, eventually } from "../assert.ts";
import { SpeechAnswer } from "../../supabase/functions/_shared/contracts/speech.ts";
import { silentMp3 } from "../fakes/mp3_files.ts";
import {
  descendantsOf,
  jpeg,
  renderId,
  scratchFolder,
  serveBytes,
  smallSpec,
  startFakeHost,
  startRenderer,
  survivors,
} from "./support.ts";
import { sampleVoice } from "../video/specs.ts";

async function entriesOf(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).sort();
}

/** The renderer's children, once ffmpeg is among them. */
async function workingOn(pid: number) {
  const children = await descendantsOf(pid);
  return children.some((child) => child.name.startsWith("ffmpeg")) ? children : null;
}

Deno.test("a render ends as three stored files, and says so only then", async () => {
  await using host = startFakeHost();
  host.routes.set("/mug.jpg", serveBytes(await jpeg()));
  await using folder = await scratchFolder();
  await using renderer = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  const id = renderId();
  const spec = smallSpec(host, { image_urls: [`${host.origin}/mug.jpg`, `${host.origin}/gone.jpg`] });

  const accepted = await renderer.put(id, spec);
  assertEquals(accepted.status, 202);
  assertEquals((await accepted.json()).render_id, id);
  const seen: number[] = [];
  let state = await renderer.state(id);
  while (state.status === "queued" || state.status === "running") {
    seen.push(state.progress);
    state = await renderer.state(id, 20);
  }

  assertEquals(state.error ?? null, null);
  assertEquals(state.status, "completed");
  assertEquals(state.progress, 100);
  assertEquals([state.result?.width, state.result?.height], [1080, 1920]);
  assertMatch(state.result?.warnings[0] ?? "", /^Picture 2 could not be fetched: its host answered 404/);
  assert(seen.length > 3, `progress was seen ${seen.length} times`);
  assertEquals(seen, [...seen].sort((a, b) => a - b));
  const sizes = Object.values(spec.uploads).map((url) =>
    host.uploaded.get(new URL(url ?? "").pathname)?.length ?? 0
  );
  assertEquals(sizes[0], state.result?.size_bytes);
  assert(sizes.every((size) => size > 0), `uploaded sizes ${sizes}`);
  const types = host.requests.filter((request) => request.method === "PUT").map((each) => each.contentType);
  assertEquals(types, ["video/mp4", "image/jpeg", "application/x-subrip"]);
  assertEquals(await entriesOf(`${folder.path}/work`), []);
  assert(!renderer.output().includes("secret-upload-token"), "a signed token reached the log");

  const again = await (await renderer.put(id, spec)).json();
  assertEquals(again.status, "completed");
  await renderer.kill("SIGKILL");
  await using restarted = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  assertEquals((await restarted.state(id)).result, state.result);
});

Deno.test("a renderer whose folder lies deep and is named from where it started renders like any other", async () => {
  await using host = startFakeHost();
  host.routes.set("/mug.jpg", serveBytes(await jpeg()));
  await using folder = await scratchFolder();
  const dataDir = relative(Deno.cwd(), join(folder.path, "deep/".repeat(25)));
  await using renderer = await startRenderer({ dataDir, allowOrigins: [host.origin] });
  const id = renderId();
  await renderer.put(id, smallSpec(host, { image_urls: [`${host.origin}/mug.jpg`] }));
  const state = await renderer.ended(id);
  assertEquals([state.status, state.error ?? null], ["completed", null]);
  assertEquals(await entriesOf(join(folder.path, "deep/".repeat(25), "work")), []);
});

Deno.test("a cancelled render leaves neither ffmpeg nor files within 2 s", async () => {
  await using host = startFakeHost();
  host.routes.set("/mug.jpg", serveBytes(await jpeg()));
  await using folder = await scratchFolder();
  await using renderer = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  const id = renderId();
  await renderer.put(id, smallSpec(host, { duration_s: 60 }));
  await eventually(async () => (await renderer.state(id)).progress > 6, { timeoutMs: 60_000 });
  const working = await eventually(() => workingOn(renderer.pid));

  const waiting = renderer.state(id, 20);
  const started = performance.now();
  const response = await renderer.call(`/v1/renders/${id}`, { method: "DELETE" });
  assertEquals(response.status, 204);
  assert(performance.now() - started < 2_000);
  assertEquals(await survivors(working), []);
  assertEquals((await waiting).status, "cancelled");
  assertEquals(await entriesOf(`${folder.path}/work`), []);
  assertEquals(host.uploaded.size, 0);
});

Deno.test("a renderer that is killed takes its renders' processes with it, and leaves no files to the next", async () => {
  await using host = startFakeHost();
  host.routes.set("/mug.jpg", serveBytes(await jpeg()));
  await using folder = await scratchFolder();
  await using renderer = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  const id = renderId();
  await renderer.put(id, smallSpec(host, { duration_s: 60 }));
  await eventually(async () => (await renderer.state(id)).progress > 6, { timeoutMs: 60_000 });
  const working = await eventually(() => workingOn(renderer.pid));

  await renderer.kill("SIGKILL");
  await eventually(async () => (await survivors(working)).length === 0, { timeoutMs: 5_000 });
  await using restarted = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  assertEquals((await restarted.call(`/v1/renders/${id}`)).status, 404);
  assertEquals(await entriesOf(folder.path), ["finished"]);
});

Deno.test("a finished video whose upload failed is uploaded, not made again, under fresh URLs", async () => {
  await using host = startFakeHost();
  host.routes.set("/mug.jpg", serveBytes(await jpeg()));
  host.routes.set(
    "/expired",
    () => Response.json({ statusCode: "403", error: "InvalidJWT" }, { status: 400 }),
  );
  await using folder = await scratchFolder();
  await using renderer = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  const id = renderId();
  const spec = smallSpec(host);
  await renderer.put(id, { ...spec, uploads: { ...spec.uploads, video: `${host.origin}/expired?token=t` } });
  const failed = await renderer.ended(id);
  assertEquals(failed.error?.code, "storage_unavailable");
  assertEquals(failed.error?.retryable, true);

  await renderer.kill("SIGKILL");
  const pictureRequests = host.requests.filter((request) => request.path === "/mug.jpg").length;
  await using restarted = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  await restarted.put(id, spec);
  assertEquals((await restarted.ended(id)).status, "completed");
  assertEquals(host.requests.filter((request) => request.path === "/mug.jpg").length, pictureRequests);
  assertEquals(host.uploaded.size, 3);
});

Deno.test("an ffmpeg that is killed from outside is a failure worth another try, which succeeds", async () => {
  await using host = startFakeHost();
  host.routes.set("/mug.jpg", serveBytes(await jpeg()));
  await using folder = await scratchFolder();
  await using renderer = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  const id = renderId();
  const spec = smallSpec(host, { duration_s: 3 });
  await renderer.put(id, spec);
  const working = await eventually(() => workingOn(renderer.pid), { everyMs: 10 });
  for (const { pid, name } of working) if (name.startsWith("ffmpeg")) Deno.kill(pid, "SIGKILL");
  const failed = await renderer.ended(id);
  assertEquals([failed.error?.code, failed.error?.retryable], ["render_failed", true]);
  await renderer.put(id, spec);
  assertEquals((await renderer.ended(id)).status, "completed");
});

Deno.test("SIGTERM answers those who wait, ends the work and its processes, and exits with 0", async () => {
  await using host = startFakeHost();
  host.routes.set("/mug.jpg", serveBytes(await jpeg()));
  await using folder = await scratchFolder();
  await using renderer = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  const id = renderId();
  await renderer.put(id, smallSpec(host, { duration_s: 60 }));
  const working = await eventually(() => workingOn(renderer.pid));
  const waiting = renderer.state(id, 20).then((state) => state.status, () => "gone");
  const started = performance.now();
  const { code } = await renderer.kill("SIGTERM");
  assertEquals(code, 0);
  assert(performance.now() - started < 5_000);
  assert(["running", "cancelled", "gone"].includes(await waiting));
  assertEquals(await survivors(working), []);
  assertEquals(await entriesOf(`${folder.path}/work`), []);
});

Deno.test("the offline voice is spoken into a render; a voice that cannot be fetched is worth another try", async () => {
  await using host = startFakeHost();
  host.routes.set("/mug.jpg", serveBytes(await jpeg()));
  await using folder = await scratchFolder();
  await using renderer = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  const spoken = await renderer.call("/v1/speech", {
    method: "POST",
    body: JSON.stringify({ text: "Blue mug.", language: "en" }),
  });
  assertEquals(spoken.status, 200);
  const { format, audio_base64, duration_s } = SpeechAnswer.parse(await spoken.json());
  host.routes.set(
    "/voice",
    serveBytes(Uint8Array.from(atob(audio_base64), (c) => c.charCodeAt(0)), "audio/wav"),
  );
  const voice = { url: `${host.origin}/voice?token=t`, format, start_s: 0.2, tempo: 1, cut_at_s: null };

  const [heard, mute] = [renderId(), renderId()];
  await renderer.put(heard, smallSpec(host, { duration_s: 2, voice }));
  const gone = { ...voice, url: `${host.origin}/no-voice?token=t` };
  await renderer.put(mute, smallSpec(host, { voice: gone }));
  const completed = await renderer.ended(heard);
  assertEquals([completed.status, completed.error ?? null], ["completed", null]);
  assert(duration_s < 2);
  const failed = await renderer.ended(mute);
  assertEquals([failed.error?.code, failed.error?.retryable], ["storage_unavailable", true]);
});

Deno.test("a voice that is no sound, or silent, is the voice's failure: worth another recording", async () => {
  await using host = startFakeHost();
  host.routes.set("/mug.jpg", serveBytes(await jpeg()));
  const noise = new Uint8Array(new TextEncoder().encode("<html>no voice</html>".repeat(500)));
  host.routes.set("/noise", serveBytes(noise, "audio/mpeg"));
  host.routes.set("/silence", serveBytes(new Uint8Array(silentMp3(2)), "audio/mpeg"));
  await using folder = await scratchFolder();
  await using renderer = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  for (const name of ["noise", "silence"]) {
    const voice = {
      url: `${host.origin}/${name}?token=t`,
      format: "mp3" as const,
      start_s: 0.2,
      tempo: 1,
      cut_at_s: null,
    };
    const id = renderId();
    await renderer.put(id, smallSpec(host, { voice }));
    const { status, error } = await renderer.ended(id);
    assertEquals([status, error], ["failed", {
      code: "voiceover_failed",
      message: "The recording of the voice cannot be played.",
      retryable: true,
    }], name);
  }
  assertEquals([...host.uploaded.keys()], []);
});

/** A file system of its own in memory, on which little has room. */
async function smallDisk(kilobytes: number) {
  const folder = await scratchFolder();
  const mount = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("mount", { args }).output();
    assert(success, new TextDecoder().decode(stderr));
  };
  await mount("-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", folder.path);
  return {
    path: folder.path,
    grow: () => mount("-o", "remount,size=64m", folder.path),
    async [Symbol.asyncDispose]() {
      const { success } = await new Deno.Command("umount", { args: [folder.path] }).output();
      assert(success, `${folder.path} is still in use`);
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test({
  name: "a full disk is a clear failure at every stage and leaves no files; with room the next try succeeds",
  // Only root may mount.
  ignore: Deno.uid() !== 0,
  async fn() {
    await using host = startFakeHost();
    host.routes.set("/mug.jpg", serveBytes(await jpeg({ width: 1600, height: 1600 })));
    host.routes.set("/voice", serveBytes(new Uint8Array(sampleVoice(4)), "audio/wav"));
    const url = `${host.origin}/voice?token=t`;
    const voice = { url, format: "wav" as const, start_s: 0.2, tempo: 1, cut_at_s: null };
    // What has no room: the download; the decoded picture (7,500 kB); the voice as it is levelled (900 kB); the video (360 kB).
    const stages = [{ kilobytes: 8 }, { kilobytes: 3000 }, { kilobytes: 8000, voice }, { kilobytes: 7700 }];
    for (const { kilobytes, ...rest } of stages) {
      await using disk = await smallDisk(kilobytes);
      await using renderer = await startRenderer({ dataDir: disk.path, allowOrigins: [host.origin] });
      const id = renderId();
      const spec = smallSpec(host, { duration_s: 5, ...rest });
      await renderer.put(id, spec);
      const { status, error } = await renderer.ended(id);
      assertEquals([status, error], ["failed", {
        code: "render_failed",
        message: "The machine that makes the videos has no room left on its disk.",
        retryable: true,
      }], renderer.output());
      assertEquals(await entriesOf(`${disk.path}/work`), []);
      assertEquals(await entriesOf(`${disk.path}/finished`), []);
      await disk.grow();
      await renderer.put(id, spec);
      assertEquals((await renderer.ended(id)).status, "completed");
    }
    assertEquals(host.uploaded.size, 12);
  },
});
