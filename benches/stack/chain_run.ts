// One batch through the chain with a pipeline that does nothing: its times by the database's clock, and what it asked for.

import { openShop } from "../../tests/database/shop.ts";
import { countOf, type RequestCounts, since } from "./counts.ts";
import { type BenchStack, callFunction } from "./stack.ts";

const BATCH_LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 100;
/** The gateway counts as idle when nothing came for so long. */
const IDLE_MS = 300;

/** A signed-in shop owner with as many products as a batch takes. */
export interface Owner {
  token: string;
  productIds: string[];
}

/** One batch that ran to its end. */
export interface ChainRun {
  /** Milliseconds from the 202 to the last row done, each product's share. */
  wallMs: number;
  /** Milliseconds from one row done to the next. */
  stepsMs: number[];
  /** What the chain asked for, by kind; accepting the batch is left out. */
  requests: RequestCounts;
  /** Calls of REST, Auth and Storage a product: each is one transaction in the database. */
  roundTrips: number;
  /** Calls of `process-next` a product. */
  kicks: number;
  /** Transaction ids that Postgres gave out a product: what wrote, subtransactions included. */
  writes: number;
}

/** Opens a shop of so many products in the stack's database. */
export async function openOwner(stack: BenchStack, productCount: number): Promise<Owner> {
  const { userId, productIds } = await openShop(stack.sql, productCount);
  return { token: await stack.signToken(userId), productIds };
}

async function readNextXid({ sql }: BenchStack): Promise<number> {
  const [row] = await sql<{ next: string }[]>`select pg_snapshot_xmax(pg_current_snapshot())::text as next`;
  return Number(row!.next);
}

/** Asks the database itself, so that what the gateway counts is the chain's alone. */
async function untilDone({ sql }: BenchStack, batchId: string): Promise<void> {
  const end = performance.now() + BATCH_LIMIT_MS;
  while (performance.now() < end) {
    const [open] = await sql`
      select from public.jobs where batch_id = ${batchId} and finished_at is null limit 1`;
    if (!open) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error("the batch did not end: a kick was lost, and no sweep runs here");
}

async function untilIdle(stack: BenchStack): Promise<RequestCounts> {
  let last = await stack.readCounts();
  while (true) {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const next = await stack.readCounts();
    if (JSON.stringify(next) === JSON.stringify(last)) return next;
    last = next;
  }
}

/** Posts a batch of all of the owner's products and waits for its end. */
export async function runChain(
  stack: BenchStack,
  { owner, concurrency = 1 }: { owner: Owner; concurrency?: number },
): Promise<ChainRun> {
  const before = { counts: await untilIdle(stack), xid: await readNextXid(stack) };
  const body = { product_ids: owner.productIds, tts_provider: "local", concurrency };
  const response = await callFunction(stack, "batch-generate", { token: owner.token, body, expected: 202 });
  const acceptedAt = Date.now();
  const { batch_id: batchId } = await response.json();
  await untilDone(stack, batchId);
  const all = since(before.counts, await untilIdle(stack));
  const xids = await readNextXid(stack) - before.xid;
  const rows = await stack.sql<{ status: string; finished: string }[]>`
    select status, extract(epoch from finished_at) * 1000 as finished
    from public.jobs where batch_id = ${batchId} order by finished_at`;
  if (rows.some(({ status }) => status !== "completed")) throw new Error("a row did not complete");
  const finished = rows.map((row) => Number(row.finished));
  const requests = Object.fromEntries(
    Object.entries(all).filter(([kind]) => !/create_batch|batch-generate/.test(kind)),
  );
  const count = owner.productIds.length;
  return {
    wallMs: (finished.at(-1)! - acceptedAt) / count,
    stepsMs: finished.slice(1).map((at, index) => at - finished[index]!),
    requests,
    roundTrips: countOf(requests, /^\w+ (?:rest|auth|storage)\//) / count,
    kicks: countOf(requests, /process-next/) / count,
    // One is the batch's own.
    writes: (xids - 1) / count,
  };
}
