// docs/deploy.md as the lane follows it: what stands for what is hosted, each block by its first words, and what cannot
// be run here, with the reason. A block that is not named here fails the lane.

import type { Block } from "./page.ts";
import { CLI } from "./supabase_cli.ts";

/** The addresses and keys of the stand-ins. */
export interface StandIns {
  projectRef: string;
  supabaseUrl: string;
  publishableKey: string;
  secretKey: string;
  /** The project's database, for a `--remote` that has no name. */
  databaseUrl: string;
  rendererPort: number;
  pictureUrl: string;
}

/** What a reader puts in, and what the loopback needs instead of a hosted project; everything else is run as it is. */
export function substitutions(standIns: StandIns): [string, string][] {
  const { rendererPort } = standIns;
  return [
    ["PROJECT_REF=…", `PROJECT_REF=${standIns.projectRef}`],
    ["SUPABASE_ACCESS_TOKEN=…", `SUPABASE_ACCESS_TOKEN=sbp_${"0".repeat(40)}`],
    ["SUPABASE_DB_PASSWORD=…", "SUPABASE_DB_PASSWORD=postgres"],
    ["SUPABASE_URL=https://$PROJECT_REF.supabase.co", `SUPABASE_URL=${standIns.supabaseUrl}`],
    ["SUPABASE_PUBLISHABLE_KEY=sb_publishable_…", `SUPABASE_PUBLISHABLE_KEY=${standIns.publishableKey}`],
    ["SUPABASE_SECRET_KEY=sb_secret_…", `SUPABASE_SECRET_KEY=${standIns.secretKey}`],
    // The command finds a hosted database's address through the pooler, which is no part of the management API.
    ["db push --remote\n", `db push --remote='${standIns.databaseUrl}'\n`],
    // One network: a port of this machine is the container's too, and 8787 may be taken.
    ["-p 8787:8787", `-p ${rendererPort}:8787`],
    ["http://127.0.0.1:8787/", `http://127.0.0.1:${rendererPort}/`],
    ["https://renderer.example.com", `http://127.0.0.1:${rendererPort}`],
    ["https://…/picture.jpg", standIns.pictureUrl],
  ];
}

/** The blocks that are run, in the page's order, by how they begin. */
export const RUN = {
  variables: "export PROJECT_REF=",
  push: `npx -y ${CLI} link $PROJECT_REF`,
  renderer: "docker build -f renderer/Dockerfile",
  rendererUrl: "export RENDERER_URL=",
  secrets: `npx -y ${CLI} secrets set RENDERER_URL=`,
  vault: `npx -y ${CLI} db query --remote "select vault.create_secret('$SUPABASE_URL'`,
  sweep: `npx -y ${CLI} db query --remote --read-only`,
  deploy: `npx -y ${CLI} functions deploy --use-api`,
  refusal: "curl -s -X POST $SUPABASE_URL/functions/v1/batch-generate",
  shop: "PICTURE=",
  batch: "BATCH=$(curl",
  end: "while [",
} as const;

export type Step = keyof typeof RUN;

/** What no machine without a container engine can run. `docker build` and `docker run` themselves are run: as functions of
 * the shell that follow the Dockerfile (container.ts). */
const NEEDS_DOCKER =
  "`supabase start` and `functions serve` are containers, and there is no container engine here";
export const NOT_RUN: Record<string, string> = {
  "PUBLIC_URL=http://127.0.0.1:54321": `the environment file of \`functions serve\`: ${NEEDS_DOCKER}`,
  [`npx -y ${CLI} start`]: `${NEEDS_DOCKER}; the renderer's line beside them is started by its own tests`,
  [`npx -y ${CLI} db query "select vault`]: `it asks the database of \`supabase start\`: ${NEEDS_DOCKER}`,
  [`npx -y ${CLI} status -o env`]:
    `\`supabase status\` has nothing to tell: ${NEEDS_DOCKER}; test:against runs the same against the embedded stack`,
};

/** The step of each block that is run, in order; throws on a block that is not known, missing or out of its order. */
export function stepsOf(blocks: Block[]): { step: Step; block: Block }[] {
  const steps: { step: Step; block: Block }[] = [];
  const left = new Set(Object.keys(NOT_RUN));
  for (const block of blocks) {
    const excuse = [...left].find((begins) => block.firstLine.startsWith(begins));
    const [step] = Object.entries(RUN).find(([, begins]) => block.firstLine.startsWith(begins)) ?? [];
    if (excuse) left.delete(excuse);
    else if (step && block.language === "sh") steps.push({ step: step as Step, block });
    else throw new Error(`docs/deploy.md has a block that the lane does not know: ${block.firstLine}`);
  }
  const missing = [...left, ...Object.keys(RUN).filter((step) => !steps.some((each) => each.step === step))];
  if (missing.length > 0) throw new Error(`docs/deploy.md has no block any more for: ${missing.join(", ")}`);
  if (steps.some(({ step }, index) => step !== Object.keys(RUN)[index])) {
    throw new Error("the blocks of docs/deploy.md stand in another order than they are run in");
  }
  return steps;
}
