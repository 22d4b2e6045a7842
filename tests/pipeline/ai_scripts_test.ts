// Scripts by other people's services: the real SDK against fakes with their wire formats and faults.

import { JobFailure } from "../../supabase/functions/_shared/contracts/jobs.ts";
import type { AiProvider } from "../../supabase/functions/_shared/contracts/options.ts";
import { createScriptWriter } from "../../supabase/functions/_shared/providers/ai_scripts.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { startAi } from "../fakes/ai.ts";
import type { ServiceFault } from "../fakes/faults.ts";
import { SCRIPT_INPUT } from "./bench.ts";

function call(timeoutMs = 10_000) {
  return { signal: new AbortController().signal, timeoutMs };
}

function startWriter(provider: AiProvider) {
  const fake = startAi();
  const origins = { gemini: fake.origin, claude: fake.origin };
  return { fake, writer: createScriptWriter(provider, { keys: { gemini: "key", claude: "key" }, origins }) };
}

for (const provider of ["gemini", "claude"] as const) {
  Deno.test(`${provider} writes a script, with its tokens and its cost`, async () => {
    const { fake, writer } = startWriter(provider);
    fake.script = "O lampă bună. 49,99 lei. Cumpără acum.";
    const written = await writer.write(SCRIPT_INPUT, call());
    assertEquals(written.text, fake.script);
    assert(written.input_tokens > 100 && written.output_tokens > 10 && Number(written.cost_usd) > 0);
    await fake.stop();
  });

  Deno.test(`${provider} is asked at its documented path, with its key, for one JSON text; another model may be named`, async () => {
    const fake = startAi();
    const writer = createScriptWriter(provider, {
      keys: { gemini: "key", claude: "key" },
      origins: { gemini: fake.origin, claude: fake.origin },
      models: { gemini: "gemini-9", claude: "claude-9" },
    });
    const written = await writer.write(SCRIPT_INPUT, call());
    assertEquals([written.model, written.cost_usd], [`${provider}-9`, null]);
    const [request] = fake.requests;
    const body = fake.calls[0]?.body ?? {};
    if (provider === "gemini") {
      assertEquals(request?.url.pathname, "/v1beta/models/gemini-9:generateContent");
      assertEquals(request?.headers.get("x-goog-api-key"), "key");
      const config = body.generationConfig as Record<string, unknown>;
      assertEquals(config.responseMimeType, "application/json");
      assertEquals(Object.keys((config.responseSchema as { properties: object }).properties), ["script"]);
    } else {
      assertEquals(request?.url.pathname, "/v1/messages");
      assertEquals([request?.headers.get("x-api-key"), request?.headers.get("anthropic-version")], [
        "key",
        "2023-06-01",
      ]);
      assertEquals([body.model, typeof body.max_tokens], ["claude-9", "number"]);
    }
    const asked = JSON.stringify(body);
    for (const part of ["49,99 lei", "Cumpără acum", '\\"ro\\"', "at most 40 words", "Lampă de birou"]) {
      assert(asked.includes(part), part);
    }
    await fake.stop();
  });

  for (const fault of ["server_error", "unavailable", "wrong_json", "not_json", "cut_off"] as const) {
    Deno.test(`${provider} with one ${fault} is asked once more`, async () => {
      const { fake, writer } = startWriter(provider);
      fake.faults.push(fault);
      assertEquals((await writer.write(SCRIPT_INPUT, call())).text, fake.script);
      assertEquals(fake.requests.length, 2);
      await fake.stop();
    });
  }

  Deno.test(`${provider} with 429 is not asked again at once, and its Retry-After is kept`, async () => {
    const { fake, writer } = startWriter(provider);
    fake.faults.push("rate_limited", "server_error");
    const failure = await assertRejects(() => writer.write(SCRIPT_INPUT, call()));
    assert(failure instanceof JobFailure && failure.retryable);
    assertEquals([failure.retryAfterS, fake.faults.length], [7, 1]);
    await fake.stop();
  });

  Deno.test(`${provider} that gives no JSON twice, redirects, or refuses the key, fails for good`, async () => {
    const cases: ServiceFault[][] = [
      ["wrong_json", "wrong_json"],
      ["not_json", "wrong_json"],
      ["forbidden"],
      ["bad_request"],
      ["redirect"],
    ];
    for (const faults of cases) {
      const { fake, writer } = startWriter(provider);
      fake.faults.push(...faults);
      const failure = await assertRejects(() => writer.write(SCRIPT_INPUT, call()));
      assert(
        failure instanceof JobFailure && failure.code === "script_failed" && !failure.retryable,
        faults[0],
      );
      assertEquals(fake.requests.length, faults.length);
      await fake.stop();
    }
  });

  Deno.test(`${provider} whose answers break off on their way is tried again later`, async () => {
    const { fake, writer } = startWriter(provider);
    fake.faults.push("cut_off", "cut_off");
    const failure = await assertRejects(() => writer.write(SCRIPT_INPUT, call()));
    assert(failure instanceof JobFailure && failure.retryable);
    await fake.stop();
  });

  Deno.test(`${provider} that takes too long, or falls silent in its answer, is tried again later`, async () => {
    for (const fault of ["slow", "slow_body"] as const) {
      const { fake, writer } = startWriter(provider);
      fake.faults.push(fault, fault);
      const startedAt = performance.now();
      const failure = await assertRejects(() => writer.write(SCRIPT_INPUT, call(600)));
      assert(failure instanceof JobFailure && failure.retryable, fault);
      assert(performance.now() - startedAt < 2_500, `${fault} was waited for`);
      await fake.stop();
    }
  });
}
