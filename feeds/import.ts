// The room's door: what the local stack and the demo need of feeds.

export { importFeed, type ImportResult } from "./import_feed.ts";
export { type Feed, readFeed } from "./read_feed.ts";
export { isAddress, loadFeed } from "./load_feed.ts";
export { FeedError } from "./feed_error.ts";
export type { FeedProblem, FeedProduct } from "./feed_product.ts";
