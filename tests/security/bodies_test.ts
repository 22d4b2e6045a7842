// What a stranger may send instead of a request's body: each is refused by its own code, at each offence's path.

import { gzipSync } from "node:zlib";
import { assertEquals } from "../assert.ts";
import { stopSharedStack } from "../support/stack.ts";
import {
  type Answer,
  assertAnswer,
  assertRefusal,
  attack,
  type Attacker,
  JSON_TYPE,
  withoutLimits,
} from "./attacker.ts";

Deno.test.afterAll(stopSharedStack);

const GENERATE = "/functions/v1/batch-generate";
const IDS = ["aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa1", "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa2"];

function poster({ send, demo }: Attacker) {
  return (body: BodyInit, headers: Record<string, string> = {}): Promise<Answer> =>
    send("POST", GENERATE, { headers: { ...demo.headers, ...JSON_TYPE, ...headers }, body });
}

/** JSON of a valid request, with fields as text, so that what no JavaScript value holds can be sent. */
const withFields = (fields: string) => `{"product_ids":${JSON.stringify(IDS)},${fields}}`;

function bytes(...parts: (string | number[])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    parts.flatMap((part) => typeof part === "string" ? [...new TextEncoder().encode(part)] : part),
  );
}

function chunked(size: number): ReadableStream<Uint8Array> {
  let left = size;
  return new ReadableStream({
    pull(controller) {
      const length = Math.min(1024, left);
      if (length === 0) controller.close();
      else controller.enqueue(new Uint8Array(length).fill(32));
      left -= length;
    },
  });
}

const VALID = JSON.stringify({ product_ids: IDS });
const TOO_LARGE = 64 * 1024 + 1;
/** What is sent, with its headers, and the status and code that answer it. */
const NO_REQUESTS: [string, BodyInit, Record<string, string>, number, string][] = [
  ["nothing", "", {}, 400, "invalid_json"],
  ["blanks", "  \n", {}, 400, "invalid_json"],
  ["half an object", '{"product_ids":', {}, 400, "invalid_json"],
  ["two values", `${VALID}${VALID}`, {}, 400, "invalid_json"],
  ["NaN", withFields('"duration_s":NaN'), {}, 400, "invalid_json"],
  ["a comment", `${VALID}//`, {}, 400, "invalid_json"],
  ["invalid UTF-8", bytes('{"a":"', [0xff], '"}'), {}, 400, "invalid_json"],
  ["an overlong NUL", bytes('{"a":"', [0xc0, 0x80], '"}'), {}, 400, "invalid_json"],
  ["a surrogate in UTF-8", bytes('{"a":"', [0xed, 0xa0, 0x80], '"}'), {}, 400, "invalid_json"],
  ["UTF-16", bytes([0xff, 0xfe], [...VALID].flatMap((c) => [c.charCodeAt(0), 0])), {}, 400, "invalid_json"],
  ["a raw NUL", bytes('{"a":"', [0], '"}'), {}, 400, "invalid_json"],
  ["60,000 open brackets", "[".repeat(60_000), {}, 400, "invalid_json"],
  ["64 KiB and a byte", " ".repeat(TOO_LARGE), {}, 413, "payload_too_large"],
  ["64 KiB and a byte, in chunks", chunked(TOO_LARGE), {}, 413, "payload_too_large"],
  ["4 MiB", " ".repeat(4 * 1024 * 1024), {}, 413, "payload_too_large"],
  ["4 MiB in chunks", chunked(4 * 1024 * 1024), {}, 413, "payload_too_large"],
  [
    "a gzip bomb",
    new Uint8Array(gzipSync(new Uint8Array(50_000_000))),
    { "content-encoding": "gzip" },
    415,
    "unsupported_media_type",
  ],
  ["gzip", new Uint8Array(gzipSync(VALID)), { "content-encoding": "gzip" }, 415, "unsupported_media_type"],
  [
    "a form",
    "product_ids=1",
    { "content-type": "application/x-www-form-urlencoded" },
    415,
    "unsupported_media_type",
  ],
  ["text", VALID, { "content-type": "text/plain" }, 415, "unsupported_media_type"],
  ["no type", VALID, { "content-type": "" }, 415, "unsupported_media_type"],
  ["almost the type", VALID, { "content-type": "application/jsonp" }, 415, "unsupported_media_type"],
  [
    "gzip that is none and too large",
    " ".repeat(TOO_LARGE),
    { "content-encoding": "br" },
    415,
    "unsupported_media_type",
  ],
];

Deno.test("bodies that are no JSON, too large, or of another kind are refused by their own codes", async () => {
  const attacker = await attack();
  const post = poster(attacker);
  for (const [what, body, headers, status, code] of NO_REQUESTS) {
    assertRefusal(await post(body, headers), { status, code, what });
  }
});

