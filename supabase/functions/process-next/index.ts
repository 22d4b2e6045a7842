// `process-next` as it is deployed.

import { createProcessNext } from "./wiring.ts";

const serve = createProcessNext(async (given) => {
  const { loadPipeline } = await import("./load_pipeline.ts");
  return loadPipeline(given);
});

Deno.serve(serve);
