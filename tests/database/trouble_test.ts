// Lost workers, back-off, deadlines: what the queue does when an attempt does not end well.

import { assert, assertEquals } from "../assert.ts";
import { withDatabase } from "../support/database.ts";
import {
  claim,
  claimRow,
  complete,
  createBatch,
  endBackoff,
  expireLease,
  fail,
  handOver,
  jobsOf,
  openShop,
  report,
  requeue,
  sweep,
} from "./shop.ts";

Deno.test("a row whose worker was lost is queued again at once the first time, and kicked by that sweep", async () => {
  await withDatabase("first_loss", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const job = await claimRow(service, batchId);
    assertEquals(await sweep(service), { kick: [], orphans: [], lost: 0 });
    await expireLease(sql, job);
    assertEquals(await sweep(service), { kick: [batchId], orphans: [], lost: 1 });
    const again = await claimRow(service, batchId);
    assertEquals([again.position, again.attempt], [0, 2]);
  });
});

Deno.test("a lease that has run out holds nothing, even before a sweep: its worker's writes change nothing", async () => {
  await withDatabase("run_out", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const job = await claimRow(service, batchId);
    const checkpoint = { script: { hash: "h", text: "t", source: "template" } };
    await expireLease(sql, job);
    const look = () =>
      sql`select j.*, l.*, b.updated_at from public.jobs j join public.batches b on b.id = j.batch_id
        left join private.leases l on l.job_id = j.id where j.batch_id = ${batchId} order by j.position`;
    const before = [...await look()];
    assertEquals(await report(service, job, { stage: "render", progress: 50, checkpoint }), false);
    assertEquals((await handOver(service, job)).current, false);
    assertEquals((await complete(service, job, shop.profileId)).current, false);
    assertEquals((await fail(service, job)).current, false);
    assertEquals((await requeue(service, job)).current, false);
    assertEquals([...await look()], before);
    assertEquals((await sql`select from private.checkpoints`).length, 0);
    assertEquals((await sweep(service)).lost, 1);
    assertEquals((await claimRow(service, batchId)).attempt, 2);
  });
});

Deno.test("from the second loss in a row the row backs off and others go on", async () => {
  await withDatabase("second_loss", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    for (let loss = 1; loss <= 2; loss++) {
      await expireLease(sql, await claimRow(service, batchId));
      await sweep(service);
    }
    const [row] = await sql`select extract(epoch from available_at - clock_timestamp())::float8 as wait_s
      from public.jobs where position = 0`;
    assert(row!.wait_s > 0 && row!.wait_s <= 1, `waits ${row!.wait_s} s`);
    assertEquals((await claimRow(service, batchId)).position, 1);
    assertEquals(await claim(service, batchId), { job: null, more: false });
  });
});

Deno.test("the fifth loss in a row fails the row, but not before worker_lost_after_s since the first", async () => {
  await withDatabase("fifth_loss", async ({ sql, service }) => {
    const shop = await openShop(sql, 1);
    const batchId = await createBatch(service, shop, {
      productIds: [...shop.productIds, crypto.randomUUID()],
    });
    const lose = async () => {
      await endBackoff(sql, batchId);
      await expireLease(sql, await claimRow(service, batchId));
      await sweep(service);
    };
    for (let loss = 1; loss <= 7; loss++) await lose();
    assertEquals((await jobsOf(sql, batchId))[0]!.status, "queued");
    await sql`update private.settings set value = 0 where name = 'worker_lost_after_s'`;
    await lose();
    const [job] = await jobsOf(sql, batchId);
    assertEquals([job!.status, job!.error_code, job!.attempt], ["failed", "worker_lost", 8]);
  });
});

Deno.test("four losses do not fail a row however long they take", async () => {
  await withDatabase("four_losses", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    await sql`update private.settings set value = 0 where name = 'worker_lost_after_s'`;
    const lost: string[] = [];
    for (let loss = 1; loss <= 4; loss++) {
      await endBackoff(sql, batchId);
      await expireLease(sql, await claimRow(service, batchId));
      await sweep(service);
      lost.push((await jobsOf(sql, batchId))[0]!.status);
    }
    assertEquals(lost, ["queued", "queued", "queued", "queued"]);
  });
});

