// A merchant feed to products: Google Merchant RSS 2.0, RSS 1.0 and Atom, with or without the `g:` prefix.

import { decodeFeed } from "./decode_feed.ts";
import { FeedError } from "./feed_error.ts";
import { type FeedProblem, type FeedProduct, readItem } from "./feed_product.ts";
import { readFeedXml } from "./feed_xml.ts";

export interface Feed {
  /** In the feed's order, each id once. */
  products: FeedProduct[];
  problems: FeedProblem[];
}

export interface ReadFeedOptions {
  /** The charset that the transport named, for bytes. */
  charset?: string | null;
  /** What sales' dates are compared with. Default: the current time. */
  now?: Date;
}

/**
 * Reads a feed. `baseUrl` is the feed's own address, or what stands for it; null: relative addresses are reported.
 * A product that cannot be read is reported by its id and skipped. Throws `FeedError` where nothing can be read.
 */
export function readFeed(
  xml: string | Uint8Array,
  baseUrl: string | null,
  options: ReadFeedOptions = {},
): Feed {
  const text = typeof xml === "string" ? xml : decodeFeed(xml, { charset: options.charset });
  const { items, language, broken } = readFeedXml(text);
  const products = new Map<string, FeedProduct>();
  const problems: FeedProblem[] = broken.map(({ id, message }) => ({
    id,
    field: null,
    message,
    skipped: true,
  }));
  const context = { baseUrl, language, now: options.now ?? new Date() };
  items.forEach((item, index) => {
    const reading = readItem(item, index + 1, context);
    const id = reading.product?.external_id;
    if (reading.product && id !== undefined && !products.has(id)) products.set(id, reading.product);
    else if (id !== undefined) {
      problems.push({
        id,
        field: "id",
        message: "its id came before in this feed; the first one counts",
        skipped: true,
      });
      return;
    }
    problems.push(...reading.problems);
  });
  if (products.size === 0 && problems.length === 0) throw new FeedError("The feed holds no products.");
  return { products: [...products.values()], problems };
}
