// The one error of a feed that cannot be read at all; single products that cannot are reported instead.

/** `message` is for the person who named the feed. */
export class FeedError extends Error {
  override name = "FeedError";
}
