// docs/deploy.md followed word for word: each of its blocks is run, in order, in one shell, against stand-ins on loopback.

import { join } from "node:path";
import { assert, assertEquals, assertMatch, eventually } from "../assert.ts";
import { buildImage, type Container, type Image, runContainer } from "./container.ts";
import { NOT_RUN, type StandIns, type Step, stepsOf, substitutions } from "./deploy_page.ts";
import { freePort } from "./free_port.ts";
import { type HostedProject, startHostedProject } from "./hosted_project.ts";
import { readBlocks } from "./page.ts";
import { type Said, startShell } from "./shell.ts";
import { assertNoComplaint, PROJECT_REF, withCli } from "./supabase_cli.ts";

const PAGE = new URL("../../docs/deploy.md", import.meta.url);
const OPERATORS_PAGE = new URL("../../docs/operate.md", import.meta.url);

/** What a step must have done beside ending well. */
type Check = (said: Said, reached: { project: HostedProject; workdir: string }) => Promise<void> | void;

const CHECKS: Partial<Record<Step, Check>> = {
  renderer: ({ stdout }) => assertMatch(stdout, /"status":"ok"/),
  secrets: (_said, { project }) => {
    const names = ["RENDERER_SECRET", "RENDERER_URL", "WALL_CLOCK_S"];
    assertEquals([...project.management.secrets.keys()].sort(), names);
  },
  vault: async (_said, { project }) => {
    // The page lets half a minute go by; the next step's answer has to show the sweep.
    await eventually(async () => {
      const [row] = await project.sql`select last_sweep_at from private.operations limit 1`;
      return row?.last_sweep_at;
    }, { timeoutMs: 30_000, what: "the schedule sweeps once Vault has its entries" });
  },
  sweep: ({ stdout }) => assertMatch(stdout, /\d{4}-\d\d-\d\d/),
  deploy: (_said, { project }) =>
    assertEquals([...project.management.uploads.keys()].sort(), [
      "batch-generate",
      "batch-status",
      "process-next",
    ]),
  refusal: ({ stdout }) => assertMatch(stdout, /"code":"unauthenticated"/),
  batch: ({ stdout }) => assertEquals(JSON.parse(stdout).total, 2),
  end: async ({ stdout }, { project, workdir }) => {
    assertMatch(stdout, /^succeeded$/m, project.logs());
    const video = await Deno.readFile(join(workdir, "first.mp4"));
    assertEquals(new TextDecoder().decode(video.subarray(4, 8)), "ftyp");
    assert(video.length > 100_000, `first.mp4 has ${video.length} bytes`);
  },
};

Deno.test("the deploy page, followed word for word, ends with a video", async (t) => {
  const steps = stepsOf(readBlocks(await Deno.readTextFile(PAGE)));
  for (const [begins, because] of Object.entries(NOT_RUN)) console.log(`not run: ${begins}…: ${because}`);
  await using project = await startHostedProject();
  await using docker = startDockerStandIn({ allowOrigins: project.url });
  const standIns: StandIns = {
    projectRef: PROJECT_REF,
    supabaseUrl: project.url,
    publishableKey: project.publishableKey,
    secretKey: project.secretKey,
    databaseUrl: `${project.databaseUrl}?sslmode=disable`,
    rendererPort: freePort(),
    pictureUrl: `${project.url}/samples/pictures/halo_lamp.jpg`,
  };
  await withCli(async ({ workdir, env }) => {
    await using shell = startShell({
      cwd: workdir,
      folder: join(workdir, ".."),
      // The terminal's answer to whatever asks before it changes the project; the page says so.
      env: { ...env, SUPABASE_YES: "true" },
      prelude: `docker() { printf '%s\\0' "$@" | curl -sS --fail-with-body --data-binary @- ${docker.url}; }`,
    });
    const unused = new Set(substitutions(standIns).map(([before]) => before));
    for (const { step, block } of steps) {
      let text = block.text;
      for (const [before, after] of substitutions(standIns)) {
        if (text.includes(before)) unused.delete(before);
        text = text.replaceAll(before, after);
      }
      const passed = await t.step(`${step}: ${block.firstLine}`, async () => {
        const said = await shell.run(text);
        assertEquals(said.failed, [], said.stdout + said.stderr + docker.output() + project.logs());
        assertNoComplaint(said.stderr);
        await CHECKS[step]?.(said, { project, workdir });
      });
      // The next ones stand on it.
      if (!passed) break;
    }
    assertEquals([...unused], [], "substituted for nothing");
    await t.step("the operators' page goes on in the same terminal", async () => {
      const blocks = readBlocks(await Deno.readTextFile(OPERATORS_PAGE));
      assert(blocks.length >= 3, "the operators' page has lost its blocks");
      for (const { text } of blocks) {
        const said = await shell.run(text);
        assertEquals(said.failed, [], said.stdout + said.stderr);
        assertNoComplaint(said.stderr);
      }
      const [changed] = await project
        .sql`select value from private.settings where name = 'max_requests_per_minute'`;
      assertEquals(Number(changed?.value), 100);
    });
  }, { apiUrl: project.management.url });
});

interface DockerStandIn extends AsyncDisposable {
  url: string;
  output(): string;
}

/** `docker build` and `docker run` of the page, as functions of the shell that ask here. */
function startDockerStandIn({ allowOrigins }: { allowOrigins: string }): DockerStandIn {
  let image: Image | null = null;
  let container: Container | null = null;
  const commands: Record<string, (args: string[]) => Promise<void>> = {
    async build(args) {
      assertEquals(args, ["-f", "renderer/Dockerfile", "-t", "reelbatch-renderer", "."]);
      image = await buildImage();
    },
    async run(args) {
      assert(image, "docker run before docker build");
      const values = (flag: string) => args.flatMap((arg, index) => arg === flag ? [args[index + 1]!] : []);
      const env = Object.fromEntries(values("-e").map((each) => each.split("=", 2) as [string, string]));
      const [port] = values("-p").map((each) => Number(each.split(":")[0]));
      assertEquals(args.at(-1), "reelbatch-renderer");
      // The project itself is on loopback here, which the renderer refuses unless it is told.
      container = await runContainer(image, {
        port: port!,
        env: { ...env, RENDERER_ALLOW_ORIGINS: allowOrigins },
      });
    },
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const [name = "", ...args] = (await request.text()).split("\0").slice(0, -1);
    try {
      const command = commands[name];
      if (!command) throw new Error(`docker ${name} has no stand-in here`);
      await command(args);
      return new Response("");
    } catch (error) {
      return new Response(`docker ${name}: ${error}\n`, { status: 500 });
    }
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    output: () => container?.output() ?? "",
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await container?.stop();
      await image?.[Symbol.asyncDispose]();
    },
  };
}
