// Feeds into the products table, through REST with the user's own token, on a running stack.

import { assert, assertEquals, assertRejects } from "../assert.ts";
import { importFeed, readFeed } from "../../feeds/import.ts";
import type { FeedProduct } from "../../feeds/import.ts";
import { ownStack, type TestStack } from "../support/stack.ts";

function products(count: number, changes: Partial<FeedProduct> = {}): FeedProduct[] {
  return Array.from({ length: count }, (_, at) => ({
    external_id: `IMPORT-${at}`,
    title: `Product ${at} „țărm” 😀`,
    brand: null,
    description: "d".repeat(800),
    price: "1249.90",
    sale_price: null,
    currency: "RON",
    image_urls: ["https://cdn.example/a.jpg"],
    link: null,
    language: "ro",
    ...changes,
  }));
}

async function profileOf({ demo }: TestStack): Promise<string> {
  const { data } = await demo.from("profiles").select("id").eq("is_default", true).maybeSingle();
  assert(data);
  return data.id as string;
}

async function countImported({ sql }: TestStack): Promise<number> {
  const [row] =
    await sql`select count(*)::int as count from public.products where external_id like 'IMPORT-%'`;
  return row!.count;
}

Deno.test("importFeed", async (t) => {
  const stack = await ownStack();
  try {
    const profileId = await profileOf(stack);
    const client = stack.demo;

    await t.step("writes 1,000 products in under 5 s, in the feed's order", async () => {
      const start = performance.now();
      const { imported, problems } = await importFeed({ client, profileId, items: products(1000) });
      assert(performance.now() - start < 5000);
      assertEquals(problems, []);
      assertEquals(imported.map((row) => row.external_id), products(1000).map((row) => row.external_id));
      assertEquals(await countImported(stack), 1000);
    });

    await t.step("twice updates and never duplicates", async () => {
      const before = await importFeed({ client, profileId, items: products(3) });
      const after = await importFeed({ client, profileId, items: products(3, { price: "999.00" }) });
      assertEquals(after.imported, before.imported);
      assertEquals(await countImported(stack), 1000);
      const [row] = await stack.sql`select price::text from public.products where external_id = 'IMPORT-1'`;
      assertEquals(row!.price, "999.00");
    });

    await t.step("reports the rows that the database refuses and writes the others", async () => {
      const items = products(40, { brand: "Second time" });
      items[7] = { ...items[7]!, currency: "lei" };
      items[31] = { ...items[31]!, price: "-1.00" };
      const { imported, problems } = await importFeed({ client, profileId, items });
      assertEquals(problems.map(({ id, skipped }) => [id, skipped]), [["IMPORT-7", true], [
        "IMPORT-31",
        true,
      ]]);
      assertEquals(imported.length, 38);
      const [row] = await stack.sql`
        select count(*)::int as count from public.products where external_id like 'IMPORT-%' and brand = 'Second time'`;
      assertEquals(row!.count, 38);
    });

    await t.step("refuses to write into somebody else's profile", async () => {
      const error = await assertRejects(() =>
        importFeed({ client: stack.other, profileId, items: products(2) })
      );
      assert(error.message.startsWith("The products could not be written"), error.message);
    });

    await t.step("takes the sample shop as it is", async () => {
      const feed = await Deno.readFile(new URL("../../samples/feed.xml", import.meta.url));
      const { products: items, problems } = readFeed(feed, `${stack.env.SUPABASE_URL}/samples/feed.xml`);
      assertEquals(problems, []);
      assertEquals((await importFeed({ client, profileId, items })).imported.length, 12);
      for (const address of items.flatMap((item) => item.image_urls)) {
        const response = await fetch(address);
        assertEquals([address, response.status], [address, 200]);
        await response.body?.cancel();
      }
    });
  } finally {
    await stack.stop();
  }
});
