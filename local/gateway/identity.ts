// Who calls: API keys and user tokens, turned into the database role and claims that PostgREST and Storage would set.

import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import { type Configuration, publicKeys } from "../configuration.ts";

/** The role that a request runs under, and the claims that its policies read. */
export interface Identity {
  role: string;
  claims: Record<string, unknown>;
}

export type Identified =
  | { identity: Identity }
  | { refusal: "no_key" | "unknown_key" | "bad_token" | "expired_token"; message: string };

export type Identify = (request: Request, options?: { needsKey?: boolean }) => Promise<Identified>;

/** PostgREST's allowance for clocks that differ. */
const CLOCK_TOLERANCE_S = 30;

function bearerOf(request: Request): string | null {
  return request.headers.get("authorization")?.match(/^bearer\s+(\S+)\s*$/i)?.[1] ?? null;
}

/** Verifies ES256 tokens of this stack's own keys; `aud` and `iss` are the callers' business, as with PostgREST. */
export function createIdentify(configuration: Configuration): Identify {
  const keySet = createLocalJWKSet({ keys: publicKeys(configuration.signingKeys) });
  const roles = new Map([[configuration.publishableKey, "anon"], [configuration.secretKey, "service_role"]]);
  const ofKey = (key: string): Identified => {
    const role = roles.get(key);
    if (!role) return { refusal: "unknown_key", message: "Invalid API key" };
    return { identity: { role, claims: { role } } };
  };

  async function ofToken(token: string): Promise<Identified> {
    let claims: JWTPayload;
    try {
      const options = { algorithms: ["ES256"], clockTolerance: CLOCK_TOLERANCE_S };
      claims = (await jwtVerify(token, keySet, options)).payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { refusal: "expired_token", message: "JWT expired" };
      return { refusal: "bad_token", message: error instanceof Error ? error.message : "JWT invalid" };
    }
    return { identity: { role: typeof claims.role === "string" ? claims.role : "anon", claims } };
  }

  return async function identify(request, { needsKey = true } = {}) {
    const bearer = bearerOf(request);
    const key = request.headers.get("apikey") ?? new URL(request.url).searchParams.get("apikey") ??
      (bearer?.startsWith("sb_") ? bearer : null);
    if (key === null && (needsKey || bearer === null)) {
      return { refusal: "no_key", message: "No API key found in request" };
    }
    if (key !== null) {
      const known = ofKey(key);
      if ("refusal" in known || bearer === null || bearer === key) return known;
    }
    return await ofToken(bearer!);
  };
}
