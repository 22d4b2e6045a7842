// Hashes that name things by what they were made of: stages, voices, renders.

import type { RenderSpec } from "../contracts/render_spec.ts";

/** 16 hex digits of the SHA-256 of bytes. */
export async function fingerprintBytes(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return [...new Uint8Array(digest)].slice(0, 8).map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The same of a JSON value, whatever the order of its keys. */
export function fingerprint(value: unknown): Promise<string> {
  return fingerprintBytes(new TextEncoder().encode(canonical(value)));
}

/** `<job>-<run>-<16 hex>` of the spec without its uploads and its URLs' tokens: both differ at each signing. */
export async function renderIdOf(job: { job_id: string; run: number }, spec: RenderSpec): Promise<string> {
  const { uploads: _uploads, ...rest } = spec;
  const identity = {
    ...rest,
    image_urls: spec.image_urls.map(withoutToken),
    voice: spec.voice && { ...spec.voice, url: withoutToken(spec.voice.url) },
  };
  return `${job.job_id}-${job.run}-${await fingerprint(identity)}`;
}

function withoutToken(address: string): string {
  const url = new URL(address);
  url.searchParams.delete("token");
  return url.href;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => a < b ? -1 : 1);
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}
