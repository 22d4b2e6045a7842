// Who is calling: a signed-in user by token, or another part of this project by secret key.

import { verifyAuth, verifyCredentials } from "@supabase/server/core";
import { UUID_PATTERN } from "./contracts/requests.ts";
import type { Environment } from "./environment.ts";
import { HttpError } from "./errors.ts";

/** The verified caller; `token` is what the database is asked with on the user's behalf. */
export interface User {
  id: string;
  token: string;
}

type AuthEnvironment = Pick<
  Environment,
  "supabaseUrl" | "jwks" | "jwtIssuer" | "publishableKey" | "secretKeys"
>;

function libraryEnvironment(environment: AuthEnvironment) {
  return {
    url: environment.supabaseUrl,
    publishableKeys: { default: environment.publishableKey },
    secretKeys: environment.secretKeys,
    jwks: environment.jwks as never,
  };
}

/** The scheme in any case (RFC 9110, section 11.1): the library knows one spelling. */
function readBearer(request: Request): string | null {
  return request.headers.get("authorization")?.match(/^bearer +(\S+)$/i)?.[1] ?? null;
}

/**
 * The user whose token the request bears. The library takes tokens without `exp`, and of any role: both are
 * looked at here. Throws `unauthenticated`, or `unavailable` where the keys could not be fetched.
 */
export async function requireUser(request: Request, environment: AuthEnvironment): Promise<User> {
  const { data, error } = await verifyCredentials({ token: readBearer(request), apikey: null }, {
    auth: "user",
    audience: "authenticated",
    issuer: environment.jwtIssuer,
    env: libraryEnvironment(environment),
  });
  if (error) {
    if (error.code === "JWKS_FETCH_FAILED") {
      throw new HttpError("unavailable", { retryAfterS: 5, cause: error });
    }
    throw new HttpError(error.status === 401 ? "unauthenticated" : "internal", { cause: error });
  }
  const { token, jwtClaims } = data;
  const isUser = token !== null && jwtClaims !== null && Number.isFinite(jwtClaims.exp) &&
    jwtClaims.role === "authenticated" && UUID_PATTERN.test(jwtClaims.sub);
  if (!isUser) throw new HttpError("unauthenticated");
  return { id: jwtClaims.sub.toLowerCase(), token };
}

/** Passes where `apikey` is one of the project's secret keys (compared in constant time); else throws. */
export async function requireSecret(request: Request, environment: AuthEnvironment): Promise<void> {
  const { error } = await verifyAuth(request, { auth: "secret:*", env: libraryEnvironment(environment) });
  if (error) {
    throw new HttpError(error.status === 401 ? "unauthenticated" : "internal", { cause: error });
  }
}
