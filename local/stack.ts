// The supervisor: starts every part as a process of its own, starts again what dies, runs the sweep, ends it all.

import { join, resolve } from "node:path";
import { type Configuration, DEMO_EMAIL, OTHER_EMAIL, type Secrets } from "./configuration.ts";
import {
  emptyDataFolder,
  readSecrets,
  readSigningKeys,
  replaceFile,
  SIGNING_KEYS_FILE,
} from "./data_folder.ts";
import { readStarterEnvironment, type StarterEnvironment } from "./environment.ts";
import { endLeftovers, endProcesses, lockFolder, unlockFolder } from "./leftovers.ts";
import { CHILDREN_MARK, FUNCTION_NAMES, PART_NAMES, type PartName } from "./names.ts";
import { keepRunning, type ProgramOptions, type Running, startProgram } from "./part.ts";
import { bootstrap } from "./postgres/bootstrap.ts";
import { migrate } from "./postgres/migrate.ts";
import { removePostgresData, startPostgres } from "./postgres/server.ts";
import { seed } from "./seed.ts";
import { startSweepTimer } from "./sweep_timer.ts";

export const DEFAULT_PORT_BASE = 54321;
export const DEFAULT_DATA_DIR = ".local";
const RESTART_AFTER_S = 1;

export interface StackOptions {
  /** The gateway's port; Postgres, renderer and functions host have the next three. */
  portBase?: number;
  dataDir?: string;
  /** Begins with an empty folder. */
  reset?: boolean;
  /** Wins over the process's own environment (section 5 of the contract). */
  env?: Record<string, string>;
  /** Seconds until a part that died is started again, by name. */
  restartAfter?: Partial<Record<PartName, number>>;
  /** False: faster, safe against kill -9 but not against a power cut. For tests. */
  durable?: boolean;
}

export interface Stack {
  /** What the file `env` holds. */
  env: Record<string, string>;
  dataDir: string;
  /** Ends every process that was started. */
  stop(): Promise<void>;
}

async function configure(
  options: StackOptions,
  given: { starter: StarterEnvironment; secrets: Secrets; dataDir: string },
): Promise<Configuration> {
  const { starter, secrets, dataDir } = given;
  const gateway = options.portBase ?? DEFAULT_PORT_BASE;
  const ports = { gateway, postgres: gateway + 1, renderer: gateway + 2, functions: gateway + 3 };
  return {
    dataDir,
    ports,
    supabaseUrl: `http://127.0.0.1:${ports.gateway}`,
    databaseUrl: `postgresql://postgres:postgres@127.0.0.1:${ports.postgres}/postgres`,
    rendererUrl: starter.rendererUrl ?? `http://127.0.0.1:${ports.renderer}`,
    rendererSecret: starter.rendererSecret ?? secrets.rendererSecret,
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKey,
    tokenSecret: secrets.tokenSecret,
    signingKeys: await readSigningKeys(dataDir),
    wallClockS: starter.wallClockS,
    handedOn: starter.handedOn,
  };
}

function envFile(configuration: Configuration, secrets: Secrets): Record<string, string> {
  return {
    SUPABASE_URL: configuration.supabaseUrl,
    SUPABASE_PUBLISHABLE_KEY: configuration.publishableKey,
    SUPABASE_SECRET_KEY: configuration.secretKey,
    DATABASE_URL: configuration.databaseUrl,
    RENDERER_URL: configuration.rendererUrl,
    RENDERER_SECRET: configuration.rendererSecret,
    DEMO_EMAIL,
    DEMO_PASSWORD: secrets.demoPassword,
    OTHER_EMAIL,
    OTHER_PASSWORD: secrets.otherPassword,
    JWT_SIGNING_KEYS_PATH: join(configuration.dataDir, SIGNING_KEYS_FILE),
  };
}

/** Keeps `processes.json` true; writes one after another. */
function createProcessList(dataDir: string) {
  const names = [...PART_NAMES, ...FUNCTION_NAMES];
  const pids: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  let writing = Promise.resolve();
  return {
    pids,
    set(changed: Record<string, number[]>) {
      Object.assign(pids, changed);
      const text = JSON.stringify(pids, null, 2);
      writing = writing.then(() => replaceFile(join(dataDir, "processes.json"), text));
    },
    written: () => writing,
  };
}

type ProcessList = ReturnType<typeof createProcessList>;

type Log = (event: string, fields: Record<string, unknown>) => void;

/** The supervisor's own log lies beside those of its parts: the terminal is its starter's. */
function createLog(dataDir: string): Log {
  const folder = join(dataDir, "logs");
  return (event, fields) => {
    Deno.mkdirSync(folder, { recursive: true });
    const line = JSON.stringify({ time: new Date().toISOString(), event, ...fields });
    Deno.writeTextFileSync(join(folder, "supervisor.log"), `${line}\n`, { append: true });
  };
}

