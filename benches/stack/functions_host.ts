// The local functions host over the folder that a benchmark names.

import type { Configuration } from "../../local/configuration.ts";
import { baseEnvironment } from "../../local/environment.ts";
import { createFunctionsHost } from "../../local/functions_host/host.ts";
import { readConfiguration } from "../../local/lines.ts";
import { CHILDREN_MARK } from "../../local/names.ts";

const configuration = await readConfiguration<Configuration & { functionsFolder: string }>();
const folder = new URL(configuration.functionsFolder);
const isFunction = (name: string) => {
  try {
    return Deno.statSync(new URL(`${name}/index.ts`, folder)).isFile;
  } catch {
    return false;
  }
};
const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter(isFunction);
Deno.serve(
  { hostname: "127.0.0.1", port: configuration.ports.functions, onListen: () => console.log("listening") },
  createFunctionsHost({
    configuration,
    folder,
    names,
    baseEnvironment: baseEnvironment(),
    onChildren: (children) => console.log(CHILDREN_MARK + JSON.stringify(children)),
  }),
);
