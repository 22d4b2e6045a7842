// The files of a data folder: keys made once, the `env` and `processes.json` that others read.

import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import type { Secrets } from "./configuration.ts";

/** Everything that a stack makes in its folder, apart from Postgres's own data. */
const CONTENTS = [
  "env",
  "processes.json",
  "signing_keys.json",
  "secrets.json",
  "seeded",
  "storage",
  "renderer",
  "logs",
];
export const SIGNING_KEYS_FILE = "signing_keys.json";

/** Readers see the old file or the new one, never a part. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(temporary, text, { mode: 0o600 });
  await Deno.rename(temporary, path);
}

async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function randomText(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Reads the folder's keys, or makes them. */
export async function readSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, "secrets.json");
  const known = await readJson<Secrets>(path);
  if (known) return known;
  const made: Secrets = {
    publishableKey: `sb_publishable_${randomText(16)}_${randomText(6)}`,
    secretKey: `sb_secret_${randomText(16)}_${randomText(6)}`,
    rendererSecret: randomText(32),
    demoPassword: randomText(15),
    otherPassword: randomText(15),
    tokenSecret: randomText(48),
  };
  await replaceFile(path, JSON.stringify(made, null, 2));
  return made;
}

/** Reads the ES256 signing keys, as the CLI's `signing_keys.json` has them, or makes one. */
export async function readSigningKeys(dataDir: string): Promise<JWK[]> {
  const path = join(dataDir, SIGNING_KEYS_FILE);
  const known = await readJson<JWK[]>(path);
  if (known) return known;
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(privateKey);
  const keys: JWK[] = [{
    kty: jwk.kty!,
    kid: crypto.randomUUID(),
    use: "sig",
    // Without "verify": WebCrypto refuses that of a private key.
    key_ops: ["sign"],
    alg: "ES256",
    ext: true,
    crv: jwk.crv!,
    x: jwk.x!,
    y: jwk.y!,
    d: jwk.d!,
  }];
  await replaceFile(path, JSON.stringify(keys, null, 2));
  return keys;
}

/** Removes what stacks made here, and nothing else that may lie in the folder. */
export async function emptyDataFolder(dataDir: string): Promise<void> {
  for (const name of CONTENTS) {
    await Deno.remove(join(dataDir, name), { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}
