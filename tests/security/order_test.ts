// The order in which a request is looked at, and bytes that no client library sends.

import { assertEquals, assertMatch } from "../assert.ts";
import { stopSharedStack } from "../support/stack.ts";
import { assertRefusal, attack, JSON_TYPE, sendRaw } from "./attacker.ts";

Deno.test.afterAll(stopSharedStack);

const GENERATE = "/functions/v1/batch-generate";
const STATUS = "/functions/v1/batch-status";
const RETRY = `${GENERATE}/x/retry`;
const ABSENT = "22222222-2222-4222-8222-222222222222";
const IDS = '"product_ids":["aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa1","aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa2"]';
const NO_KEY = `{${IDS},"tts_provider":"elevenlabs"}`;
const LARGE = `{"product_ids":1,"pad":"${"x".repeat(70_000)}`;
const WRONG = { "content-type": "text/plain", "x-profile-id": "nobody", "idempotency-key": "é" };

interface Step {
  what: string;
  route: [method: string, path: string];
  headers: Record<string, string>;
  body: string;
  status: number;
  code: string;
}

/** Each request is wrong in what its step names and in all that is looked at later; the token is added but for the first. */
const STEPS: Step[] = [
  {
    what: "auth",
    route: ["POST", `${GENERATE}/no/such`],
    headers: WRONG,
    body: LARGE,
    status: 401,
    code: "unauthenticated",
  },
  {
    what: "route",
    route: ["POST", `${GENERATE}/no/such`],
    headers: WRONG,
    body: LARGE,
    status: 404,
    code: "not_found",
  },
  {
    what: "method",
    route: ["PUT", GENERATE],
    headers: WRONG,
    body: LARGE,
    status: 405,
    code: "method_not_allowed",
  },
  {
    what: "type",
    route: ["POST", GENERATE],
    headers: WRONG,
    body: LARGE,
    status: 415,
    code: "unsupported_media_type",
  },
  {
    what: "size",
    route: ["POST", GENERATE],
    headers: { ...WRONG, ...JSON_TYPE },
    body: LARGE,
    status: 413,
    code: "payload_too_large",
  },
  {
    what: "JSON",
    route: ["POST", GENERATE],
    headers: { ...WRONG, ...JSON_TYPE },
    body: "{",
    status: 400,
    code: "invalid_json",
  },
  {
    what: "fields",
    route: ["POST", GENERATE],
    headers: { ...WRONG, ...JSON_TYPE },
    body: "{}",
    status: 422,
    code: "invalid_request",
  },
  {
    what: "owner",
    route: ["POST", GENERATE],
    headers: { "x-profile-id": "nobody", ...JSON_TYPE },
    body: NO_KEY,
    status: 404,
    code: "profile_not_found",
  },
  {
    what: "provider",
    route: ["POST", GENERATE],
    headers: JSON_TYPE,
    body: NO_KEY,
    status: 422,
    code: "provider_not_configured",
  },
  {
    what: "retry: type",
    route: ["POST", RETRY],
    headers: WRONG,
    body: LARGE,
    status: 415,
    code: "unsupported_media_type",
  },
  {
    what: "retry: size",
    route: ["POST", RETRY],
    headers: JSON_TYPE,
    body: LARGE,
    status: 413,
    code: "payload_too_large",
  },
  {
    what: "retry: JSON",
    route: ["POST", RETRY],
    headers: JSON_TYPE,
    body: "{",
    status: 400,
    code: "invalid_json",
  },
  {
    what: "retry: fields",
    route: ["POST", RETRY],
    headers: JSON_TYPE,
    body: "[]",
    status: 422,
    code: "invalid_request",
  },
  {
    what: "retry: owner",
    route: ["POST", RETRY],
    headers: JSON_TYPE,
    body: "{}",
    status: 404,
    code: "batch_not_found",
  },
  {
    what: "cancel takes any body",
    route: ["POST", `${GENERATE}/${ABSENT}/cancel`],
    headers: WRONG,
    body: LARGE,
    status: 404,
    code: "batch_not_found",
  },
  {
    what: "delete takes any body",
    route: ["DELETE", `${GENERATE}/${ABSENT}`],
    headers: WRONG,
    body: LARGE,
    status: 404,
    code: "batch_not_found",
  },
  {
    what: "the list's query before its profile",
    route: ["GET", `${STATUS}?limit=0`],
    headers: WRONG,
    body: "",
    status: 422,
    code: "invalid_request",
  },
];

