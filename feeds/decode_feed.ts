// Bytes of a feed to text: the byte order mark decides, then the transport's charset, then the XML declaration.

import { FeedError } from "./feed_error.ts";

/** The encoding that the first bytes show: a mark, or the shape of `<` and `?` in UTF-16 without one. */
function encodingOfStart(bytes: Uint8Array): string | null {
  const [a, b, c, d] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  if (a === 0x3c && b === 0 && c !== 0 && d === 0) return "utf-16le";
  if (a === 0 && b === 0x3c && c === 0 && d !== 0) return "utf-16be";
  return null;
}

function declaredEncoding(bytes: Uint8Array): string | null {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 200));
  return start.match(/^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/)?.[1] ?? null;
}

/** A charset of the `Content-Type` header, if it names one. */
export function charsetOf(contentType: string | null): string | null {
  return contentType?.match(/;\s*charset\s*=\s*"?([\w.:-]+)/i)?.[1] ?? null;
}

/**
 * Text of a feed. Bytes that the encoding does not have become U+FFFD, and the products that hold one are reported
 * by the reader: one bad letter does not cost the feed.
 */
export function decodeFeed(bytes: Uint8Array, options: { charset?: string | null } = {}): string {
  const label = encodingOfStart(bytes) ?? options.charset ?? declaredEncoding(bytes) ?? "utf-8";
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    throw new FeedError(`The feed's encoding "${label}" is not known.`);
  }
}
