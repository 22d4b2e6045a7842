// What Gemini and Claude answer beside a script: fenced, blocked, cut off, in another language, "wait".

import { JobFailure } from "../../supabase/functions/_shared/contracts/jobs.ts";
import { createScriptWriter } from "../../supabase/functions/_shared/providers/ai_scripts.ts";
import { isOtherLanguage } from "../../supabase/functions/_shared/providers/written_language.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { claudeText, type FakeAi, geminiText, startAi } from "../fakes/ai.ts";
import { SCRIPT_INPUT } from "./bench.ts";

const SCRIPT = "O lampă bună pentru birou. Acum 49,99 lei.";
const OBJECT = JSON.stringify({ script: SCRIPT });
const ENGLISH = JSON.stringify({
  script: "This is the lamp for you and your desk. It is warm and it is on with a touch of the foot.",
});
const call = () => ({ signal: new AbortController().signal, timeoutMs: 10_000 });

const TEXTS = { gemini: geminiText, claude: claudeText };

function startWriter(provider: "gemini" | "claude", answers: FakeAi["answers"]) {
  const fake = startAi();
  fake.script = SCRIPT;
  fake.answers.push(...answers);
  const origins = { gemini: fake.origin, claude: fake.origin };
  return { fake, writer: createScriptWriter(provider, { keys: { gemini: "key", claude: "key" }, origins }) };
}

for (const provider of ["gemini", "claude"] as const) {
  const text = TEXTS[provider];

  Deno.test(`${provider}'s script in a fence or among words was paid for, and is taken`, async () => {
    for (const said of ["```json\n" + OBJECT + "\n```", `Here is the script: ${OBJECT} Enjoy!`]) {
      const { fake, writer } = startWriter(provider, [{ body: text(said) }]);
      assertEquals((await writer.write(SCRIPT_INPUT, call())).text, SCRIPT);
      assertEquals(fake.requests.length, 1, said);
      await fake.stop();
    }
  });

  Deno.test(`${provider} is asked once more where it was cut off, wrote nothing, or another language; both are in the cost`, async () => {
    const blocked = provider === "gemini"
      ? {
        candidates: [],
        promptFeedback: { blockReason: "SAFETY" },
        usageMetadata: { promptTokenCount: 210 },
      }
      : claudeText("", "refusal");
    const other = text(ENGLISH);
    const wrong = [
      { body: text('{"script":"O lampă bună', provider === "gemini" ? "MAX_TOKENS" : "max_tokens") },
      { body: text('{"script":""}') },
      { body: text('{"script":"🎉"}') },
      { body: other },
      { body: blocked },
    ];
    const alone = startWriter(provider, []);
    const once = await alone.writer.write(SCRIPT_INPUT, call());
    await alone.fake.stop();
    for (const answer of wrong) {
      const { fake, writer } = startWriter(provider, [answer]);
      const written = await writer.write(SCRIPT_INPUT, call());
      assertEquals([written.text, fake.requests.length], [SCRIPT, 2], JSON.stringify(answer));
      if (!JSON.stringify(answer).includes("SAFETY")) {
        assertEquals(written.input_tokens, 2 * once.input_tokens);
        assert(Number(written.cost_usd) > Number(once.cost_usd));
      }
      await fake.stop();
      // Twice is for good, but for the language: there the shop's own column may be wrong.
      if (answer.body === other) continue;
      const again = startWriter(provider, [answer, answer]);
      const failure = await assertRejects(() => again.writer.write(SCRIPT_INPUT, call()));
      assert(failure instanceof JobFailure && failure.code === "script_failed" && !failure.retryable);
      assertEquals(again.fake.requests.length, 2);
      await again.fake.stop();
    }
  });

  Deno.test(`${provider} that asks for time is left in peace for so long, where it says how long`, async () => {
    const quota = {
      error: {
        code: 429,
        status: "RESOURCE_EXHAUSTED",
        details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "17.5s" }],
      },
    };
    const busy = { type: "error", error: { type: "rate_limit_error", message: "too many" } };
    const answers: [FakeAi["answers"][number], number | null][] = [
      [{ status: 429, body: provider === "gemini" ? quota : busy }, provider === "gemini" ? 17.5 : null],
      [{ status: 429, headers: { "retry-after": "12" }, body: busy }, 12],
      [{ status: 503, headers: { "retry-after": "3" }, body: busy }, 3],
    ];
    for (const [answer, after] of answers) {
      const { fake, writer } = startWriter(provider, [answer]);
      const failure = await assertRejects(() => writer.write(SCRIPT_INPUT, call()));
      assert(failure instanceof JobFailure && failure.retryable);
      assertEquals([failure.retryAfterS, fake.requests.length], [after, 1]);
      await fake.stop();
    }
  });

  Deno.test(`${provider} that is overloaded is asked once more, then later; a wrong key is for good at once`, async () => {
    const error = (type: string) => ({ type: "error", error: { type, message: type, code: 529 } });
    const overloaded = { status: 529, body: error("overloaded_error") };
    const cases: [FakeAi["answers"], number, boolean][] = [
      [[overloaded, overloaded], 2, true],
      [[{ status: 401, body: error("authentication_error") }], 1, false],
      [[{ status: 403, body: error("permission_error") }], 1, false],
      [[{ status: 404, body: error("not_found_error") }], 1, false],
    ];
    for (const [answers, requests, retryable] of cases) {
      const { fake, writer } = startWriter(provider, answers);
      const failure = await assertRejects(() => writer.write(SCRIPT_INPUT, call()));
      assert(failure instanceof JobFailure);
      assertEquals([failure.retryable, fake.requests.length], [retryable, requests]);
      await fake.stop();
    }
  });
}

