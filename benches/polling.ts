// `deno task bench:polling [--rounds N] [--hold SECONDS]`: polls of a batch of 50 and of the list over real HTTP: processor time of
// functions, gateway and Postgres beside a bare authenticated `select 1` function, bytes of a 304, and 200 clients held.

import { claimRow, complete, createBatch, openShop, type Shop } from "../tests/database/shop.ts";
import { machine, printBar, printTable, quantile, readOption } from "./measure.ts";
import { processorSeconds, serverSeconds } from "./processor.ts";
import { writeResults } from "./results.ts";
import { hold } from "./stack/clients.ts";
import { type BenchStack, callFunction, withBenchStack } from "./stack/stack.ts";

/** The bars. */
const MAX_CPU_RATIO = 2;
const MAX_304_BYTES = 1024;
const CLIENTS = { count: 200, everyMs: 2_000 };

const ROUNDS = readOption("rounds", 10);
const HOLD_S = readOption("hold", 60);
const POLLS_A_ROUND = 150;
/** Batches in the list: a page. */
const BATCHES = 20;

/** Told without a bar: whoever watches a batch pays it once a change. */
const NEW_STATUS = "status of 50, new to the function";
/** More finished batches than a function's process keeps the bodies of. Rounds ask for each as often. */
const ELSEWHERE = 50;

/** One kind of request, and what it must be answered with. */
interface Poll {
  /** Asked for in turns. */
  paths: string[];
  token: string;
  expected: number;
  headers?: Record<string, string>;
}

async function poll(stack: BenchStack, { paths, ...options }: Poll, turn = 0): Promise<void> {
  const response = await callFunction(stack, paths[turn % paths.length]!, options);
  await response.body?.cancel();
}

/** Completes a batch: 50 results and all, with tokens as long as Storage's for such paths. */
async function finish(
  { sql, service }: BenchStack,
  { shop, batchId }: { shop: Shop; batchId: string },
): Promise<void> {
  for (let n = 0; n < 50; n++) {
    await complete(service, await claimRow(service, batchId), shop.profileId);
  }
  const token300 = "t".repeat(300);
  await sql`
    update public.jobs set result = result || ${
    sql.json({ video_token: token300, thumbnail_token: token300, subtitles_token: token300 })
  } where batch_id = ${batchId}`;
}

/** An owner with a page of batches, of which the last is done, and another whose batches are all done. */
async function openPolls(stack: BenchStack): Promise<{ polls: Record<string, Poll>; batchId: string }> {
  const shop = await openShop(stack.sql, 50);
  const token = await stack.signToken(shop.userId);
  let batchId = "";
  for (let n = 0; n < BATCHES; n++) batchId = await createBatch(stack.service, shop);
  await finish(stack, { shop, batchId });
  const other = await openShop(stack.sql, 50);
  const elsewhere: string[] = [];
  for (let n = 0; n < ELSEWHERE; n++) {
    const batchId = await createBatch(stack.service, other);
    await finish(stack, { shop: other, batchId });
    elsewhere.push(`batch-status/${batchId}`);
  }
  const status = `batch-status/${batchId}`;
  const tagOf = async (path: string) => {
    const response = await callFunction(stack, path, { token });
    await response.body?.cancel();
    return { "if-none-match": response.headers.get("etag")! };
  };
  return {
    batchId,
    polls: {
      "bare authenticated `select 1` function": { paths: ["select-one"], token, expected: 200 },
      "status of 50": { paths: [status], token, expected: 200 },
      [NEW_STATUS]: {
        paths: elsewhere,
        token: await stack.signToken(other.userId),
        expected: 200,
      },
      "status of 50, unchanged": { paths: [status], token, expected: 304, headers: await tagOf(status) },
      "list of 20": { paths: ["batch-status"], token, expected: 200 },
      "list of 20, unchanged": {
        paths: ["batch-status"],
        token,
        expected: 304,
        headers: await tagOf("batch-status"),
      },
    },
  };
}

async function systemSeconds(stack: BenchStack): Promise<number> {
  const pids = Object.values(stack.pids()).flat();
  return await processorSeconds(pids) + await serverSeconds(stack.sql);
}

interface Measured {
  /** Milliseconds of processor time a poll, one value a round. */
  cpuMs: number[];
  /** Milliseconds from request to answer, one value a poll. */
  wallMs: number[];
}