async function startDatabase(configuration: Configuration, options: { durable: boolean }): Promise<Running> {
  const { dataDir, ports } = configuration;
  const server = await startPostgres({
    dataDir: join(dataDir, "postgres"),
    port: ports.postgres,
    durable: options.durable,
  });
  return { pid: server.pid, ended: server.exited, stop: () => server.stop() };
}

/** The three Deno programs beside Postgres. */
function programs(
  configuration: Configuration,
  options: { starter: StarterEnvironment; list: ProcessList },
): ProgramOptions[] {
  const { starter, list } = options;
  const isReady = (line: string) => line === "listening";
  // Otherwise a request's signal aborts after every answer, not only when the client has gone.
  const flags = ["--unstable-no-legacy-abort"];
  const all: ProgramOptions[] = [
    { name: "gateway", program: "local/gateway/main.ts", configuration, flags, isReady },
    {
      name: "functions",
      program: "local/functions_host/main.ts",
      configuration,
      flags,
      isReady,
      mark: { prefix: CHILDREN_MARK, onLine: (rest) => list.set(JSON.parse(rest)) },
    },
  ];
  if (starter.rendererUrl !== null) return all;
  return [...all, {
    name: "renderer",
    program: "renderer/main.ts",
    configuration,
    env: {
      ...starter.handedOn,
      PORT: String(configuration.ports.renderer),
      RENDERER_SECRET: configuration.rendererSecret,
      RENDERER_ALLOW_ORIGINS: [configuration.supabaseUrl, starter.rendererAllowOrigins].filter(Boolean).join(
        ",",
      ),
      RENDERER_DATA_DIR: join(configuration.dataDir, "renderer"),
    },
    isReady: (line) => line.includes('"listening"'),
  }];
}

async function startParts(
  configuration: Configuration,
  options: {
    starter: StarterEnvironment;
    list: ProcessList;
    stack: StackOptions;
    stops: (() => Promise<void>)[];
    log: Log;
  },
): Promise<void> {
  const { list, stack, stops, log } = options;
  const keep = async (name: PartName, start: () => Promise<Running>) => {
    const kept = await keepRunning({
      start,
      restartAfterS: stack.restartAfter?.[name] ?? RESTART_AFTER_S,
      onPids: async (pids) => {
        if (name === "functions" && pids.length === 0) {
          // Children end with their host; one that is stuck in a loop would not.
          const orphans = FUNCTION_NAMES.flatMap((child) => list.pids[child] ?? []);
          list.set(Object.fromEntries([name, ...FUNCTION_NAMES].map((each) => [each, []])));
          await endProcesses(orphans, configuration.dataDir);
        } else list.set({ [name]: pids });
      },
      onFailure: (error) => log("part_did_not_start", { part: name, error: String(error) }),
    });
    stops.push(kept.stop);
  };
  const database = async () => {
    await keep("postgres", () => startDatabase(configuration, { durable: stack.durable ?? true }));
    const adminUrl = configuration.databaseUrl.replace("//postgres:", "//supabase_admin:");
    await bootstrap(adminUrl);
    await migrate(configuration.databaseUrl);
  };
  const outcomes = await Promise.allSettled([
    database(),
    ...programs(configuration, options).map((program) => keep(program.name, () => startProgram(program))),
  ]);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
}

/** Starts a stack and resolves when it takes requests. On failure nothing is left running. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const wanted = resolve(options.dataDir ?? DEFAULT_DATA_DIR);
  await Deno.mkdir(wanted, { recursive: true });
  const dataDir = await Deno.realPath(wanted);
  await lockFolder(dataDir);
  const stops: (() => Promise<void>)[] = [];
  const list = createProcessList(dataDir);
  const stop = async () => {
    await Promise.all(stops.splice(0).reverse().map((end) => end()));
    await list.written();
    await unlockFolder(dataDir);
  };
  try {
    await endLeftovers(dataDir);
    const database = join(dataDir, "postgres");
    const isNew = await Deno.stat(database).then(() => false, () => true);
    // Postgres's data may lie elsewhere (see startPostgres), and stay there when somebody removes the folder by hand.
    if (options.reset || isNew) await removePostgresData(database);
    if (options.reset) await emptyDataFolder(dataDir);
    list.set({});
    const starter = readStarterEnvironment(options.env);
    const secrets = await readSecrets(dataDir);
    const configuration = await configure(options, { starter, secrets, dataDir });
    const log = createLog(dataDir);
    await startParts(configuration, { starter, list, stack: options, stops, log });
    await seed(configuration, secrets);
    const timer = startSweepTimer({ ...configuration, log });
    stops.push(timer.stop);
    const env = envFile(configuration, secrets);
    await replaceFile(
      join(dataDir, "env"),
      Object.entries(env).map(([name, value]) => `${name}=${value}\n`).join(""),
    );
    await list.written();
    return { env, dataDir, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
