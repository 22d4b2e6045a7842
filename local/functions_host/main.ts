// The functions host: `/NAME/…` goes to a process of supabase/functions/NAME, started at its first request.

import type { Configuration } from "../configuration.ts";
import { baseEnvironment } from "../environment.ts";
import { readConfiguration } from "../lines.ts";
import { CHILDREN_MARK, FUNCTION_NAMES } from "../names.ts";
import { createFunctionsHost, FUNCTIONS_FOLDER } from "./host.ts";

const configuration = await readConfiguration<Configuration>();
const handle = createFunctionsHost({
  configuration,
  folder: FUNCTIONS_FOLDER,
  names: FUNCTION_NAMES,
  baseEnvironment: baseEnvironment(),
  onChildren: (children) => console.log(CHILDREN_MARK + JSON.stringify(children)),
});
Deno.serve(
  { hostname: "127.0.0.1", port: configuration.ports.functions, onListen: () => console.log("listening") },
  handle,
);
