// What the demo makes videos of: a feed's products, imported as the signed-in user, and what is expected of each.

import type { SupabaseClient } from "@supabase/supabase-js";
import { type FeedProduct, importFeed, loadFeed, readFeed } from "../../feeds/import.ts";
import { BATCH_SIZE } from "./options.ts";
import type { PictureServer } from "./picture_server.ts";

export interface DemoProduct {
  id: string;
  /** The error code that its row should end with; null: it should be completed. */
  expected: string | null;
}

const SAMPLE_FEED = new URL("../../samples/feed.xml", import.meta.url);
const SAMPLE_COUNT = 6;

interface ShopOptions {
  client: SupabaseClient;
  supabaseUrl: string;
  limit: number | null;
  say(line: string): void;
}

async function defaultProfile(client: SupabaseClient): Promise<string> {
  const { data, error } = await client.from("profiles").select("id").eq("is_default", true).maybeSingle();
  if (error) throw new Error(`The profile could not be read: ${error.message}`);
  if (!data) throw new Error("The demo user has no profile.");
  return data.id as string;
}

async function importProducts(items: FeedProduct[], { client, say }: ShopOptions): Promise<string[]> {
  const start = performance.now();
  const { imported, problems } = await importFeed({ client, profileId: await defaultProfile(client), items });
  for (const { id, message } of problems) say(`  ${id}: refused: ${message}`);
  say(`Imported ${imported.length} products in ${((performance.now() - start) / 1000).toFixed(1)} s.`);
  return imported.map(({ id }) => id);
}

/** The sample shop: six good products, one whose picture answers 404, one id that does not exist. */
async function prepareSamples(options: ShopOptions): Promise<DemoProduct[]> {
  const { products } = readFeed(await Deno.readFile(SAMPLE_FEED), `${options.supabaseUrl}/samples/feed.xml`);
  if (options.limit !== null) {
    const ids = await importProducts(products.slice(0, options.limit), options);
    return ids.map((id) => ({ id, expected: null }));
  }
  const withoutPicture: FeedProduct = {
    external_id: "CL-404",
    title: "Lost & Found Picture Frame",
    brand: "Casa Lumin",
    description: "A product whose picture is gone from the shop's server.",
    price: "59.00",
    sale_price: null,
    currency: "RON",
    image_urls: [`${options.supabaseUrl}/samples/pictures/this_picture_is_gone.jpg`],
    link: null,
    language: "en",
  };
  const ids = await importProducts([...products, withoutPicture], options);
  const good = ids.slice(0, SAMPLE_COUNT).map((id) => ({ id, expected: null }));
  const broken = { id: ids.at(-1)!, expected: "image_unavailable" };
  const missing = { id: crypto.randomUUID(), expected: "product_not_found" };
  return [...good.slice(0, 2), broken, ...good.slice(2, 4), missing, ...good.slice(4)];
}

/** One's own feed. What cannot be read is reported by its id and skipped. */
async function prepareFeed(
  source: string,
  options: ShopOptions & { pictures: PictureServer | null },
): Promise<DemoProduct[]> {
  const { bytes, charset, url } = await loadFeed(source);
  const { pictures, say } = options;
  const baseUrl = url ?? (pictures ? pictures.addressOf(await Deno.realPath(source)) : null);
  const { products, problems } = readFeed(bytes, baseUrl, { charset });
  for (const { id, field, message, skipped } of problems) {
    say(`  ${id}: ${skipped ? "skipped: " : ""}${field ? `${field}: ` : ""}${message}`);
  }
  const taken = products.slice(0, options.limit ?? BATCH_SIZE.max);
  say(
    `Read ${products.length} products${
      taken.length < products.length ? `; taking the first ${taken.length}` : ""
    }.`,
  );
  if (taken.length < BATCH_SIZE.min) {
    throw new Error(
      `A batch takes at least ${BATCH_SIZE.min} products; the feed has ${taken.length} that can be read.`,
    );
  }
  pictures?.allow(taken.flatMap((product) => product.image_urls));
  const ids = await importProducts(taken, options);
  return ids.map((id) => ({ id, expected: null }));
}

/** Imports the products and answers which to ask for, in order. */
export function prepareShop(
  options: ShopOptions & { feed: string | null; pictures: PictureServer | null },
): Promise<DemoProduct[]> {
  return options.feed === null ? prepareSamples(options) : prepareFeed(options.feed, options);
}
