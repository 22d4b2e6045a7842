// renderer/Dockerfile without a container engine: what it copies and runs makes a renderer that is healthy, renders as
// a user without rights or home, and hands back what it had when it is stopped.

import { assert, assertEquals, assertMatch, eventually } from "../assert.ts";
import { jpeg, renderId, serveBytes, smallSpec, startFakeHost } from "../renderer/support.ts";
import { buildImage, type Container, runContainer, STOP_PATIENCE_MS } from "./container.ts";
import { freePort } from "./free_port.ts";

const SECRET = "a-renderer-secret-of-the-image";

Deno.test("the image's renderer is healthy, renders as another user in an empty home, and stops in order with work in hand", async (t) => {
  await using host = startFakeHost();
  host.routes.set("/mug.jpg", serveBytes(await jpeg()));
  await using image = await buildImage();
  assertEquals(
    image.file.base,
    `denoland/deno:debian-${Deno.version.deno}`,
    "the version that the tests run on",
  );
  assert(image.file.user !== "root" && image.file.user !== "0", "the image runs as root");
  const options = {
    port: freePort(),
    // As while it is rotated.
    env: {
      RENDERER_SECRET: `the-new-one,${SECRET}`,
      RENDERER_ALLOW_ORIGINS: host.origin,
      RENDERER_CAPACITY: "1",
    },
  };
  const spec = (duration_s: number) => smallSpec(host, { duration_s });
  const waiting = renderId();

  await t.step("it starts as written, and its health check says so", async () => {
    const container = await runContainer(image, options);
    try {
      assertEquals(await container.checkHealth(), 0);
      if (Deno.uid() === 0) assert(await container.user() !== 0, "the process runs as root");
      const id = renderId();
      assertEquals((await call(container, id, spec(1))).status, 202);
      assertEquals(await ended(container, id), "completed");
      assertEquals(host.uploaded.size, 3);
    } finally {
      await container.stop();
    }
    assertEquals(await container.checkHealth(), 1);
  });

  await t.step(
    "SIGTERM ends it in order within Docker's patience, and hands back the render it had",
    async () => {
      const container = await runContainer(image, options);
      try {
        await call(container, waiting, spec(60));
        await eventually(async () => (await state(container, waiting)).progress > 0, { timeoutMs: 60_000 });
        const poll = state(container, waiting, 20);
        const stopped = await container.stop();
        assertEquals([stopped.code, stopped.signal], [0, null], container.output());
        assert(stopped.afterMs < STOP_PATIENCE_MS, `it took ${stopped.afterMs} ms`);
        assertMatch((await poll).status, /^(running|cancelled)$/);
      } finally {
        await container.stop();
      }
    },
  );

  await t.step("started again it knows nothing of that render, and takes it anew", async () => {
    const container = await runContainer(image, options);
    try {
      assertEquals((await call(container, waiting)).status, 404);
      assertEquals((await call(container, waiting, spec(1))).status, 202);
      assertEquals(await ended(container, waiting), "completed");
    } finally {
      await container.stop();
    }
  });
});

async function call(container: Container, id: string, spec?: unknown): Promise<Response> {
  return await fetch(`${container.origin}/v1/renders/${id}`, {
    method: spec ? "PUT" : "GET",
    headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json" },
    ...(spec ? { body: JSON.stringify(spec) } : {}),
  });
}

async function state(
  container: Container,
  id: string,
  waitS = 0,
): Promise<{ status: string; progress: number }> {
  const response = await fetch(`${container.origin}/v1/renders/${id}?wait_s=${waitS}`, {
    headers: { authorization: `Bearer ${SECRET}` },
  });
  return await response.json();
}

async function ended(container: Container, id: string): Promise<string> {
  const final = await eventually(async () => {
    const { status } = await state(container, id, 10);
    return status === "queued" || status === "running" ? null : status;
  }, { timeoutMs: 120_000, what: "the render ends" });
  return final;
}
