// Who gets in: every refused token on every route, and the secret of process-next.

import { assertEquals } from "../assert.ts";
import { SignJWT } from "jose";
import { createHttpApp } from "../../supabase/functions/_shared/http.ts";
import {
  BATCH_ID,
  batchGenerate,
  batchStatus,
  memoryLog,
  OTHER_SECRET_KEY,
  otherKey,
  publicJwk,
  SECRET_KEY,
  secretGate,
  signToken,
  token,
  USER_ID,
  userClaims,
} from "./support.ts";

function base64url(value: unknown): string {
  return btoa(JSON.stringify(value)).replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
}

const claims = userClaims();
const now = Math.floor(Date.now() / 1000);
const publicBytes = new TextEncoder().encode(JSON.stringify(publicJwk));
const { exp: _exp, ...withoutExp } = claims;
const { sub: _sub, ...withoutSub } = claims;

const REFUSED: Record<string, string | null> = {
  "no token": null,
  "an empty bearer": "Bearer ",
  "another scheme": `Basic ${token}`,
  "garbage": "Bearer garbage",
  "two tokens": `Bearer ${token}, Bearer ${token}`,
  "an expired token": `Bearer ${await signToken({ ...claims, exp: now - 10 })}`,
  "a token without exp": `Bearer ${await signToken(withoutExp)}`,
  "a token that is not valid yet": `Bearer ${await signToken({ ...claims, nbf: now + 600 })}`,
  "a wrong audience": `Bearer ${await signToken({ ...claims, aud: "other" })}`,
  "no audience": `Bearer ${await signToken({ ...claims, aud: undefined })}`,
  "another project's issuer": `Bearer ${await signToken({ ...claims, iss: "https://other.test/auth/v1" })}`,
  "no issuer": `Bearer ${await signToken({ ...claims, iss: undefined })}`,
  "role anon": `Bearer ${await signToken({ ...claims, role: "anon" })}`,
  "role service_role": `Bearer ${await signToken({ ...claims, role: "service_role" })}`,
  "no role": `Bearer ${await signToken({ ...claims, role: undefined })}`,
  "no subject": `Bearer ${await signToken(withoutSub)}`,
  "a subject that is no uuid": `Bearer ${await signToken({ ...claims, sub: "me" })}`,
  "another key": `Bearer ${await signToken(claims, otherKey)}`,
  "a changed payload": `Bearer ${token.split(".")[0]}.${base64url({ ...claims, sub: BATCH_ID })}.${
    token.split(".")[2]
  }`,
  "algorithm none": `Bearer ${base64url({ alg: "none", kid: "k1" })}.${base64url(claims)}.`,
  "HS256 signed with the public key": `Bearer ${await new SignJWT(claims).setProtectedHeader({
    alg: "HS256",
    kid: "k1",
  }).sign(publicBytes)}`,
  "a publishable key": "Bearer sb_publishable_default",
  "a secret key": `Bearer ${SECRET_KEY}`,
};

const ROUTES: ["generate" | "status", string, string][] = [
  ["generate", "POST", "/batch-generate"],
  ["generate", "GET", "/batch-generate"],
  ["generate", "POST", `/batch-generate/${BATCH_ID}/cancel`],
  ["generate", "POST", `/batch-generate/${BATCH_ID}/retry`],
  ["generate", "DELETE", `/batch-generate/${BATCH_ID}`],
  ["generate", "POST", "/batch-generate/no/such/route"],
  ["status", "GET", "/batch-status"],
  ["status", "HEAD", `/batch-status/${BATCH_ID}`],
  ["status", "GET", `/batch-status/${BATCH_ID}`],
  ["status", "PUT", "/batch-status/x/y"],
];

