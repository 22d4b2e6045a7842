// `deno task start`: the embedded stack, until Ctrl-C.

import { parseArgs } from "node:util";
import { PART_NAMES, type PartName } from "../local/names.ts";
import { DEFAULT_DATA_DIR, DEFAULT_PORT_BASE, type Stack, startStack } from "../local/stack.ts";

const USAGE = `Usage: deno task start [options]
  --port-base N                 gateway's port (${DEFAULT_PORT_BASE}); Postgres, renderer and functions have the next three
  --data-dir PATH               where everything is kept (${DEFAULT_DATA_DIR})
  --reset                       begin with an empty folder
  --restart-after NAME=SECONDS  delay before a part that died is started again (1); NAME is ${
  PART_NAMES.join(", ")
}`;

function fail(message: string): never {
  console.error(`${message}\n\n${USAGE}`);
  Deno.exit(2);
}

function readDelays(given: string[]): Partial<Record<PartName, number>> {
  return Object.fromEntries(given.map((text) => {
    const [name, seconds] = text.split("=");
    if (!PART_NAMES.includes(name as PartName)) fail(`--restart-after: there is no part "${name}"`);
    if (!seconds || !(Number(seconds) >= 0)) fail(`--restart-after: "${text}" names no seconds`);
    return [name, Number(seconds)];
  }));
}

function readArguments() {
  try {
    return parseArgs({
      args: Deno.args,
      options: {
        "port-base": { type: "string", default: String(DEFAULT_PORT_BASE) },
        "data-dir": { type: "string", default: DEFAULT_DATA_DIR },
        reset: { type: "boolean", default: false },
        "restart-after": { type: "string", multiple: true, default: [] },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function show({ env, dataDir }: Stack): void {
  console.log(`
             API URL: ${env.SUPABASE_URL}
       Functions URL: ${env.SUPABASE_URL}/functions/v1
              DB URL: ${env.DATABASE_URL}
        Renderer URL: ${env.RENDERER_URL}
     Publishable key: ${env.SUPABASE_PUBLISHABLE_KEY}
          Secret key: ${env.SUPABASE_SECRET_KEY}
           Demo user: ${env.DEMO_EMAIL} / ${env.DEMO_PASSWORD}
          Other user: ${env.OTHER_EMAIL} / ${env.OTHER_PASSWORD}
                Data: ${dataDir}

Started. Ctrl-C ends everything.`);
}

const values = readArguments();
if (values.help) {
  console.log(USAGE);
  Deno.exit(0);
}
const portBase = Number(values["port-base"]);
if (!Number.isInteger(portBase) || portBase < 1 || portBase > 65532) {
  fail("--port-base must be a port number");
}

// From the first moment: a start that is interrupted ends what it has begun, too.
const interrupted = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(signal, () => interrupted.resolve());
}
try {
  const stack = await startStack({
    portBase,
    dataDir: values["data-dir"],
    reset: values.reset,
    restartAfter: readDelays(values["restart-after"]),
  });
  show(stack);
  await interrupted.promise;
  await stack.stop();
  Deno.exit(0);
} catch (error) {
  console.error(`The stack did not start: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
