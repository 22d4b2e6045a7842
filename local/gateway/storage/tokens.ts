// Tokens of signed URLs: one object, one purpose, one expiry.

import { jwtVerify, SignJWT } from "jose";
import { StorageRefusal } from "./errors.ts";
import type { ObjectKey } from "./objects.ts";

export interface Grant extends ObjectKey {
  purpose: "read" | "upload";
  ownerId?: string | null;
  upsert?: boolean;
}

/** Signs and checks the tokens of this data folder. */
export function createTokens(tokenSecret: string) {
  const secret = new TextEncoder().encode(tokenSecret);
  return {
    async sign(grant: Grant, expiresInS: number): Promise<string> {
      const { purpose, ownerId = null, upsert = false } = grant;
      return await new SignJWT({ url: `${grant.bucket}/${grant.name}`, owner: ownerId, upsert })
        .setProtectedHeader({ alg: "HS256" }).setAudience(`storage-${purpose}`).setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1000) + Math.ceil(expiresInS)).sign(secret);
    },

    /** Refuses a token that is expired, forged, or for another object or purpose. */
    async check(token: string, wanted: { key: ObjectKey; purpose: Grant["purpose"] }): Promise<Grant> {
      const { key, purpose } = wanted;
      const refusal = (message: string) => new StorageRefusal(400, "InvalidJWT", { message });
      const { payload } = await jwtVerify(token, secret, {
        algorithms: ["HS256"],
        audience: `storage-${purpose}`,
      })
        .catch((error) => {
          throw refusal(error instanceof Error ? error.message : "invalid token");
        });
      if (payload.url !== `${key.bucket}/${key.name}`) throw refusal("The url do not match the signature");
      const ownerId = typeof payload.owner === "string" ? payload.owner : null;
      return { ...key, purpose, ownerId, upsert: payload.upsert === true };
    },
  };
}

export type Tokens = ReturnType<typeof createTokens>;
