// Kicks: what is sent, when it is tried again, and what operators see of one that failed.

import { assert, assertEquals } from "../assert.ts";
import { createDatabase, createSupabaseClient } from "../../supabase/functions/_shared/database.ts";
import { createKick } from "../../supabase/functions/_shared/kick.ts";
import type { Clock } from "../../supabase/functions/_shared/pipeline/ports.ts";
import { BATCH_ID, fakePostgrest, memoryLog } from "./support.ts";

class RateLimitError extends Error {
  override name = "RateLimitError";
  retryAfterMs = 3210;
}

/** Kicks that are answered in turn; `slept` are the pauses between them. */
async function kickWith(answers: (() => Response)[]) {
  const postgrest = fakePostgrest(() => ({ json: null }));
  const requests: Request[] = [];
  const slept: number[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
  };
  const { log, lines } = memoryLog();
  const kick = createKick({
    supabaseUrl: "http://stack.test",
    secretKey: "sb_secret_default",
    clock,
    database: createDatabase(
      createSupabaseClient("http://database.test", { key: "sb_secret_default", fetch: postgrest.fetch }),
    ),
    fetch: ((input: string, init: RequestInit) => {
      requests.push(new Request(input, init));
      const answer = answers[requests.length - 1] ?? answers.at(-1) ?? accepted;
      return new Promise<Response>((resolve) => resolve(answer()));
    }) as typeof fetch,
  });
  await kick(BATCH_ID, { requestId: "r-7", log });
  return { requests, slept, recorded: postgrest.calls, lines };
}

const accepted = () => Response.json({ job_id: null }, { status: 202 });

Deno.test("a kick posts the batch with the secret key and the request's id, once", async () => {
  const { requests, slept, recorded } = await kickWith([accepted]);
  assertEquals(requests.length, 1);
  const [request] = requests;
  assertEquals(request?.url, "http://stack.test/functions/v1/process-next");
  assertEquals(request?.headers.get("apikey"), "sb_secret_default");
  assertEquals(request?.headers.get("x-request-id"), "r-7");
  assertEquals(await request?.json(), { batch_id: BATCH_ID });
  assertEquals([slept, recorded], [[], []]);
});

Deno.test("a kick that is missed or answered 5xx is tried again with growing pauses", async () => {
  const { requests, slept, recorded } = await kickWith([
    () => {
      throw new TypeError("error sending request");
    },
    () => new Response(null, { status: 503 }),
    accepted,
  ]);
  assertEquals([requests.length, recorded], [3, []]);
  const [first = 0, second = 0] = slept;
  assert(first >= 125 && first <= 375 && second >= 250 && second <= 750, slept.join(" "));
});

Deno.test("a kick waits as long as it is asked to, by Retry-After or by the platform's own error", async () => {
  const { slept } = await kickWith([
    () => new Response(null, { status: 429, headers: { "retry-after": "2" } }),
    () => {
      throw new RateLimitError();
    },
    () => new Response(null, { status: 503, headers: { "retry-after": "3600" } }),
    accepted,
  ]);
  assertEquals(slept, [2000, 3210, 10_000]);
});

Deno.test("a kick that is refused is not tried again, and its answer is kept for operators", async () => {
  const { requests, recorded } = await kickWith([() => new Response(null, { status: 401 })]);
  assertEquals(requests.length, 1);
  assertEquals(recorded.map(({ name, args }) => [name, args]), [
    ["record_kick", { p_batch_id: BATCH_ID, p_status: 401, p_message: "process-next answered 401" }],
  ]);
});

Deno.test("a kick gives up after five tries, and says so", async () => {
  const { requests, recorded, lines } = await kickWith([() => {
    throw new TypeError("error sending request for http://10.0.0.7");
  }]);
  assertEquals(requests.length, 5);
  assertEquals(recorded.map(({ args }) => args.p_status), [0]);
  assertEquals(lines.filter(({ event }) => event === "kick_failed").length, 5);
});
