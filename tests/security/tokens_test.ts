// Every token that is wrong in one thing, on every route and method: 401, before anything else is looked at.

import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { assert, assertEquals } from "../assert.ts";
import { stopSharedStack } from "../support/stack.ts";
import { assertRefusal, attack, type Attacker, forAll } from "./attacker.ts";

Deno.test.afterAll(stopSharedStack);

const ID = "22222222-2222-4222-8222-222222222222";
const FUNCTION_ROUTES = [
  "/batch-generate",
  `/batch-generate/${ID}`,
  `/batch-generate/${ID}/cancel`,
  `/batch-generate/${ID}/retry`,
  "/batch-generate/no/such/route",
  "/batch-status",
  `/batch-status/${ID}`,
  "/batch-status/no/such",
  "/process-next",
  "/process-next/no/such",
].map((path) => `/functions/v1${path}`);
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"];

function base64url(value: unknown): string {
  return btoa(JSON.stringify(value)).replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
}

/** Tokens that nobody may use; `forged` ones are not even this project's. */
async function tokens(
  attacker: Attacker,
): Promise<{ forged: Record<string, string>; unfit: Record<string, string> }> {
  const { claims, sign, stack, demo } = attacker;
  const now = Math.floor(Date.now() / 1000);
  const stranger = await generateKeyPair("ES256", { extractable: true });
  const jwks = await (await fetch(`${stack.env.SUPABASE_URL}/auth/v1/.well-known/jwks.json`)).text();
  const [published] = JSON.parse(jwks).keys;
  const hs256 = (secret: string) =>
    new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: published.kid })
      .sign(new TextEncoder().encode(secret));
  const foreign = (header: Record<string, unknown> = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: published.kid, ...header })
      .sign(stranger.privateKey);
  const [head, payload, signature] = demo.token.split(".");
  const without = (name: string) => sign({ ...claims, [name]: undefined });
  return {
    forged: {
      garbage: "garbage",
      "three dots": "...",
      "a payload that is no JSON": `${head}.AAAA.${signature}`,
      "a changed payload": `${head}.${base64url({ ...claims, sub: attacker.other.userId })}.${signature}`,
      "no signature": `${head}.${payload}.`,
      "algorithm none": `${base64url({ alg: "none", kid: published.kid })}.${base64url(claims)}.`,
      "algorithm None with the signature": `${base64url({ alg: "None" })}.${payload}.${signature}`,
      "HS256 with the published key": await hs256(JSON.stringify(published)),
      "HS256 with the published key set": await hs256(jwks),
      "HS256 with the published x": await hs256(published.x),
      "HS256 with the publishable key": await hs256(stack.env.SUPABASE_PUBLISHABLE_KEY!),
      "another key under the project's kid": await foreign(),
      "another key under its own kid": await foreign({ kid: "another" }),
      "a kid that is a path": await foreign({ kid: "../../../../dev/null" }),
      "a key of its own in the header": await foreign({ jwk: await exportJWK(stranger.publicKey) }),
      "a key set of its own in the header": await foreign({ kid: "x", jku: "http://127.0.0.1:9/jwks.json" }),
      "another project's token": await new SignJWT({ ...claims, iss: "https://other.supabase.co/auth/v1" })
        .setProtectedHeader({ alg: "ES256", kid: "other" }).sign(stranger.privateKey),
      "50,000 characters": "a".repeat(50_000),
      expired: await sign({ ...claims, exp: now - 60 }),
      "not valid before an hour": await sign({ ...claims, nbf: now + 3600 }),
    },
    unfit: {
      "no exp": await without("exp"),
      "exp that is a text": await sign({ ...claims, exp: String(now + 3600) as unknown as number }),
      "no aud": await without("aud"),
      "another aud": await sign({ ...claims, aud: "other" }),
      "no iss": await without("iss"),
      "another iss": await sign({ ...claims, iss: "https://other.supabase.co/auth/v1" }),
      "an iss with a slash more": await sign({ ...claims, iss: `${claims.iss}/` }),
      "role anon": await sign({ ...claims, role: "anon" }),
      "role service_role": await sign({ ...claims, role: "service_role" }),
      "role postgres": await sign({ ...claims, role: "postgres" }),
      "no role": await without("role"),
      "roles in a list": await sign({ ...claims, role: ["authenticated"] }),
      "no sub": await without("sub"),
      "a sub that is no uuid": await sign({ ...claims, sub: "me" }),
      "a sub that is SQL": await sign({ ...claims, sub: "' or true --" }),
    },
  };
}

/** Headers that bear no user, by what is wrong with them. */
async function refusedHeaders(attacker: Attacker): Promise<Record<string, Record<string, string>>> {
  const { stack, demo } = attacker;
  const { forged, unfit } = await tokens(attacker);
  const { SUPABASE_PUBLISHABLE_KEY: publishable, SUPABASE_SECRET_KEY: secret } = stack.env;
  const bearers = Object.entries({
    ...forged,
    ...unfit,
    "the publishable key": publishable!,
    "the secret key": secret!,
    "the renderer's secret": stack.env.RENDERER_SECRET ?? "",
    "an empty token": "",
    "a token and more": `${demo.token} x`,
    "two tokens": `${demo.token}, Bearer ${demo.token}`,
  }).map(([name, token]) => [name, { authorization: `Bearer ${token}` }]);
  return {
    nothing: {},
    "a valid token without its scheme": { authorization: demo.token },
    "a valid token as Basic": { authorization: `Basic ${demo.token}` },
    "a valid token in apikey": { apikey: demo.token },
    "a valid token in a cookie": { cookie: `sb-access-token=${demo.token}` },
    ...Object.fromEntries(bearers),
  };
}

