// Scripts by other people's services: the real SDK against fakes with their wire formats and faults.

import { JobFailure } from "../../supabase/functions/_shared/contracts/jobs.ts";
import type { AiProvider } from "../../supabase/functions/_shared/contracts/options.ts";
import type { ScriptInput } from "../../supabase/functions/_shared/pipeline/ports.ts";
import { createScriptWriter } from "../../supabase/functions/_shared/providers/ai_scripts.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { startAi } from "../fakes/ai.ts";
import type { ServiceFault } from "../fakes/faults.ts";
import { aJob } from "./bench.ts";

function call(timeoutMs = 10_000) {
  return { signal: new AbortController().signal, timeoutMs };
}

const INPUT: ScriptInput = {
  product: aJob().product,
  language: "ro",
  price: { current: "49,99 lei", old: null },
  ctaText: "Cumpără acum",
  maxWords: 40,
  durationS: 15,
};

function startWriter(provider: AiProvider) {
  const fake = startAi();
  const origins = { gemini: fake.origin, claude: fake.origin };
  return { fake, writer: createScriptWriter(provider, { keys: { gemini: "key", claude: "key" }, origins }) };
}

for (const provider of ["gemini", "claude"] as const) {
  Deno.test(`${provider} writes a script, with its tokens and its cost`, async () => {
    const { fake, writer } = startWriter(provider);
    fake.script = "O lampă bună. 49,99 lei. Cumpără acum.";
    const written = await writer.write(INPUT, call());
    assertEquals(written.text, fake.script);
    assert(written.input_tokens > 100 && written.output_tokens > 10 && written.cost_usd > 0);
    await fake.stop();
  });

  for (const fault of ["server_error", "wrong_json", "cut_off"] as const) {
    Deno.test(`${provider} with one ${fault} is asked once more`, async () => {
      const { fake, writer } = startWriter(provider);
      fake.faults.push(fault);
      assertEquals((await writer.write(INPUT, call())).text, fake.script);
      await fake.stop();
    });
  }

  Deno.test(`${provider} with 429 is not asked again at once, and its Retry-After is kept`, async () => {
    const { fake, writer } = startWriter(provider);
    fake.faults.push("rate_limited", "server_error");
    const failure = await assertRejects(() => writer.write(INPUT, call()));
    assert(failure instanceof JobFailure && failure.retryable);
    assertEquals([failure.retryAfterS, fake.faults.length], [7, 1]);
    await fake.stop();
  });

  Deno.test(`${provider} that gives no JSON twice, or refuses the key, fails for good`, async () => {
    for (const faults of [["wrong_json", "wrong_json"], ["forbidden"]] as ServiceFault[][]) {
      const { fake, writer } = startWriter(provider);
      fake.faults.push(...faults);
      const failure = await assertRejects(() => writer.write(INPUT, call()));
      assert(failure instanceof JobFailure && failure.code === "script_failed" && !failure.retryable);
      await fake.stop();
    }
  });

  Deno.test(`${provider} that takes too long is tried again later`, async () => {
    const { fake, writer } = startWriter(provider);
    fake.faults.push("slow", "slow");
    const failure = await assertRejects(() => writer.write(INPUT, call(600)));
    assert(failure instanceof JobFailure && failure.retryable);
    await fake.stop();
  });
}