const long = (count: number, unit: string) => JSON.stringify(unit.repeat(count));
/** What is sent, and the paths of all that is wrong with it. */
const OFFENCES: [string, string, string[]][] = [
  ["null", "null", [""]],
  ["a list", "[]", [""]],
  ["a text", '"x"', [""]],
  ["a number", "1e999", [""]],
  ["15,000 nested lists", `${"[".repeat(15_000)}${"]".repeat(15_000)}`, [""]],
  ["nothing in it", "{}", ["product_ids"]],
  ["__proto__", withFields('"__proto__":{"isAdmin":true}'), ["__proto__"]],
  ["constructor", withFields('"constructor":{"prototype":{}}'), ["constructor"]],
  ["an empty name", withFields('"":1'), [""]],
  ["ids in another's place", withFields('"p_user_id":"x"'), ["p_user_id"]],
  ["the last of two duplicates", withFields('"duration_s":15,"duration_s":16'), ["duration_s"]],
  ["infinity", withFields('"duration_s":1e999'), ["duration_s"]],
  ["a fraction", withFields('"duration_s":15.5'), ["duration_s"]],
  ["a number as text", withFields('"duration_s":"15"'), ["duration_s"]],
  ["a huge number", withFields(`"concurrency":${"9".repeat(400)}`), ["concurrency"]],
  ["a negative number", withFields('"concurrency":-1'), ["concurrency"]],
  ["truth as text", withFields('"enable_denoise":"true"'), ["enable_denoise"]],
  ["null for a flag", withFields('"enable_denoise":null'), ["enable_denoise"]],
  ["an upper-case choice", withFields('"tts_provider":"EDGE"'), ["tts_provider"]],
  ["a name of Object's", withFields('"ai_provider":"toString"'), ["ai_provider"]],
  ["NUL", withFields('"cta_text":"a\\u0000"'), ["cta_text"]],
  ["half a pair", withFields('"cta_text":"\\ud800"'), ["cta_text"]],
  ["the other half", withFields('"voice_id":"\\udc00x"'), ["voice_id"]],
  ["blanks alone", withFields('"cta_text":"   "'), ["cta_text"]],
  ["61 characters", withFields(`"cta_text":${long(61, "🛒")}`), ["cta_text"]],
  ["129 characters", withFields(`"voice_id":${long(129, "é")}`), ["voice_id"]],
  ["501 characters", withFields(`"voiceover_template":${long(501, "x")}`), ["voiceover_template"]],
  ["an unknown placeholder", withFields('"voiceover_template":"{title.__class__}"'), [
    "voiceover_template",
  ]],
  ["a position", withFields('"voiceover_template":"{0}"'), ["voiceover_template"]],
  ["an open brace", withFields('"voiceover_template":"{title} {"'), ["voiceover_template"]],
  ["one id", `{"product_ids":["${IDS[0]}"]}`, ["product_ids"]],
  ["51 ids", JSON.stringify({ product_ids: Array.from({ length: 51 }, () => crypto.randomUUID()) }), [
    "product_ids",
  ]],
  ["the same id in two cases", JSON.stringify({ product_ids: [IDS[0], IDS[0]!.toUpperCase()] }), [
    "product_ids.1",
  ]],
  ["ids that are none", '{"product_ids":[1,null,{},"x","aaaaaaaaaaaa4aaa8aaaaaaaaaaaaaa1"]}', [
    "product_ids.0",
    "product_ids.1",
    "product_ids.2",
    "product_ids.3",
    "product_ids.4",
  ]],
  ["an id with a line break", JSON.stringify({ product_ids: [`${IDS[0]}\n`, IDS[1]] }), ["product_ids.0"]],
  ["an object of ids", '{"product_ids":{"0":"x","length":2}}', ["product_ids"]],
  ["all at once", '{"product_ids":1,"duration_s":1,"x":1,"cta_text":1}', [
    "cta_text",
    "duration_s",
    "product_ids",
    "x",
  ]],
];

Deno.test("bodies that are JSON and no request are refused at every offence's path", async () => {
  const attacker = await attack();
  const post = poster(attacker);
  for (const [what, body, paths] of OFFENCES) {
    const answer = await post(body);
    assertRefusal(answer, { status: 422, code: "invalid_request", what });
    const found = answer.body.details.map(({ path }: { path: string }) => path).sort();
    assertEquals([what, ...found], [what, ...paths]);
  }
});

Deno.test("signing in with what no client sends is refused", async () => {
  const { send, demo } = await attack();
  const apikey = demo.headers.apikey!;
  for (
    const [grant, body] of [
      ["password", '{"email":"\\u0000","password":"x"}'],
      ["password", '{"email":"\\ud800","password":"\\u0000"}'],
      ["password", '{"email":{"eq":"x"},"password":[]}'],
      ["password", '{"email":"\' or true --","password":""}'],
      ["password", "["],
      ["refresh_token", '{"refresh_token":"\\u0000"}'],
      ["refresh_token", '{"refresh_token":{}}'],
    ]
  ) {
    const path = `/auth/v1/token?grant_type=${grant}`;
    const answer = await send("POST", path, { headers: { apikey, ...JSON_TYPE }, body });
    assertEquals([body, answer.status, "access_token" in answer.body], [body, 400, false], answer.text);
  }
});

Deno.test("texts at their bounds, a byte order mark and 64 KiB exactly are taken", async () => {
  const attacker = await attack();
  const post = poster(attacker);
  await withoutLimits(attacker, async () => {
    const valid = JSON.stringify({ product_ids: IDS });
    const taken: [string, BodyInit][] = [
      ["64 KiB", valid.padEnd(64 * 1024)],
      ["a byte order mark", `\ufeff${valid}`],
      ["60 emoji", withFields(`"cta_text":"${"🛒".repeat(60)}"`)],
      ["blanks around 60", withFields(`"cta_text":"  ${"x".repeat(60)}  "`)],
      ["500 of another script", withFields(`"voiceover_template":"${"ש".repeat(493)}{title}"`)],
      ["30.0", withFields('"duration_s":30.0')],
      ["a right-to-left override", withFields('"cta_text":"\\u202eabc"')],
    ];
    for (const [what, body] of taken) {
      const answer = await post(body);
      assertEquals([what, answer.status, answer.body.total], [what, 202, 2], answer.text);
      assertAnswer(answer, what);
    }
  });
});
