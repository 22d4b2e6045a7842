// `functions deploy --use-api`: what it uploads is unpacked elsewhere and started by itself. No Supabase is involved.

import { assertEquals, assertExists } from "../assert.ts";
import { startDeployed } from "./deployed_function.ts";
import { startManagementApi, type Upload } from "./management_api.ts";
import { PROJECT_REF, withCli } from "./supabase_cli.ts";

const FUNCTIONS = ["batch-generate", "batch-status", "process-next"];
/** What the platform injects, with nothing behind it: a refusal needs no more. */
const ENVIRONMENT = {
  SUPABASE_URL: "http://127.0.0.1:9",
  SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_loopback"}',
  SUPABASE_SECRET_KEYS: '{"default":"sb_secret_loopback"}',
  SUPABASE_JWKS: '{"keys":[]}',
};

Deno.test("the CLI links, sets secrets and deploys; each uploaded file set starts by itself and refuses a stranger", async (t) => {
  await using api = startManagementApi();
  await withCli(async (cli) => {
    for (
      const [name, args] of Object.entries({
        "link": ["link", PROJECT_REF, "--skip-pooler"],
        "secrets set": ["secrets", "set", "PUBLIC_URL=https://example.com", "WALL_CLOCK_S=150", "--yes"],
        "functions deploy": ["functions", "deploy", "--use-api", "--yes"],
      })
    ) {
      await t.step(`${name} ends well, without a complaint`, async () => {
        await cli.succeed(...args);
      });
    }
  }, { apiUrl: api.url });
  assertEquals(api.secrets.get("WALL_CLOCK_S"), "150");
  assertEquals([...api.uploads.keys()].sort(), FUNCTIONS);
  for (const name of FUNCTIONS) {
    await t.step(`${name} as uploaded starts and answers 401 in the contract's shape`, async () => {
      const upload = api.uploads.get(name);
      assertExists(upload);
      assertEquals(upload.metadata.verify_jwt, false);
      await assertRefuses(name, upload);
    });
  }
});

async function assertRefuses(name: string, upload: Upload): Promise<void> {
  await using deployed = await startDeployed(upload, ENVIRONMENT);
  const response = await fetch(`${deployed.origin}/${name}`, { method: "POST", body: "{}" });
  const body = await response.json();
  assertEquals(response.status, 401);
  assertEquals(body.code, "unauthenticated");
  assertEquals(body.request_id, response.headers.get("x-request-id"));
  assertExists(body.message);
}
