// `deno task test:browser`: a frontend on another origin, in a real Chromium, against a stack of its own.

import { findChromium } from "../tests/browser/chromium.ts";
import { installPackages } from "./install_packages.ts";

const PACKAGE = "chromium";

if (await findChromium() === null && !await installPackages([PACKAGE])) {
  console.error(`No Chromium here. As root: apt-get install -y ${PACKAGE}; or set CHROMIUM_PATH.`);
  Deno.exit(1);
}
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", "tasks/test.ts", "tests/browser/cors_lane.ts"],
  stdin: "null",
}).spawn().status;
Deno.exit(code);