Deno.test("a loss does not count when the attempt raised stage or progress, and ends the streak", async () => {
  await withDatabase("raised", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    await sql`update private.settings set value = 0 where name = 'worker_lost_after_s'`;
    for (let loss = 1; loss <= 12; loss++) {
      const job = await claimRow(service, batchId);
      assertEquals([job.position, job.attempt], [0, loss]);
      await report(service, job, { stage: "script", progress: loss });
      await expireLease(sql, job);
      assertEquals((await sweep(service)).lost, 1);
    }
    assertEquals((await sql`select from private.retries`).length, 0);
  });
});

Deno.test("a handed-over row is never lost, and the sweep kicks its batch until it is claimed", async () => {
  await withDatabase("handed_over_kick", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const job = await claimRow(service, batchId);
    await handOver(service, job);
    await expireLease(sql, job);
    for (let i = 0; i < 3; i++) assertEquals(await sweep(service), { kick: [batchId], orphans: [], lost: 0 });
    assertEquals((await service`select trouble from private.operations where trouble is not null`).length, 0);
    await claimRow(service, batchId);
    assertEquals((await sweep(service)).kick, []);
  });
});

Deno.test("a row that is lost beside a handed-over one is taken back alone", async () => {
  await withDatabase("handed_over_beside", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop, { concurrency: 2 });
    const [first, second] = [await claimRow(service, batchId), await claimRow(service, batchId)];
    await handOver(service, first);
    for (const job of [first, second]) await expireLease(sql, job);
    assertEquals((await sweep(service)).lost, 1);
    const statuses = (await jobsOf(sql, batchId)).map(({ status }) => status);
    assertEquals(statuses, ["processing", "queued"]);
  });
});

Deno.test("a transient failure waits twice as long each time, up to the bound, with up to a quarter off", async () => {
  await withDatabase("backoff", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop, { concurrency: 2 });
    const other = await claimRow(service, batchId);
    const waits: number[] = [];
    for (let n = 0; n < 8; n++) {
      await endBackoff(sql, batchId);
      const answer = await requeue(service, n === 0 ? other : await claimRow(service, batchId));
      assertEquals([answer.current, answer.status, answer.more], [true, "queued", true]);
      waits.push(answer.retry_in_s!);
    }
    waits.forEach((wait, n) => {
      const full = Math.min(30, 2 ** n);
      assert(wait >= 0.75 * full - 0.01 && wait <= full, `wait ${n} is ${wait} s`);
    });
    // The bound is a setting, read at each use; progress ends the streak.
    await endBackoff(sql, batchId);
    const job = await claimRow(service, batchId);
    await report(service, job, { stage: "render", progress: 30 });
    assert((await requeue(service, job)).retry_in_s! <= 1);
  });
});

Deno.test("a row in back-off holds no slot, and is taken first when it is due", async () => {
  await withDatabase("backoff_order", async ({ sql, service }) => {
    const shop = await openShop(sql, 3);
    const batchId = await createBatch(service, shop);
    const answer = await requeue(service, await claimRow(service, batchId));
    assertEquals(answer.more, true);
    const second = await claimRow(service, batchId);
    assertEquals(second.position, 1);
    await endBackoff(sql, batchId);
    await requeue(service, second);
    assertEquals((await claimRow(service, batchId)).position, 0);
  });
});

Deno.test("Retry-After is honoured, but not past the deadline", async () => {
  await withDatabase("retry_after", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    assertEquals(
      (await requeue(service, await claimRow(service, batchId), { retryAfterS: 120 })).retry_in_s,
      120,
    );
    await endBackoff(sql, batchId);
    const job = await claimRow(service, batchId);
    const { retry_in_s } = await requeue(service, job, { retryAfterS: 1e9 });
    assert(retry_in_s! > 7100 && retry_in_s! <= 7200, `waits ${retry_in_s} s`);
  });
});

Deno.test("transient failures end with their own code 2 h after the run's first claim, 24 h while the renderer is busy", async () => {
  await withDatabase("deadline", async ({ sql, service }) => {
    const shop = await openShop(sql, 3);
    const batchId = await createBatch(service, shop);
    const job = await claimRow(service, batchId);
    await sql`update public.jobs set started_at = started_at - interval '2 hours' where position = 0`;
    assertEquals((await requeue(service, job, { busy: true })).status, "queued");
    await endBackoff(sql, batchId);
    assertEquals((await requeue(service, await claimRow(service, batchId))).status, "failed");
    const [row] = await jobsOf(sql, batchId);
    assertEquals([row!.error_code, row!.attempt], ["renderer_unavailable", 2]);

    const busy = await claimRow(service, batchId);
    await sql`update public.jobs set started_at = started_at - interval '24 hours' where position = 1`;
    assertEquals((await requeue(service, busy, { busy: true })).status, "failed");
  });
});