async function measure(stack: BenchStack, polls: Record<string, Poll>): Promise<Record<string, Measured>> {
  const measured: Record<string, Measured> = {};
  for (const name of Object.keys(polls)) measured[name] = { cpuMs: [], wallMs: [] };
  // The first round starts the functions' processes, and is thrown away.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, each] of Object.entries(polls)) {
      const before = await systemSeconds(stack);
      for (let n = 0; n < POLLS_A_ROUND; n++) {
        const start = performance.now();
        await poll(stack, each, n);
        if (round > 0) measured[name]!.wallMs.push(performance.now() - start);
      }
      const seconds = await systemSeconds(stack) - before;
      if (round > 0) measured[name]!.cpuMs.push(seconds * 1000 / POLLS_A_ROUND);
    }
  }
  return measured;
}

/** Bytes of the database's answer as REST hands it on to the function. */
async function answerBytes(stack: BenchStack, { poll: { token }, batchId, tags }: {
  poll: Poll;
  batchId: string;
  tags: string[];
}): Promise<number> {
  const response = await fetch(`${stack.origin}/rest/v1/rpc/get_batch_status`, {
    method: "POST",
    headers: {
      apikey: stack.publishableKey,
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ p_batch_id: batchId, p_origin: stack.origin, p_etags: tags }),
  });
  const bytes = (await response.arrayBuffer()).byteLength;
  if (response.status !== 200) throw new Error(`REST answered ${response.status}`);
  return bytes;
}

await withBenchStack(async (stack) => {
  const { polls, batchId } = await openPolls(stack);
  console.log(machine());
  const measured = await measure(stack, polls);
  const [bare, ...others] = Object.entries(measured);
  const base = { cpuMs: quantile(bare![1].cpuMs), wallMs: quantile(bare![1].wallMs) };
  printTable([
    ["", "processor ms", "of the bare function", "p50 ms", "p95 ms", "of the bare function"],
    ...Object.entries(measured).map(([name, { cpuMs, wallMs }]) => [
      name,
      quantile(cpuMs),
      `${(quantile(cpuMs) / base.cpuMs).toFixed(2)}x`,
      quantile(wallMs),
      quantile(wallMs, 0.95),
      `${(quantile(wallMs) / base.wallMs).toFixed(2)}x`,
    ]),
  ]);
  for (const [name, { cpuMs }] of others) {
    if (name === NEW_STATUS) continue;
    const value = quantile(cpuMs) / base.cpuMs;
    printBar(`processor time of a poll, ${name}, beside the bare function`, { value, atMost: MAX_CPU_RATIO });
  }
  const status = polls["status of 50, unchanged"]!;
  const tag = status.headers!["if-none-match"]!.replaceAll('"', "");
  const full = await answerBytes(stack, { poll: status, batchId, tags: [] });
  const unchanged = await answerBytes(stack, { poll: status, batchId, tags: [tag] });
  console.log(`bytes that the database sends for a status of 50: ${full}`);
  printBar("bytes that the database sends for a 304", {
    value: unchanged,
    atMost: MAX_304_BYTES,
    unit: " B",
  });
  const held: Record<string, unknown> = {};
  for (const name of ["status of 50", "status of 50, unchanged"]) {
    const { times, errors } = await hold(() => poll(stack, polls[name]!), { ...CLIENTS, seconds: HOLD_S });
    const p95 = quantile(times, 0.95).toFixed(1);
    console.log(
      `${CLIENTS.count} clients every ${
        CLIENTS.everyMs / 1000
      } s for ${HOLD_S} s, ${name}: ${times.length} polls, ` +
        `p50 ${quantile(times).toFixed(1)} ms, p95 ${p95} ms`,
    );
    for (const error of new Set(errors)) console.log(`  ${error}`);
    printBar(`errors of ${CLIENTS.count} clients, ${name}`, { value: errors.length, atMost: 0, unit: "" });
    held[name] = {
      polls: times.length,
      p50: quantile(times),
      p95: quantile(times, 0.95),
      errors: errors.length,
    };
  }
  await writeResults("polling", {
    machine: machine(),
    bars: Object.entries(measured).map(([name, { cpuMs }], index) => ({
      name,
      value: quantile(cpuMs) / base.cpuMs,
      ...(index > 0 && name !== NEW_STATUS ? { atMost: MAX_CPU_RATIO } : {}),
    })),
    bytes: { full, unchanged },
    held,
  });
});
