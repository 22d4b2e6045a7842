// Who may do what: the catalog against a written list, and refusals seen, under Supabase's old and new defaults.

import { assertEquals, assertRejects } from "../assert.ts";
import { asUser, withDatabase } from "../support/database.ts";
import { assertPrivilegesAreTheWrittenOnes } from "../support/privileges.ts";
import { createBatch, openShop, resultOf } from "./shop.ts";

for (const defaultPrivileges of ["old", "new"] as const) {
  Deno.test(`no privilege that is not in the written list, under ${defaultPrivileges} default privileges`, async () => {
    await withDatabase(`privileges_${defaultPrivileges}`, async ({ sql }) => {
      await assertPrivilegesAreTheWrittenOnes(sql);
    }, { defaultPrivileges });
  });
}

Deno.test("every table has row security, every view the caller's rights, every function a fixed search path", async () => {
  await withDatabase("catalog", async ({ sql }) => {
    const bare =
      await sql`select c.relname from pg_class c where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
      and (c.relkind = 'r' and not c.relrowsecurity
        or c.relkind = 'v' and not coalesce('security_invoker=true' = any (c.reloptions), false))`;
    assertEquals(bare.map((row) => row.relname), []);
    const free =
      await sql`select proname from pg_proc where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and not coalesce('search_path=""' = any (proconfig), false)`;
    assertEquals(free.map((row) => row.proname), []);
    const definers = await sql`select proname from pg_proc where prosecdef
      and pronamespace in ('public'::regnamespace, 'private'::regnamespace) order by 1`;
    assertEquals(definers.map((row) => row.proname), [
      "clear_deleted_jobs",
      "delete_jobs_of_batches",
      "keep_last_kick",
      "move_batches",
    ]);
  });
});

Deno.test("the indexes name no column that a progress report writes", async () => {
  await withDatabase("hot", async ({ sql, service }) => {
    const rows = await sql`select indexdef from pg_indexes where schemaname in ('public', 'private')
      and (indexdef ~ '\\m(stage|progress|updated_at|expires_at|raised_at)\\M')`;
    assertEquals(rows.map((row) => row.indexdef), []);
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const [claimed] = await service`select public.claim_job(${batchId}) -> 'job' as job`;
    const hot = async () => {
      await sql`select pg_stat_force_next_flush()`;
      return (await sql`select n_tup_upd::int as all, n_tup_hot_upd::int as hot from pg_stat_user_tables
        where relname in ('jobs', 'batches', 'leases') order by relname`).map((row) => ({ ...row }));
    };
    await service`select pg_stat_force_next_flush()`;
    for (let progress = 1; progress <= 60; progress++) {
      await service`select public.report_job(${claimed!.job.job_id}, ${
        claimed!.job.lease_token
      }, 'render', ${progress}),
        pg_stat_force_next_flush()`;
    }
    const [batches, jobs, leases] = await hot() as { all: number; hot: number }[];
    // The claim itself changed an indexed column of its job once.
    assertEquals([jobs!.all - jobs!.hot, batches!.all - batches!.hot, leases!.all - leases!.hot], [1, 0, 0]);
    assertEquals(jobs!.hot >= 50, true);
  });
});

Deno.test("another user sees and changes nothing of a shop, and nobody sees anything at all", async () => {
  await withDatabase("tenants", async ({ sql, service }) => {
    const [shop, other] = [await openShop(sql, 2), await openShop(sql, 2)];
    const batchId = await createBatch(service, shop);
    const [claimed] = await service`select public.claim_job(${batchId}) -> 'job' as job`;
    const { video_path } = resultOf(claimed!.job, shop.profileId);
    await sql`insert into storage.objects (bucket_id, name) values ('videos', ${video_path})`;
    const tables = ["public.batches", "public.jobs", "public.batch_status", "storage.objects"];
    for (const table of tables) {
      assertEquals(
        (await asUser(sql, shop.userId, (tx) => tx`select from ${tx(table)}`)).length > 0,
        true,
        table,
      );
      assertEquals((await asUser(sql, other.userId, (tx) => tx`select from ${tx(table)}`)).length, 0, table);
    }
    const changed = await asUser(sql, other.userId, async (tx) => [
      (await tx`update public.products set title = 'mine' where profile_id = ${shop.profileId}`).count,
      (await tx`delete from public.profiles where id = ${shop.profileId}`).count,
      (await tx`delete from public.products where profile_id = ${shop.profileId}`).count,
    ]);
    assertEquals(changed, [0, 0, 0]);
    const refused = [
      `insert into public.products (profile_id, title) values ('${shop.profileId}', 'x')`,
      `update public.products set profile_id = '${shop.profileId}'`,
      `insert into public.profiles (user_id) values ('${shop.userId}')`,
      `update public.jobs set status = 'completed'`,
      `insert into public.batches (profile_id, options) values ('${other.profileId}', '{"concurrency": 1}')`,
      `delete from public.batches`,
      `select public.claim_job('${batchId}')`,
      `select public.cancel_batch('${shop.userId}', '${batchId}')`,
      `select public.sweep()`,
      `select from private.leases`,
      `select from private.settings`,
      `select private.setting('lease_s')`,
      `insert into storage.objects (bucket_id, name) values ('videos', '${other.profileId}/x/y')`,
    ];
    for (const statement of refused) {
      for (const userId of [other.userId, null]) {
        const error = await assertRejects(() => asUser(sql, userId, (tx) => tx.unsafe(statement)), statement);
        assertEquals((error as unknown as { code: string }).code, "42501", statement);
      }
    }
    for (
      const table of [
        "public.profiles",
        "public.products",
        "public.jobs",
        "public.batch_status",
        "public.videos",
      ]
    ) {
      await assertRejects(() => asUser(sql, null, (tx) => tx`select from ${tx(table)}`), table);
    }
    const statusFor = async ({ userId }: { userId: string }, etags: string[]) => {
      const [row] = await asUser(
        sql,
        userId,
        (tx) => tx`select public.get_batch_status(${batchId}, '', ${etags}) as answer`,
      );
      return row!.answer;
    };
    const { etag } = await statusFor(shop, []);
    // batch-status may have its owner's body at hand and asks with its tag.
    for (const etags of [[], [etag], ["*"]]) assertEquals(await statusFor(other, etags), null);
  });
});