for (const [name, authorization] of Object.entries(REFUSED)) {
  Deno.test(`${name} is unauthenticated on every route, before anything else is looked at`, async () => {
    const apps = {
      generate: batchGenerate(() => ({ json: null })),
      status: batchStatus(() => ({ json: null })),
    };
    for (const [app, method, path] of ROUTES) {
      const response = await apps[app].request(path, {
        method,
        headers: {
          "content-type": "text/plain",
          apikey: SECRET_KEY,
          ...(authorization === null ? {} : { authorization }),
        },
        body: method === "POST" ? "{" : undefined,
      });
      assertEquals([path, response.status], [path, 401]);
      if (method !== "HEAD") assertEquals((await response.json()).code, "unauthenticated");
    }
    assertEquals([...apps.generate.calls, ...apps.status.calls], []);
  });
}

Deno.test("a verified token's subject is the user that the database is asked for", async () => {
  const { request, calls } = batchGenerate(() => ({ json: { cancelled: 0, renders: [] } }));
  const upper = await signToken({ ...claims, sub: USER_ID.toUpperCase(), aud: ["authenticated", "more"] });
  const response = await request(`/batch-generate/${BATCH_ID}/cancel`, {
    method: "POST",
    headers: { authorization: `Bearer ${upper}` },
  });
  assertEquals(response.status, 202);
  assertEquals(calls[0]?.args.p_user_id, USER_ID);
});

Deno.test("the issuer is PUBLIC_URL's unless JWT_ISSUER says another", async () => {
  const expected: [Record<string, string>, string, number][] = [
    [{ PUBLIC_URL: "https://shop.test/" }, "https://shop.test/auth/v1", 202],
    [{ PUBLIC_URL: "https://shop.test" }, claims.iss ?? "", 401],
    [{ PUBLIC_URL: "https://shop.test", JWT_ISSUER: "https://auth.test" }, "https://auth.test", 202],
    [{ PUBLIC_URL: "https://shop.test", JWT_ISSUER: "https://auth.test" }, "https://shop.test/auth/v1", 401],
  ];
  for (const [env, iss, status] of expected) {
    const { request } = batchGenerate(() => ({ json: { cancelled: 0, renders: [] } }), { env });
    const authorization = `Bearer ${await signToken({ ...claims, iss })}`;
    const response = await request(`/batch-generate/${BATCH_ID}/cancel`, {
      method: "POST",
      headers: { authorization },
    });
    assertEquals(response.status, status);
  }
});

Deno.test("process-next takes any of the secret keys in apikey and nothing else, on every path", async () => {
  const app = createHttpApp<void>({ log: memoryLog().log, authenticate: secretGate() });
  app.post("/process-next", (c) => c.json({}, 202));
  const tried: [Record<string, string>, number][] = [
    [{ apikey: SECRET_KEY }, 202],
    [{ apikey: OTHER_SECRET_KEY }, 202],
    [{ apikey: SECRET_KEY, authorization: `Bearer ${token}` }, 202],
    [{}, 401],
    [{ apikey: "" }, 401],
    [{ apikey: "sb_publishable_default" }, 401],
    [{ apikey: `${SECRET_KEY}x` }, 401],
    [{ apikey: token }, 401],
    [{ authorization: `Bearer ${token}` }, 401],
    [{ authorization: `Bearer ${SECRET_KEY}` }, 401],
  ];
  for (const [headers, status] of tried) {
    const response = await app.request("/process-next", { method: "POST", headers });
    assertEquals([headers, response.status], [headers, status]);
    const elsewhere = await app.request("/process-next/x", { method: "POST", headers });
    assertEquals([headers, elsewhere.status], [headers, status === 202 ? 404 : 401]);
  }
});

Deno.test("public keys that cannot be fetched make the service unavailable, not the token wrong", async () => {
  const { request } = batchGenerate(() => ({ json: null }), {
    env: { SUPABASE_JWKS: "", SUPABASE_JWKS_URL: "http://127.0.0.1:9/jwks.json" },
  });
  const response = await request("/batch-generate", { headers: { authorization: `Bearer ${token}` } });
  assertEquals([response.status, response.headers.get("retry-after")], [503, "5"]);
});
