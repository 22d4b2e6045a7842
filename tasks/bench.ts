// `deno task bench [parts…]`: every benchmark one after another, each as its own task does it (`deno task bench:<part>`).

/** In this order; the slow one last. */
const PARTS: Record<string, string> = {
  accept: "benches/accept.ts",
  growth: "benches/growth.ts",
  cold: "benches/cold_start.ts",
  render: "benches/render.ts",
};

const wanted = Deno.args.length > 0 ? Deno.args : Object.keys(PARTS);
const unknown = wanted.filter((part) => !(part in PARTS));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  Deno.exit(2);
}

const failed: string[] = [];
for (const part of wanted) {
  console.log(`\n== ${part} ==`);
  // A process each: no part runs on a heap that another has warmed or filled.
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(`../${PARTS[part]}`, import.meta.url).pathname],
    stdin: "null",
  }).spawn().status;
  if (!success) failed.push(part);
}
console.log(`\n${wanted.length - failed.length} of ${wanted.length} parts ran to their end`);
if (failed.length > 0) {
  console.error(`failed, or beyond a bar that is fatal: ${failed.join(", ")}`);
  Deno.exit(1);
}
