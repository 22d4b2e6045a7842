// What a product, a batch and a poll cost in requests, held against written maxima: counts, so that a slow machine is as
// good as a fast one. `deno task bench:chain` tells the times.

import { countOf, since } from "../../benches/stack/counts.ts";
import { openOwner, runChain } from "../../benches/stack/chain_run.ts";
import { type BenchStack, callFunction, withBenchStack } from "../../benches/stack/stack.ts";
import { openSampleOwner } from "../../benches/stack/video_run.ts";
import { FUNCTIONS_FOLDER } from "../../local/functions_host/host.ts";
import { assert, assertEquals } from "../assert.ts";
import { startRendererFake } from "../fakes/renderer.ts";

const PRODUCTS = 10;
/** A claim and a completion. */
const MAX_ROUND_TRIPS = 2;
const MAX_KICKS = 1;
/** With several slots a kick may find its row taken, or the batch over. */
const MAX_KICKS_IN_SLOTS = 2;

function requestsOf(counts: ReturnType<typeof since>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([kind, { requests }]) => [kind, requests]).sort());
}

async function during(stack: BenchStack, work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await stack.readCounts();
  await work();
  return requestsOf(since(before, await stack.readCounts()));
}

Deno.test("requests and round trips stay within what they cost today", async (t) => {
  await withBenchStack(async (stack) => {
    const owner = await openOwner(stack, PRODUCTS);
    await t.step("a product costs one kick, one claim, one completion and nothing else", async () => {
      const run = await runChain(stack, { owner });
      assertEquals(requestsOf(run.requests), {
        "POST functions/process-next": PRODUCTS,
        "POST rest/rpc/claim_job": PRODUCTS,
        "POST rest/rpc/complete_job": PRODUCTS,
      });
      assert(run.roundTrips <= MAX_ROUND_TRIPS && run.kicks <= MAX_KICKS);
      assertEquals(run.writes, 2, "transactions that wrote, subtransactions included");
    });
    await t.step(
      "several slots cost no more than one kick a product beside those that find nothing",
      async () => {
        const run = await runChain(stack, { owner, concurrency: 4 });
        assertEquals(countOf(run.requests, /complete_job/), PRODUCTS);
        assert(run.kicks <= MAX_KICKS_IN_SLOTS, `${run.kicks} kicks a product`);
        assertEquals(countOf(run.requests, /claim_job/), countOf(run.requests, /process-next/));
      },
    );
    const { token } = owner;
    await t.step("a refused batch costs no round trip, a poll one, an unchanged poll one", async () => {
      const refused = { product_ids: [], tts_provider: "local" };
      assertEquals(
        await during(
          stack,
          () => callFunction(stack, "batch-generate", { token, body: refused, expected: 422 }),
        ),
        { "POST functions/batch-generate": 1 },
      );
      const [batch] = await stack.sql`select id from public.batches limit 1`;
      const path = `batch-status/${batch!.id}`;
      const costs = { [`GET functions/batch-status/*`]: 1, "POST rest/rpc/get_batch_status": 1 };
      let etag = "";
      const first = await during(stack, async () => {
        const response = await callFunction(stack, path, { token });
        etag = response.headers.get("etag")!;
        await response.body?.cancel();
      });
      assertEquals(first, costs);
      const headers = { "if-none-match": etag };
      assertEquals(
        await during(stack, () => callFunction(stack, path, { token, headers, expected: 304 })),
        costs,
      );
    });
  });
});

/** The voice put, three upload URLs, four URLs to read; the renderer fetches the voice and puts three files. */
const PIPELINE_REQUESTS = {
  "POST functions/process-next": 1,
  "POST rest/rpc/claim_job": 1,
  "POST rest/rpc/complete_job": 1,
  "POST storage/object/videos": 1,
  "POST storage/object/upload/sign/videos": 3,
  "POST storage/object/sign/videos": 4,
  "PUT storage/object/upload/sign/videos": 3,
  "GET storage/object/sign/videos": 1,
};
/** Script, voice, the submitted render, what the renderer said of its files, store; besides, news and heartbeats. */
const MAX_REPORTS = 7;

Deno.test("a product's whole pipeline asks the database and Storage no more than it does today", async () => {
  await using renderer = startRendererFake({ renderMs: 200 });
  await withBenchStack(async (stack) => {
    const owner = await openSampleOwner(stack, PRODUCTS);
    const run = await runChain(stack, { owner });
    const { "POST rest/rpc/report_job": reports = 0, ...others } = requestsOf(run.requests);
    const expected = Object.entries(PIPELINE_REQUESTS).map(([kind, count]) => [kind, count * PRODUCTS]);
    assertEquals(others, Object.fromEntries(expected));
    assert(reports <= MAX_REPORTS * PRODUCTS, `${reports / PRODUCTS} reports a product`);
  }, { folder: FUNCTIONS_FOLDER, renderer });
});