Deno.test("an owner keeps shop and products, with impossible values refused by name", async () => {
  await withDatabase("owner", async ({ sql }) => {
    const shop = await openShop(sql, 1);
    await asUser(sql, shop.userId, async (tx) => {
      await tx`insert into public.profiles (name) values ('Second')`;
      const [product] = await tx`insert into public.products (profile_id, external_id, title)
        values (${shop.profileId}, 'sku-1', ${"ș".repeat(3000)})
        on conflict (profile_id, external_id) do update set title = excluded.title returning id`;
      assertEquals(product!.id, shop.productIds[0]);
    });
    const impossible: [string, string][] = [
      ["currency = 'euro'", "products_currency_iso_4217"],
      ["price = -1", "products_price_amount"],
      ["price = 'NaN'", "products_price_amount"],
      ["sale_price = 'Infinity'", "products_sale_price_amount"],
      ["language = 'no such language'", "products_language_shape"],
    ];
    for (const [assignment, constraint] of impossible) {
      const error = await assertRejects(
        () => asUser(sql, shop.userId, (tx) => tx.unsafe(`update public.products set ${assignment}`)),
        assignment,
      );
      assertEquals((error as unknown as { constraint_name: string }).constraint_name, constraint);
    }
    const error = await assertRejects(() =>
      asUser(sql, shop.userId, (tx) => tx`insert into public.profiles (is_default) values (true)`)
    );
    assertEquals((error as unknown as { constraint_name: string }).constraint_name, "profiles_one_default");
  });
});

Deno.test("an impossible batch or job is refused by name, whoever writes it", async () => {
  await withDatabase("impossible", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    const refuse = async (statement: string, constraint: string) => {
      const error = await assertRejects(() => sql.unsafe(statement), statement);
      assertEquals((error as unknown as { constraint_name: string }).constraint_name, constraint, statement);
    };
    for (const options of [{}, { concurrency: 0 }, { concurrency: 6 }, { concurrency: 1.5 }]) {
      const json = JSON.stringify(options);
      await refuse(
        `insert into public.batches (profile_id, options) values ('${shop.profileId}', '${json}')`,
        "batches_concurrency_range",
      );
      await refuse(`update public.batches set options = '${json}'`, "batches_concurrency_range");
    }
    const jobs: [string, string][] = [
      ["finished_at = now()", "jobs_finished_when_final"],
      ["status = 'completed', finished_at = now()", "jobs_complete_when_completed"],
      ["status = 'failed', finished_at = now()", "jobs_error_when_failed"],
      ["attempt = 1", "jobs_started_when_claimed"],
    ];
    for (const [assignment, constraint] of jobs) {
      await refuse(`update public.jobs set ${assignment} where batch_id = '${batchId}'`, constraint);
    }
  });
});

Deno.test("an owner who deletes the profile takes its batches along, and their objects are looked for", async () => {
  await withDatabase("profile_gone", async ({ sql, service }) => {
    const shop = await openShop(sql, 2);
    const batchId = await createBatch(service, shop);
    await service`select public.claim_job(${batchId})`;
    await asUser(sql, shop.userId, (tx) => tx`delete from public.profiles where id = ${shop.profileId}`);
    for (
      const table of [
        "public.batches",
        "public.jobs",
        "public.products",
        "private.leases",
        "private.open_batches",
      ]
    ) {
      assertEquals((await sql`select from ${sql(table)}`).length, 0, table);
    }
    assertEquals((await sql`select from private.leftovers`).length, 2);
  });
});
