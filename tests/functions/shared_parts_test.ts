// Environment, log lines and clean-up of the functions.

import { assert, assertEquals, assertRejects } from "../assert.ts";
import { createCleanUp } from "../../supabase/functions/_shared/clean_up.ts";
import { createSupabaseClient } from "../../supabase/functions/_shared/database.ts";
import { readEnvironment } from "../../supabase/functions/_shared/environment.ts";
import { createLogger } from "../../supabase/functions/_shared/log.ts";
import { memoryLog, testEnvironment, token } from "./support.ts";

Deno.test("PUBLIC_URL and JWT_ISSUER default to SUPABASE_URL's, without a trailing slash", () => {
  const plain = testEnvironment({ SUPABASE_URL: "http://stack.test/" });
  assertEquals([plain.supabaseUrl, plain.publicUrl], ["http://stack.test", "http://stack.test"]);
  assertEquals(plain.jwtIssuer, "http://stack.test/auth/v1");
  const shown = testEnvironment({ SUPABASE_URL: "http://kong:8000", PUBLIC_URL: "http://localhost:54321/" });
  assertEquals([shown.publicUrl, shown.jwtIssuer], [
    "http://localhost:54321",
    "http://localhost:54321/auth/v1",
  ]);
});

Deno.test("local public keys go before their address, and an empty set counts as none", () => {
  assert("keys" in testEnvironment().jwks);
  assert("keys" in testEnvironment({ SUPABASE_JWKS: '[{"kty":"EC"}]' }).jwks);
  for (const SUPABASE_JWKS of ["", '{"keys":[]}']) {
    const { jwks } = testEnvironment({ SUPABASE_JWKS });
    assertEquals(String(jwks), "http://database.test/auth/v1/.well-known/jwks.json");
  }
});

Deno.test("keys come by name or alone, renderers as a list, and empty provider keys count as absent", () => {
  const { secretKey, secretKeys, rendererUrls, rendererSecret, providerKeys, wallClockS } = testEnvironment({
    SUPABASE_SECRET_KEYS: "",
    SUPABASE_SECRET_KEY: "sb_secret_alone",
    RENDERER_URL: " http://a.test/ ,,http://b.test",
    RENDERER_SECRET: " new, old ",
    GEMINI_API_KEY: " ",
  });
  assertEquals([secretKey, secretKeys], ["sb_secret_alone", { default: "sb_secret_alone" }]);
  assertEquals(rendererUrls, ["http://a.test", "http://b.test"]);
  assertEquals(rendererSecret, "new");
  assertEquals([providerKeys.gemini, wallClockS], [null, 150]);
});

Deno.test("a missing variable is named at the start", async () => {
  for (const name of ["SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_SECRET_KEYS"]) {
    const values: Record<string, string> = {
      SUPABASE_URL: "http://x.test",
      SUPABASE_PUBLISHABLE_KEYS: '{"default":"p"}',
      SUPABASE_SECRET_KEYS: '{"default":"s"}',
      [name]: "",
    };
    const error = await assertRejects(() =>
      Promise.resolve().then(() => readEnvironment((key) => values[key]))
    );
    assertEquals(error.message, `${name} is not set`);
  }
});

Deno.test("log lines are JSON with their fields, causes spelled out and secrets blacked out", () => {
  const lines: string[] = [];
  const log = createLogger({ function: "f" }, (line) => lines.push(line)).with({ batch_id: "b" });
  log.error("failed", {
    cause: new Error(`GET http://x/o?a=1&token=abc.def&b=2 with Bearer ${token}`, {
      cause: new Error(`apikey sb_secret_abc123 and ${token}`),
    }),
  });
  const [line = ""] = lines;
  const entry = JSON.parse(line);
  assertEquals([entry.level, entry.event, entry.function, entry.batch_id], ["error", "failed", "f", "b"]);
  assertEquals(entry.cause.message, "GET http://x/o?a=1&token=***&b=2 with Bearer ***");
  assert(!/abc\.def|abc123/.test(line) && !line.includes(token), line);
});

function cleanUp(answer: (request: Request) => Response) {
  const requests: Request[] = [];
  const fakeFetch = (async (input: string, init: RequestInit) => {
    const request = new Request(input, init);
    requests.push(request);
    return await Promise.resolve(answer(request));
  }) as typeof fetch;
  const client = createSupabaseClient("http://stack.test", { key: "sb_secret_default", fetch: fakeFetch });
  const parts = createCleanUp({
    storage: client.storage,
    rendererUrls: ["http://renderer.test"],
    rendererSecret: "bearer-of-renderers",
    fetch: fakeFetch,
  });
  return { ...parts, requests };
}

Deno.test("renders are stopped at their renderers, and the secret goes to configured ones only", async () => {
  const { stopRenders, requests } = cleanUp(() => new Response(null, { status: 204 }));
  await stopRenders([
    { renderer_url: "http://renderer.test", render_id: "r1" },
    { renderer_url: "http://stranger.test", render_id: "r2" },
  ], memoryLog().log);
  assertEquals(requests.map(({ method, url, headers }) => [method, url, headers.get("authorization")]), [
    ["DELETE", "http://renderer.test/v1/renders/r1", "Bearer bearer-of-renderers"],
  ]);
});

Deno.test("a renderer that is away for a moment is asked again; one that lost the render is fine", async () => {
  const statuses = [503, 404];
  const { stopRenders, requests } = cleanUp(() => new Response(null, { status: statuses.shift() ?? 500 }));
  const { log, lines } = memoryLog();
  await stopRenders([{ renderer_url: "http://renderer.test", render_id: "r1" }], log);
  assertEquals([requests.length, lines], [2, []]);
});

Deno.test("objects are removed from the bucket by path", async () => {
  const { removeObjects, requests } = cleanUp(() => Response.json([]));
  await removeObjects(["p/j/a.mp4", "p/j/a.jpg"], memoryLog().log);
  assertEquals(requests.map(({ method, url }) => [method, url]), [
    ["DELETE", "http://stack.test/storage/v1/object/videos"],
  ]);
  assertEquals(await requests[0]?.json(), { prefixes: ["p/j/a.mp4", "p/j/a.jpg"] });
  await removeObjects([], memoryLog().log);
  assertEquals(requests.length, 1);
});
