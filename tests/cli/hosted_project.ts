// A hosted project stood in for on loopback: management API, an empty Postgres with the platform's extensions, Auth, REST
// and Storage behind one address, the schedule, and functions that run from what was uploaded, with the secrets that were set.

import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import { type Configuration, publicKeys } from "../../local/configuration.ts";
import { readSecrets, readSigningKeys } from "../../local/data_folder.ts";
import { forward } from "../../local/forward.ts";
import { hashPassword } from "../../local/gateway/passwords.ts";
import { type Running, startProgram } from "../../local/part.ts";
import { bootstrap } from "../../local/postgres/bootstrap.ts";
import { removePostgresData, startPostgres } from "../../local/postgres/server.ts";
import { type DeployedFunction, startDeployed } from "./deployed_function.ts";
import { freePort } from "./free_port.ts";
import { type ManagementApi, startManagementApi } from "./management_api.ts";
import { runSchedule } from "./schedule.ts";

/** A tenth of the pace that pg_cron keeps: what waits for a sweep waits less. */
const SCHEDULE_MS = 1_000;
/** The platform's limit for a response to begin. */
const RESPONSE_LIMIT_MS = 150_000;

export interface HostedProject extends AsyncDisposable {
  /** What a client calls. */
  url: string;
  databaseUrl: string;
  publishableKey: string;
  secretKey: string;
  management: ManagementApi;
  /** As the superuser: for looking. */
  sql: Sql;
  /** What the functions logged so far. */
  logs(): string;
}

/** Resolves when the project takes requests; nothing is in it. */
export async function startHostedProject(): Promise<HostedProject> {
  const folder = await Deno.makeTempDir({ prefix: "reelbatch-hosted-" });
  await Deno.chmod(folder, 0o755);
  const stops: (() => Promise<unknown>)[] = [
    () => Deno.remove(folder, { recursive: true }),
    () => removePostgresData(join(folder, "postgres")),
  ];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    return await start(folder, { stops, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  folder: string,
  { stops, stop }: { stops: (() => Promise<unknown>)[]; stop: () => Promise<void> },
): Promise<HostedProject> {
  const server = await startPostgres({ dataDir: join(folder, "postgres"), durable: false });
  stops.push(() => server.stop());
  const sql = postgres(server.adminUrl, { max: 2, onnotice: () => {} });
  stops.push(() => sql.end({ timeout: 1 }));
  await bootstrap(server.adminUrl);
  await sql.unsafe(await Deno.readTextFile(new URL("../support/extensions.sql", import.meta.url)));
  const owner = postgres(server.url, { max: 2, onnotice: () => {} });
  stops.push(() => owner.end({ timeout: 1 }));
  const management = startManagementApi({
    query: async (
      statement,
      { readOnly },
    ) => [...await owner.begin(readOnly ? "read only" : "", (tx) => tx.unsafe(statement))],
  });
  stops.push(async () => await management[Symbol.asyncDispose]());
  const configuration = await configure(folder, server.url);
  const gateway = await startGateway(configuration);
  stops.push(() => gateway.stop());
  const functions = createFunctions(configuration, management);
  stops.push(() => functions.stop());
  const front = Deno.serve(
    { hostname: "127.0.0.1", port: Number(new URL(configuration.supabaseUrl).port), onListen: () => {} },
    (request) => answer(request, { configuration, functions, sql }),
  );
  stops.push(() => front.shutdown());
  stops.push(keepSchedule(owner));
  return {
    url: configuration.supabaseUrl,
    databaseUrl: server.url,
    publishableKey: configuration.publishableKey,
    secretKey: configuration.secretKey,
    management,
    sql,
    logs: functions.logs,
    [Symbol.asyncDispose]: stop,
  };
}

async function configure(folder: string, databaseUrl: string): Promise<Configuration> {
  const secrets = await readSecrets(folder);
  return {
    dataDir: folder,
    ports: { gateway: freePort(), postgres: 0, renderer: 0, functions: 0 },
    supabaseUrl: `http://127.0.0.1:${freePort()}`,
    databaseUrl,
    rendererUrl: "",
    rendererSecret: "",
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKey,
    tokenSecret: secrets.tokenSecret,
    signingKeys: await readSigningKeys(folder),
    wallClockS: 150,
    handedOn: {},
  };
}

function startGateway(configuration: Configuration): Promise<Running> {
  return startProgram({
    name: "gateway",
    program: "local/gateway/main.ts",
    configuration,
    flags: ["--unstable-no-legacy-abort"],
    isReady: (line) => line === "listening",
  });
}

async function answer(
  request: Request,
  parts: { configuration: Configuration; functions: Functions; sql: Sql },
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const { configuration, functions, sql } = parts;
  if (pathname.startsWith("/functions/v1/")) {
    const path = pathname.slice("/functions/v1".length);
    const origin = await functions.originOf(path.split("/")[1] ?? "");
    if (!origin) return Response.json({ code: "NOT_FOUND" }, { status: 404 });
    return await forward(request, origin + path + search, AbortSignal.timeout(RESPONSE_LIMIT_MS));
  }
  // The embedded gateway makes no users: Auth's own route for it, for the secret key alone.
  if (pathname === "/auth/v1/admin/users" && request.method === "POST") {
    if (request.headers.get("apikey") !== configuration.secretKey) {
      return Response.json({ msg: "no" }, { status: 401 });
    }
    return Response.json(await addUser(sql, await request.json()));
  }
  const gateway = `http://127.0.0.1:${configuration.ports.gateway}`;
  return await forward(request, gateway + pathname + search, AbortSignal.timeout(RESPONSE_LIMIT_MS));
}

async function addUser(sql: Sql, user: { email: string; password: string }): Promise<{ id: string }> {
  const hash = await hashPassword(user.password);
  const [added] = await sql`
    insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at)
    values (gen_random_uuid(), 'authenticated', 'authenticated', ${user.email}, ${hash}, now()) returning id`;
  return { id: added!.id };
}

interface Functions {
  /** Null where nothing of that name was deployed. */
  originOf(name: string): Promise<string | null>;
  logs(): string;
  stop(): Promise<void>;
}

/** Each function's process is started by its first request, as an isolate is. */
function createFunctions(configuration: Configuration, management: ManagementApi): Functions {
  const started = new Map<string, Promise<DeployedFunction>>();
  const running: DeployedFunction[] = [];
  const injected = {
    SUPABASE_URL: configuration.supabaseUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: configuration.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: configuration.secretKey }),
    SUPABASE_JWKS: JSON.stringify({ keys: publicKeys(configuration.signingKeys) }),
    SUPABASE_DB_URL: configuration.databaseUrl,
  };
  return {
    async originOf(name) {
      const upload = management.uploads.get(name);
      if (!upload) return null;
      if (!started.has(name)) {
        const env = { ...Object.fromEntries(management.secrets), ...injected };
        started.set(name, startDeployed(upload, env));
        started.get(name)!.then((deployed) => running.push(deployed), () => {});
      }
      return (await started.get(name)!).origin;
    },
    logs: () => running.map((each) => each.output()).join(""),
    async stop() {
      await Promise.allSettled(started.values());
      for (const deployed of running) await deployed[Symbol.asyncDispose]();
    },
  };
}

/** Runs one round after another until it is stopped; before the first push there is nothing to run. */
function keepSchedule(sql: Sql): () => Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  let round = Promise.resolve();
  const next = () => {
    round = runSchedule(sql).finally(() => {
      if (!isOver) timer = setTimeout(next, SCHEDULE_MS);
    });
  };
  next();
  return async () => {
    isOver = true;
    clearTimeout(timer);
    await round;
  };
}
