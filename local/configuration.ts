// What the supervisor tells its parts, through their stdin: addresses, keys, and the environment to hand on.

import type { JWK } from "jose";

/** Keys and passwords of one data folder: made once, the same after every restart. */
export interface Secrets {
  publishableKey: string;
  secretKey: string;
  rendererSecret: string;
  demoPassword: string;
  otherPassword: string;
  /** Signs storage URLs and refresh tokens; verified by this stack only. */
  tokenSecret: string;
}

/** The whole configuration of a running stack. Ports are loopback's. */
export interface Configuration {
  dataDir: string;
  ports: { gateway: number; postgres: number; renderer: number; functions: number };
  /** The gateway's address: what clients know as the project's URL. */
  supabaseUrl: string;
  databaseUrl: string;
  /** One or several, comma-separated. */
  rendererUrl: string;
  rendererSecret: string;
  publishableKey: string;
  secretKey: string;
  tokenSecret: string;
  /** Private ES256 keys; the first one signs. */
  signingKeys: JWK[];
  /** Seconds that a function's process lives. */
  wallClockS: number;
  /** Variables of the starter's own environment that functions and renderer get as they are. */
  handedOn: Record<string, string>;
}

/** The names of users that a fresh stack holds. */
export const DEMO_EMAIL = "demo@example.com";
export const OTHER_EMAIL = "other@example.com";

/** The public halves of the signing keys. */
export function publicKeys(keys: JWK[]): JWK[] {
  return keys.map((
    { kty, crv, x, y, kid, alg, use },
  ) => ({ kty, crv, x, y, kid, alg, use, key_ops: ["verify"] } as JWK));
}
