// The main job as a frontend does it: post the ids, poll the status, until every row is final.

import type { SupabaseClient } from "@supabase/supabase-js";

export interface ProductJob {
  product_id: string;
  job_id: string;
  title: string;
  status: "queued" | "processing" | "completed" | "failed" | "cancelled";
  progress: string;
  error: string | null;
  error_code: string | null;
  stage: string | null;
  result: { video_url: string; duration_s: number; size_bytes: number } | null;
}

export interface BatchStatus {
  batch_id: string;
  status: string;
  outcome: string | null;
  total: number;
  completed: number;
  failed: number;
  product_jobs: ProductJob[];
}

const POLL_EVERY_MS = 500;
/** A status that cannot be read for so long ends the demo; so does one that does not change. */
const MAX_SILENCE_MS = 60_000;
const MAX_STANDSTILL_MS = 15 * 60_000;

/** The refusal's own words, where it is one of the API's. */
async function describe(error: unknown): Promise<string> {
  const response = (error as { context?: unknown }).context;
  if (response instanceof Response) {
    const body = await response.json().catch(() => null);
    return `HTTP ${response.status}${body?.code ? ` ${body.code}: ${body.message}` : ""}`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Posts the batch; answers its id. */
export async function postBatch(
  client: SupabaseClient,
  { productIds, durationS }: { productIds: string[]; durationS: number },
): Promise<string> {
  const { data, error } = await client.functions.invoke("batch-generate", {
    body: { product_ids: productIds, tts_provider: "local", duration_s: durationS },
  });
  if (error) throw new Error(`The batch was not accepted: ${await describe(error)}`);
  return data.batch_id;
}

interface Reading {
  /** Null: as it was (304). */
  body: BatchStatus | null;
  etag: string | null;
}

async function readStatus(client: SupabaseClient, batchId: string, etag: string | null): Promise<Reading> {
  const { data, error, response } = await client.functions.invoke(`batch-status/${batchId}`, {
    method: "GET",
    headers: etag ? { "if-none-match": etag } : {},
  });
  if (!error) return { body: data as BatchStatus, etag: response?.headers.get("etag") ?? null };
  const answer = (error as { context?: unknown }).context;
  if (answer instanceof Response && answer.status === 304) return { body: null, etag };
  throw new Error(await describe(error));
}

/** Polls until the batch is final; `onChange` sees every body that differs from the one before. */
export async function followBatch(
  client: SupabaseClient,
  { batchId, signal, onChange }: {
    batchId: string;
    signal: AbortSignal;
    onChange(status: BatchStatus): void;
  },
): Promise<BatchStatus> {
  let etag: string | null = null;
  let heardAt = performance.now();
  let changedAt = heardAt;
  while (true) {
    signal.throwIfAborted();
    try {
      const reading: Reading = await readStatus(client, batchId, etag);
      heardAt = performance.now();
      etag = reading.etag;
      if (reading.body) {
        changedAt = heardAt;
        onChange(reading.body);
        if (reading.body.status !== "processing") return reading.body;
      }
    } catch (error) {
      if (performance.now() - heardAt > MAX_SILENCE_MS) throw error;
    }
    if (performance.now() - changedAt > MAX_STANDSTILL_MS) {
      throw new Error("Nothing has changed for 15 minutes.");
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
}