Deno.test("the length is asked for in words, in languages without spaces in characters", async () => {
  const { fake, writer } = startWriter("gemini", []);
  await writer.write(SCRIPT_INPUT, call());
  await writer.write({ ...SCRIPT_INPUT, language: "ja-JP" }, call());
  const asked = fake.calls.map(({ body }) => JSON.stringify(body));
  assert(asked[0]?.includes("at most 40 words"), asked[0]);
  assert(asked[1]?.includes("at most 80 characters"), asked[1]);
  await fake.stop();
});

Deno.test("a script that comes twice in another language is taken: the shop's column may be what is wrong", async () => {
  const { fake, writer } = startWriter("gemini", [{ body: geminiText(ENGLISH) }, {
    body: geminiText(ENGLISH),
  }]);
  assertEquals((await writer.write(SCRIPT_INPUT, call())).text, JSON.parse(ENGLISH).script);
  assertEquals(fake.requests.length, 2);
  await fake.stop();
});

Deno.test("a script is of another language by its letters or its commonest words, never for names in it", () => {
  const others: [string, string][] = [
    ["ja", "This lamp is warm."],
    ["ar", "This lamp is warm."],
    ["en", "Эта лампа греет и светит."],
    ["ro", "This is the lamp for you and your desk. It is warm and it is on with a touch of the foot."],
    ["de", "La lampe est pour vous et pour les enfants, avec une lumière et un pied dans la maison."],
    ["hu", "Lampa jest na biurko i do domu, nie za droga, w twoje dni i na noc."],
  ];
  for (const [language, text] of others) assert(isOtherLanguage(text, language), `${language}: ${text}`);
  const own: [string, string][] = [
    ["ja", "Lumen Aurora X200 LEDランプ。今すぐ購入。"],
    ["ro", "Lumen Aurora Desk Lamp Pro. Lumină caldă. Acum 49,99 lei. Cumpără acum."],
    ["ro", "O lampă de birou cu lumină caldă. Just do it."],
    ["en", "Meet the lamp. Buy it."],
    ["en", "Lampe de Bureau by Lumen."],
    ["tlh", "nuqneH"],
    ["sr", "Лампа за сто."],
    ["sr", "Lampa za sto."],
    ["nl", "De lamp met warm licht in huis. Het is de lamp die je wilt."],
    ["de", "Die Lampe ist da. Warmes Licht in jedem Zimmer."],
    ["pt", "A luminária de mesa com luz quente. Compre agora."],
    ["es", "La lámpara de mesa con luz cálida. Compra ahora."],
  ];
  for (const [language, text] of own) assert(!isOtherLanguage(text, language), `${language}: ${text}`);
});
