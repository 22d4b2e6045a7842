// A function as the CLI uploaded it, unpacked and started by itself: as the platform does it, with no file of this checkout.

import { dirname, join } from "node:path";
import { eventually } from "../assert.ts";
import { freePort } from "./free_port.ts";
import type { Upload } from "./management_api.ts";

export interface DeployedFunction extends AsyncDisposable {
  origin: string;
  /** All that it wrote so far. */
  output(): string;
}

/** Resolves when it takes requests. `env` is all that it is told. */
export async function startDeployed(upload: Upload, env: Record<string, string>): Promise<DeployedFunction> {
  const folder = await Deno.makeTempDir({ prefix: "reelbatch-deployed-" });
  for (const [path, bytes] of upload.files) {
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
    await Deno.writeFile(join(folder, path), bytes);
  }
  const port = freePort();
  const { metadata } = upload;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", "--no-config", "--node-modules-dir=none"].concat(
      [`--import-map=${metadata.import_map_path}`, metadata.entrypoint_path],
    ),
    cwd: folder,
    clearEnv: true,
    env: { ...inherited(), ...env, DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let written = "";
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) written += text;
  });
  let ended = false;
  const status = child.status.then(() => ended = true);
  const stop = async () => {
    if (!ended) child.kill("SIGKILL");
    await Promise.all([status, ...reading]);
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await eventually(() => ended || isListening(port), {
      timeoutMs: 60_000,
      what: `${metadata.name} listens`,
    });
    if (ended) throw new Error(`${metadata.name} ended: ${written}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin: `http://127.0.0.1:${port}`, output: () => written, [Symbol.asyncDispose]: stop };
}

/** The machine's own environment (its certificates, proxies, caches), without what would tell a function anything. */
function inherited(): Record<string, string> {
  const ofTheProject =
    /^(SUPABASE|RENDERER|EDGE_TTS|ELEVENLABS|GEMINI|ANTHROPIC)_|^(PUBLIC_URL|JWT_ISSUER|WALL_CLOCK_S)$/;
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !ofTheProject.test(name)));
}

async function isListening(port: number): Promise<boolean> {
  return await Deno.connect({ hostname: "127.0.0.1", port }).then((connection) => {
    connection.close();
    return true;
  }, () => false);
}
