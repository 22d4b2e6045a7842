// Puts products of a feed into a profile through REST, with the user's own token: RLS decides what may be written.

import type { SupabaseClient } from "@supabase/supabase-js";
import type { FeedProblem, FeedProduct } from "./feed_product.ts";

/** Rows a request: 1,000 products are a handful of requests of well under a megabyte each. */
const CHUNK_SIZE = 250;

export interface ImportedProduct {
  id: string;
  external_id: string;
}

export interface ImportResult {
  /** What was written, in the order of the items. */
  imported: ImportedProduct[];
  /** Items that the database refused, each by its id. */
  problems: FeedProblem[];
}

interface Target {
  client: SupabaseClient;
  profileId: string;
}

interface Refusal {
  message: string;
  /** An answer about the rows (4xx), not about the connection or the token. */
  isAboutRows: boolean;
}

async function upsert(
  { client, profileId }: Target,
  items: FeedProduct[],
): Promise<ImportedProduct[] | Refusal> {
  const { data, error, status } = await client
    .from("products")
    .upsert(items.map((item) => ({ ...item, profile_id: profileId })), {
      onConflict: "profile_id,external_id",
    })
    .select("id, external_id");
  if (!error) return data as ImportedProduct[];
  return {
    message: error.message,
    isAboutRows: status >= 400 && status < 500 && ![401, 403, 404, 429].includes(status),
  };
}

/** A refused chunk is halved until the refused rows stand alone: the others of it are written. */
async function importChunk(target: Target, items: FeedProduct[]): Promise<ImportResult> {
  const outcome = await upsert(target, items);
  if (Array.isArray(outcome)) return { imported: outcome, problems: [] };
  const [only] = items;
  if (!outcome.isAboutRows) throw new Error(`The products could not be written: ${outcome.message}`);
  if (items.length === 1 && only) {
    return {
      imported: [],
      problems: [{ id: only.external_id, field: null, message: outcome.message, skipped: true }],
    };
  }
  const middle = Math.ceil(items.length / 2);
  const first = await importChunk(target, items.slice(0, middle));
  const second = await importChunk(target, items.slice(middle));
  return {
    imported: [...first.imported, ...second.imported],
    problems: [...first.problems, ...second.problems],
  };
}

/**
 * Upserts products on (profile_id, external_id): importing twice updates, never duplicates. `client` carries the
 * user's session. Rows that the database refuses are reported; a connection or token that fails is thrown.
 */
export async function importFeed(
  { client, profileId, items }: Target & { items: FeedProduct[] },
): Promise<ImportResult> {
  const unique = [...new Map(items.map((item) => [item.external_id, item])).values()];
  const result: ImportResult = { imported: [], problems: [] };
  for (let start = 0; start < unique.length; start += CHUNK_SIZE) {
    const { imported, problems } = await importChunk(
      { client, profileId },
      unique.slice(start, start + CHUNK_SIZE),
    );
    result.imported.push(...imported);
    result.problems.push(...problems);
  }
  const places = new Map(unique.map((item, place) => [item.external_id, place]));
  result.imported.sort((a, b) => (places.get(a.external_id) ?? 0) - (places.get(b.external_id) ?? 0));
  return result;
}
