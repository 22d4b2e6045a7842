// The real Supabase CLI, run on a copy of what it reads of this repository, with a home and a profile of its own.

import { join } from "node:path";
import { assert, assertEquals } from "../assert.ts";

/** A development dependency only. It is run through npx: the package's binaries of other platforms are not on every
 * registry, and Deno would ask for all of them. */
export const CLI = "supabase@3.1.0";
const ROOT = new URL("../../", import.meta.url).pathname;

/** The project's ref as the stand-in of the management API knows it. */
export const PROJECT_REF = "abcdefghijklmnopqrst";

export interface CliRun {
  code: number;
  stdout: string;
  /** Without npm's own remarks. */
  stderr: string;
}

export interface Cli {
  /** The folder that has `supabase/` and the import map. */
  workdir: string;
  /** What the CLI needs to be told here, for a shell that runs it by itself. */
  env: Record<string, string>;
  run(...args: string[]): Promise<CliRun>;
  /** Fails unless the command ends well and says nothing that is a warning. */
  succeed(...args: string[]): Promise<CliRun>;
}

/** Runs `use` with a CLI that sees a copy of the project. `apiUrl`: the management API to speak to. */
export async function withCli<T>(
  use: (cli: Cli) => Promise<T>,
  options: { apiUrl?: string } = {},
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "reelbatch-cli-" });
  try {
    const workdir = join(folder, "project");
    await copyTree(join(ROOT, "supabase"), join(workdir, "supabase"));
    await Deno.copyFile(join(ROOT, "import_map.json"), join(workdir, "import_map.json"));
    const env: Record<string, string> = {
      SUPABASE_HOME: join(folder, "home"),
      SUPABASE_TELEMETRY_DISABLED: "1",
      SUPABASE_NO_UPDATE_NOTIFIER: "1",
      SUPABASE_NO_KEYRING: "1",
      SUPABASE_ACCESS_TOKEN: `sbp_${"0".repeat(40)}`,
      NO_COLOR: "1",
    };
    if (options.apiUrl) env.SUPABASE_PROFILE = await writeProfile(folder, options.apiUrl);
    const run = (...args: string[]) => runCli(args, { cwd: workdir, env });
    const succeed = async (...args: string[]) => {
      const ended = await run(...args);
      assertEquals(ended.code, 0, `${args.join(" ")}: ${ended.stdout}${ended.stderr}`);
      assertNoComplaint(ended.stderr);
      return ended;
    };
    return await use({ workdir, env, run, succeed });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The CLI's words for what it does not like about a configuration, a connection or a flag. */
const COMPLAINT = /warn|deprecat|unknown|invalid|unsupported|not found|skipp|▲/i;

/** Fails where the CLI complained about something on its way. */
export function assertNoComplaint(said: string): void {
  assert(!COMPLAINT.test(said), `the CLI complained: ${said}`);
}

/** An address that says the server speaks no TLS, as the CLI would remark on otherwise. */
export function withoutTls(url: string): string {
  const changed = new URL(url);
  changed.searchParams.set("sslmode", "disable");
  return changed.href;
}

async function runCli(
  args: string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<CliRun> {
  const { code, stdout, stderr } = await new Deno.Command("npx", {
    args: ["-y", CLI, ...args],
    ...options,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  const remarks = decoder.decode(stderr).split("\n").filter((line) => !line.startsWith("npm "));
  return { code, stdout: decoder.decode(stdout), stderr: remarks.join("\n") };
}

async function writeProfile(folder: string, apiUrl: string): Promise<string> {
  const path = join(folder, "profile.yaml");
  const lines = [
    `name: loopback`,
    `api_url: ${apiUrl}`,
    `dashboard_url: ${apiUrl}`,
    `project_host: localhost`,
  ];
  await Deno.writeTextFile(path, lines.join("\n") + "\n");
  return path;
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const source = join(from, entry.name), target = join(to, entry.name);
    if (entry.isDirectory) await copyTree(source, target);
    else await Deno.copyFile(source, target);
  }
}
