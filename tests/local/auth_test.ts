// The local stack's Auth as supabase-js uses it.

import { createRemoteJWKSet, jwtVerify } from "jose";
import { assert, assertEquals, assertExists } from "../assert.ts";
import { newClient, sharedStack, stopSharedStack } from "../support/stack.ts";

Deno.test.afterAll(stopSharedStack);

const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test("a password gives an ES256 token that the published keys verify", options, async () => {
  const { demo, env } = await sharedStack({ own: true });
  const { data } = await demo.auth.getSession();
  const keys = createRemoteJWKSet(new URL(`${env.SUPABASE_URL}/auth/v1/.well-known/jwks.json`));
  const { payload, protectedHeader } = await jwtVerify(data.session!.access_token, keys, {
    issuer: `${env.SUPABASE_URL}/auth/v1`,
    audience: "authenticated",
  });
  assertEquals([protectedHeader.alg, payload.role, payload.email], [
    "ES256",
    "authenticated",
    env.DEMO_EMAIL,
  ]);
  assertExists(payload.exp);
  const published = await (await fetch(`${env.SUPABASE_URL}/auth/v1/.well-known/jwks.json`)).json();
  assert(published.keys.every((key: Record<string, unknown>) => key.d === undefined));
});

Deno.test("a wrong password and an unknown user are refused alike", options, async () => {
  const { env } = await sharedStack({ own: true });
  const answers = await Promise.all(
    [env.DEMO_EMAIL!, "nobody@example.com"].map((email) =>
      newClient(env).auth.signInWithPassword({ email, password: "wrong" })
    ),
  );
  assertEquals(answers.map(({ error }) => [error?.status, error?.code]), [
    [400, "invalid_credentials"],
    [400, "invalid_credentials"],
  ]);
});

Deno.test("a session is refreshed until it is signed out", options, async () => {
  const { env } = await sharedStack({ own: true });
  const client = newClient(env);
  await client.auth.signInWithPassword({ email: env.OTHER_EMAIL!, password: env.OTHER_PASSWORD! });
  const refreshed = await client.auth.refreshSession();
  assertEquals(refreshed.error, null);
  const { refresh_token } = refreshed.data.session!;
  assertEquals((await client.auth.getUser()).data.user?.email, env.OTHER_EMAIL);
  assertEquals((await client.auth.signOut()).error, null);
  assertExists((await newClient(env).auth.refreshSession({ refresh_token })).error);
  assertExists((await newClient(env).auth.refreshSession({ refresh_token: "garbage" })).error);
});

Deno.test("a refresh token opens neither REST nor the user's page", options, async () => {
  const { demo, env } = await sharedStack({ own: true });
  const { data } = await demo.auth.getSession();
  const headers = {
    apikey: env.SUPABASE_PUBLISHABLE_KEY!,
    authorization: `Bearer ${data.session!.refresh_token}`,
  };
  const statuses = await Promise.all(["rest/v1/products?select=id", "auth/v1/user"].map(async (path) => {
    const response = await fetch(`${env.SUPABASE_URL}/${path}`, { headers });
    await response.body?.cancel();
    return response.status;
  }));
  assertEquals(statuses, [401, 403]);
});

Deno.test("the user's page wants a key and a user's token", options, async () => {
  const { env } = await sharedStack({ own: true });
  const url = `${env.SUPABASE_URL}/auth/v1/user`;
  const statuses = await Promise.all([{}, { apikey: env.SUPABASE_PUBLISHABLE_KEY! }].map(async (headers) => {
    const response = await fetch(url, { headers: headers as Record<string, string> });
    await response.body?.cancel();
    return response.status;
  }));
  assertEquals(statuses, [401, 401]);
});