Deno.test("checks come in the contract's order, each one seen before the next", async () => {
  const { send, demo } = await attack();
  for (const { what, route: [method, path], headers, body, status, code } of STEPS) {
    const answer = await send(method, path, {
      headers: what === "auth" ? headers : { ...headers, ...demo.headers },
      body: method === "GET" ? undefined : body,
    });
    assertRefusal(answer, { status, code, what });
  }
});

/** Each begins with the method and path, and is given the token unless it says so itself; the status that answers it. */
const RAW: [string, string, number][] = [
  ["TRACE", `TRACE ${STATUS} HTTP/1.1\r\n{token}\r\n`, 405],
  ["TRACE without a token", `TRACE ${STATUS} HTTP/1.1\r\n\r\n`, 401],
  ["an invented method", `FOO ${STATUS} HTTP/1.1\r\n{token}\r\n`, 405],
  ["a GET with a body", `GET ${STATUS} HTTP/1.1\r\n{token}Content-Length: 5\r\n\r\nhello`, 200],
  ["a HEAD with a body", `HEAD ${STATUS} HTTP/1.1\r\n{token}Content-Length: 5\r\n\r\nhello`, 200],
  ["two authorizations", `GET ${STATUS} HTTP/1.1\r\n{token}Authorization: Bearer x\r\n\r\n`, 401],
  ["two request ids", `GET ${STATUS} HTTP/1.1\r\n{token}x-request-id: a\r\nx-request-id: b\r\n\r\n`, 200],
  [
    "two types",
    `POST ${GENERATE} HTTP/1.1\r\n{token}{json}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}`,
    415,
  ],
  [
    "length and chunks",
    `POST ${GENERATE} HTTP/1.1\r\n{token}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    "two lengths",
    `POST ${GENERATE} HTTP/1.1\r\n{token}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
    400,
  ],
  ["a bare CR in a header", `GET ${STATUS} HTTP/1.1\r\n{token}x-request-id: a\rb\r\n\r\n`, 400],
  ["a NUL in a header", `GET ${STATUS} HTTP/1.1\r\n{token}x-request-id: a\0b\r\n\r\n`, 400],
  ["an upgrade", `GET ${STATUS} HTTP/1.1\r\n{token}Upgrade: websocket\r\n\r\n`, 200],
  ["another host", `GET http://evil.test${STATUS} HTTP/1.1\r\n{token}\r\n`, 200],
  [
    "dots to another function",
    `POST ${STATUS}/../process-next HTTP/1.1\r\n{token}Content-Length: 0\r\n\r\n`,
    401,
  ],
  [
    "a body that stops halfway",
    `POST ${GENERATE} HTTP/1.1\r\n{token}{json}Content-Length: 70000\r\n\r\n{`,
    413,
  ],
];

Deno.test("bytes that no client sends are answered by their status, with a request id", async () => {
  const { stack, demo } = await attack();
  const origin = stack.env.SUPABASE_URL!;
  for (const [what, request, status] of RAW) {
    const filled = request.replace("{token}", `Authorization: Bearer ${demo.token}\r\n`)
      .replace("{json}", "Content-Type: application/json\r\n")
      .replace("\r\n", "\r\nHost: x\r\nConnection: close\r\n");
    const answer = await sendRaw(origin, filled);
    const found = Number(answer.match(/^HTTP\/1\.1 (\d{3})/)?.[1] ?? 0);
    assertEquals([what, found], [what, status], answer.slice(0, 500));
    if (status !== 400) assertMatch(answer, /\r\nx-request-id: \S+\r\n/i, what);
  }
});
