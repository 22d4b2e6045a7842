// A shop to test with: users, products, batches made through the queue's own functions.

import type { Sql } from "postgres";
import { BATCH_OPTIONS } from "../support/batch_options.ts";

/** What `p_options` is; the type is open, as the column is. */
export const OPTIONS = { ...BATCH_OPTIONS };

export interface Shop {
  userId: string;
  profileId: string;
  productIds: string[];
}

export interface Claim {
  job: ClaimedRow | null;
  more: boolean;
}

export interface ClaimedRow {
  job_id: string;
  batch_id: string;
  product_id: string;
  position: number;
  run: number;
  attempt: number;
  lease_token: string;
  lease_s: number;
  stage: string;
  progress: number;
  checkpoint: Record<string, unknown>;
  product: { title: string; price: string | null };
  profile: { template: string };
}

/** A user with a default profile and so many products. */
export async function openShop(sql: Sql, productCount = 3): Promise<Shop> {
  const userId = crypto.randomUUID();
  await sql`insert into auth.users (id, email) values (${userId}, ${userId + "@example.com"})`;
  const [profile] = await sql<{ id: string }[]>`
    insert into public.profiles (user_id, is_default) values (${userId}, true) returning id`;
  const products = await sql<{ id: string }[]>`
    insert into public.products (profile_id, external_id, title, price, currency)
    select ${
    profile!.id
  }, 'sku-' || n, 'Product ' || n, 19.90, 'EUR' from generate_series(1, ${productCount}) n
    returning id`;
  return { userId, profileId: profile!.id, productIds: products.map((row) => row.id) };
}

/** Accepts a batch and gives its id. */
export async function createBatch(
  service: Sql,
  shop: Shop,
  { productIds = shop.productIds, concurrency = 1, key = null }: {
    productIds?: string[];
    concurrency?: number;
    key?: string | null;
  } = {},
): Promise<string> {
  const options = { ...OPTIONS, concurrency };
  const [row] = await service<{ answer: { batch_id: string } }[]>`
    select public.create_batch(${shop.userId}, null, ${key}, ${productIds}::uuid[],
      ${service.json(options)}) as answer`;
  if (!row?.answer.batch_id) throw new Error(`no batch: ${JSON.stringify(row?.answer)}`);
  return row.answer.batch_id;
}

export async function claim(service: Sql, batchId: string): Promise<Claim> {
  const [row] = await service<{ answer: Claim }[]>`select public.claim_job(${batchId}) as answer`;
  return row!.answer;
}

/** A claim that must find a row. */
export async function claimRow(service: Sql, batchId: string): Promise<ClaimedRow> {
  const { job } = await claim(service, batchId);
  if (!job) throw new Error("nothing to claim");
  return job;
}

export async function report(
  service: Sql,
  job: ClaimedRow,
  { stage, progress, checkpoint = null }: {
    stage: string;
    progress: number;
    checkpoint?: Record<string, unknown> | null;
  },
): Promise<boolean> {
  const kept = checkpoint === null ? null : service.json(checkpoint as never);
  const [row] = await service<{ answer: { current: boolean } }[]>`
    select public.report_job(${job.job_id}, ${job.lease_token}, ${stage}, ${progress}, ${kept}) as answer`;
  return row!.answer.current;
}

/** A result as the worker of this job would store it. */
export function resultOf(job: { job_id: string }, profileId: string) {
  const base = `${profileId}/${job.job_id}/${job.job_id}-1-0123456789abcdef`;
  return {
    video_path: `${base}.mp4`,
    video_token: "video.token",
    thumbnail_path: `${base}.jpg`,
    thumbnail_token: "thumbnail.token",
    subtitles_path: `${base}.srt`,
    subtitles_token: "subtitles.token",
    url_expires_at: "2027-11-23T00:00:00Z",
    duration_s: 15,
    width: 1080,
    height: 1920,
    size_bytes: 1000,
    warnings: [],
  };
}

export async function complete(service: Sql, job: ClaimedRow, profileId: string) {
  const [row] = await service<{ answer: { current: boolean; more: boolean } }[]>`
    select public.complete_job(${job.job_id}, ${job.lease_token}, ${
    service.json(resultOf(job, profileId))
  }) as answer`;
  return row!.answer;
}

export async function fail(service: Sql, job: ClaimedRow, code = "render_failed") {
  const [row] = await service<{ answer: { current: boolean; more: boolean } }[]>`
    select public.fail_job(${job.job_id}, ${job.lease_token}, ${code}, 'It did not work.') as answer`;
  return row!.answer;
}

export async function handOver(service: Sql, job: ClaimedRow) {
  const [row] = await service<{ answer: { current: boolean; more: boolean } }[]>`
    select public.hand_over_job(${job.job_id}, ${job.lease_token}) as answer`;
  return row!.answer;
}

export interface Requeued {
  current: boolean;
  status: "queued" | "failed" | null;
  retry_in_s: number | null;
  more: boolean;
}

export async function requeue(
  service: Sql,
  job: ClaimedRow,
  { code = "renderer_unavailable", retryAfterS = null, busy = false }: {
    code?: string;
    retryAfterS?: number | null;
    busy?: boolean;
  } = {},
): Promise<Requeued> {
  const [row] = await service<{ answer: Requeued }[]>`
    select public.requeue_job(${job.job_id}, ${job.lease_token}, ${code}, 'Not now.', ${retryAfterS}, ${busy}) as answer`;
  return row!.answer;
}

export interface Swept {
  kick: string[];
  orphans: string[];
  lost: number;
}

export async function sweep(service: Sql): Promise<Swept> {
  const [row] = await service<{ answer: Swept }[]>`select public.sweep() as answer`;
  return row!.answer;
}

export interface JobRow {
  id: string;
  product_id: string;
  position: number;
  status: string;
  stage: string | null;
  progress: number;
  run: number;
  attempt: number;
  error_code: string | null;
  started_at: Date | null;
  finished_at: Date | null;
  available_at: Date | null;
  result: Record<string, unknown> | null;
  title: string;
}

export async function jobsOf(sql: Sql, batchId: string): Promise<JobRow[]> {
  return await sql<JobRow[]>`select * from public.jobs where batch_id = ${batchId} order by position`;
}

/** Lets every back-off of a batch be over. */
export async function endBackoff(sql: Sql, batchId: string): Promise<void> {
  await sql`update public.jobs set available_at = clock_timestamp() where batch_id = ${batchId} and status = 'queued'
    and available_at is not null`;
}

/** Lets a lease run out. */
export async function expireLease(sql: Sql, job: { job_id: string }): Promise<void> {
  await sql`update private.leases set expires_at = clock_timestamp() - interval '1 second' where job_id = ${job.job_id}`;
}