Deno.test("a sweep passes over a locked batch instead of waiting for it", async () => {
  await withDatabase("skip_locked", async ({ sql, service }) => {
    const [one, two] = [await openShop(sql, 2), await openShop(sql, 2)];
    const [locked, free] = [await createBatch(service, one), await createBatch(service, two)];
    for (const batchId of [locked, free]) await expireLease(sql, await claimRow(service, batchId));
    await sql.begin(async (tx) => {
      await tx`select from public.batches where id = ${locked} for no key update`;
      const swept = await sweep(service);
      assertEquals([swept.lost, swept.kick], [1, [free]]);
    });
    assertEquals((await sweep(service)).lost, 1);
  });
});

Deno.test("a sweep names at most 100 batches, and those first that waited longest", async () => {
  await withDatabase("hundred", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    await sql`update private.settings set value = 1000000 where name in ('max_active_batches', 'max_requests_per_minute')`;
    const made = new Set<string>();
    for (let n = 0; n < 130; n++) made.add(await createBatch(service, shop));
    const first = (await sweep(service)).kick;
    const second = (await sweep(service)).kick;
    assertEquals([first.length, second.length], [100, 100]);
    assertEquals(new Set([...first, ...second]), made);
  });
});

Deno.test("operators see stuck work, why, and the last sweep and kick", async () => {
  await withDatabase("operations", async ({ sql, service }) => {
    const [calm] = await service`select trouble, last_sweep_at from private.operations`;
    assertEquals({ ...calm }, { trouble: null, last_sweep_at: null });
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    await requeue(service, await claimRow(service, batchId));
    await expireLease(sql, await claimRow(service, batchId));
    await service`select public.record_kick(${batchId}, 503, 'away')`;
    const rows = await service`select trouble, position, last_error_code, last_kick_status, last_kick_message
      from private.operations order by position`;
    assertEquals(rows.map((row) => ({ ...row })), [
      {
        trouble: "in back-off",
        position: 0,
        last_error_code: "renderer_unavailable",
        last_kick_status: 503,
        last_kick_message: "away",
      },
      {
        trouble: "lease ran out, not swept yet",
        position: 1,
        last_error_code: null,
        last_kick_status: 503,
        last_kick_message: "away",
      },
    ]);
  });
});

Deno.test("operators see the kick that last arrived, whoever sent it, and one that never did", async () => {
  await withDatabase("last_kick", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const look = async () => {
      const [row] = await service`select last_kick_batch_id as batch, last_kick_status as status,
        last_kick_message::jsonb as message, last_kick_at > clock_timestamp() - interval '1 minute' as is_fresh
        from private.operations`;
      return { ...row };
    };
    const { job_id } = await claimRow(service, batchId);
    assertEquals(await look(), { batch: batchId, status: 202, message: { job_id }, is_fresh: true });
    await claim(service, batchId);
    assertEquals(await look(), { batch: batchId, status: 202, message: { job_id: null }, is_fresh: true });
    await service`select public.record_kick(${batchId}, 0, '"not reached"')`;
    assertEquals(await look(), { batch: batchId, status: 0, message: "not reached", is_fresh: true });
    const [kept] = await sql`select kick_status, kick_message from private.open_batches`;
    assertEquals({ ...kept }, { kick_status: 0, kick_message: '"not reached"' });
  });
});

Deno.test("a claim waits neither for a sweep nor for another claim to note its kick", async () => {
  await withDatabase("kick_note", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    await sql.begin(async (tx) => {
      await tx`select from private.last_kick for update`;
      await tx`select from private.open_batches for update`;
      await service.begin(async (claiming) => {
        await claiming`set local lock_timeout = '2s'`;
        const [row] = await claiming`select public.claim_job(${batchId}) -> 'job' ->> 'position' as position`;
        assertEquals(row!.position, "0");
      });
    });
  });
});

Deno.test("a failure that a living worker reports ends a streak of losses", async () => {
  await withDatabase("streak", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    await expireLease(sql, await claimRow(service, batchId));
    await sweep(service);
    await requeue(service, await claimRow(service, batchId));
    await endBackoff(sql, batchId);
    await expireLease(sql, await claimRow(service, batchId));
    await sweep(service);
    const [job] = await jobsOf(sql, batchId);
    assertEquals([job!.status, job!.available_at], ["queued", null]);
  });
});