Deno.test("no token but a user's own opens any route of a function, by any method", async () => {
  const attacker = await attack();
  const tried = Object.entries(await refusedHeaders(attacker)).flatMap(([name, headers]) =>
    FUNCTION_ROUTES.flatMap((path) => METHODS.map((method) => ({ name, headers, path, method })))
  );
  await forAll(tried, async ({ name, headers, path, method }) => {
    const bodied = method !== "GET" && method !== "HEAD";
    const answer = await attacker.send(method, path, {
      // Wrong in all that is checked later, too.
      headers: { "content-type": "text/plain", "x-profile-id": "x", ...headers },
      body: bodied ? "{" : undefined,
    });
    const what = `${name}: ${method} ${path}`;
    assertRefusal(answer, { status: 401, code: "unauthenticated", what, method });
  });
  console.log(`refusals seen: ${tried.length}`);
});

Deno.test("a token in the query is no token", async () => {
  const { send, demo, stack } = await attack();
  for (const name of ["token", "access_token", "authorization", "apikey", "jwt"]) {
    const value = name === "apikey" ? stack.env.SUPABASE_SECRET_KEY! : demo.token;
    for (const path of ["/batch-status", "/process-next"]) {
      const answer = await send("POST", `/functions/v1${path}?${name}=${encodeURIComponent(value)}`);
      assertRefusal(answer, { status: 401, code: "unauthenticated", what: `${path}?${name}=` });
    }
  }
});

Deno.test("a user's token is taken by its users' routes in any case of Bearer, and never by process-next", async () => {
  const { send, demo, stack } = await attack();
  for (const scheme of ["Bearer", "bearer", "BEARER"]) {
    const answer = await send("GET", "/functions/v1/batch-status", {
      headers: { authorization: `${scheme} ${demo.token}` },
    });
    assertEquals([scheme, answer.status], [scheme, 200]);
  }
  const { SUPABASE_PUBLISHABLE_KEY: publishable, SUPABASE_SECRET_KEY: secret, RENDERER_SECRET } = stack.env;
  const refused: Record<string, string>[] = [
    demo.headers,
    { apikey: publishable! },
    { apikey: demo.token },
    { apikey: secret!.slice(0, -1) },
    { apikey: `${secret}x` },
    { apikey: secret!.toUpperCase() },
    { apikey: `${secret}, ${secret}` },
    { apikey: RENDERER_SECRET ?? "" },
    { authorization: `Bearer ${secret}` },
    { "x-api-key": secret! },
    { cookie: `apikey=${secret}` },
  ];
  for (const headers of refused) {
    const answer = await send("POST", "/functions/v1/process-next", {
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ batch_id: ID }),
    });
    assertRefusal(answer, { status: 401, code: "unauthenticated", what: Object.keys(headers).join() });
  }
});

Deno.test("REST, Storage and Auth take no forged or expired token either", async () => {
  const attacker = await attack();
  const { forged } = await tokens(attacker);
  const { SUPABASE_PUBLISHABLE_KEY: apikey } = attacker.stack.env;
  const routes: [string, string][] = [
    ["GET", "/rest/v1/products?select=*"],
    ["POST", "/rest/v1/products"],
    ["PATCH", "/rest/v1/profiles?id=eq.x"],
    ["DELETE", "/rest/v1/products?id=eq.x"],
    ["POST", "/rest/v1/rpc/list_batch_statuses"],
    ["POST", "/rest/v1/rpc/claim_job"],
    ["POST", "/storage/v1/object/list/videos"],
    ["POST", "/storage/v1/object/sign/videos/x"],
    ["POST", "/storage/v1/object/videos/x"],
    ["GET", "/storage/v1/object/authenticated/videos/x"],
    ["POST", "/storage/v1/object/upload/sign/videos/x"],
    ["DELETE", "/storage/v1/object/videos"],
    ["GET", "/auth/v1/user"],
    ["POST", "/auth/v1/logout"],
  ];
  const tried = Object.entries(forged).flatMap(([name, token]) =>
    routes.map(([method, path]) => ({ name, token, method, path }))
  );
  await forAll(tried, async ({ name, token, method, path }) => {
    const answer = await attacker.send(method, path, {
      headers: { apikey: apikey!, authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: method === "GET" ? undefined : "{}",
    });
    const what = `${name}: ${method} ${path}: ${answer.status} ${answer.text.slice(0, 200)}`;
    const refused = path.startsWith("/storage/")
      ? answer.status === 400 && answer.body.statusCode === "403"
      : [401, 403].includes(answer.status);
    assert(refused, what);
  });
});

Deno.test("REST and Auth want a key of the project before they look at anything", async () => {
  const { send, demo } = await attack();
  for (const apikey of [undefined, "", "sb_publishable_wrong", "sb_secret_wrong", demo.token]) {
    const headers: Record<string, string> = { authorization: demo.headers.authorization! };
    if (apikey !== undefined) headers.apikey = apikey;
    for (const path of ["/rest/v1/products?select=id", "/auth/v1/user"]) {
      assertEquals([apikey, path, (await send("GET", path, { headers })).status], [apikey, path, 401]);
    }
  }
});
