// The XML of a feed: RSS 2.0, RSS 1.0 or Atom to its items, each with its fields by name. Entities of a DOCTYPE are
// refused, never expanded; of a feed with broken XML the items that can be read are kept.

import { XMLParser, XMLValidator } from "fast-xml-parser";
import { decodeHTML } from "entities";
import { FeedError } from "./feed_error.ts";

/** One element of an item: its text and its attributes, entities resolved. */
export interface Field {
  text: string;
  attributes: Record<string, string>;
}

/** An item's fields: `g:` names for Google's namespace, bare names for RSS's and Atom's own; others are left out. */
export type Item = Map<string, Field[]>;

export interface FeedXml {
  items: Item[];
  /** Language that the feed as a whole names, as it stands there. */
  language: string | null;
  /** Items that are not well-formed, by the id that could be found, else by their place ("item 7"). */
  broken: { id: string; message: string }[];
}

type Node = string | { [name: string]: Node | Node[] };
type Prefixes = Map<string, string>;

const GOOGLE_NAMESPACES = /^https?:\/\/base\.google\.com\/(?:ns|cns)\/1\.0\/?$/i;
const OWN_NAMESPACES =
  /^(?:https?:\/\/www\.w3\.org\/2005\/atom|https?:\/\/purl\.org\/(?:rss\/1\.0|atom\/ns#?)\/?)$/i;
const ITEM_START = /<(?:[\w.-]+:)?(item|entry)(?=[\s>])/g;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  cdataPropName: "#cdata",
  parseTagValue: false,
  parseAttributeValue: false,
  // Resolved below, text only: a DOCTYPE's own entities have no way in.
  processEntities: false,
  trimValues: false,
});

/** Takes a document type out; one with declarations of its own is refused. */
function withoutDoctype(xml: string): string {
  const prolog = xml.match(/^\ufeff?(?:\s+|<\?[\s\S]*?\?>|<!--[\s\S]*?-->)*/)?.[0].length ?? 0;
  if (!/^<!DOCTYPE/i.test(xml.slice(prolog, prolog + 9))) return xml;
  const end = xml.slice(prolog).search(/[>[]/);
  if (end < 0 || xml[prolog + end] === "[") {
    throw new FeedError("The feed declares a document type with entities of its own, which is refused.");
  }
  return xml.slice(0, prolog) + xml.slice(prolog + end + 1);
}

function parse(xml: string): Node {
  const verdict = XMLValidator.validate(xml);
  if (verdict !== true) throw new FeedError(`line ${verdict.err.line}: ${verdict.err.msg}`);
  return parser.parse(xml) as Node;
}

function asList(value: Node | Node[] | undefined): Node[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** Text as it was meant: entities resolved outside of CDATA only. */
function textOf(node: Node): string {
  if (typeof node === "string") return decodeHTML(node);
  const own = asList(node["#text"]).map((part) => typeof part === "string" ? decodeHTML(part) : "");
  const cdata = asList(node["#cdata"]).map((part) => typeof part === "string" ? part : "");
  // Blanks around a CDATA section are the file's layout.
  return [own.join("").trim(), cdata.join("")].filter((part) => part !== "").join(" ");
}

function attributesOf(node: Node): Record<string, string> {
  if (typeof node === "string") return {};
  const found = Object.entries(node).filter(([name, value]) =>
    name.startsWith("@") && typeof value === "string"
  );
  return Object.fromEntries(found.map(([name, value]) => [name.slice(1), decodeHTML(value as string)]));
}

function prefixesOf(node: Node, outer: Prefixes): Prefixes {
  const own = Object.entries(attributesOf(node)).filter(([name]) =>
    name === "xmlns" || name.startsWith("xmlns:")
  );
  return own.length === 0
    ? outer
    : new Map([...outer, ...own.map(([name, uri]) => [name.slice(6), uri] as const)]);
}

/** `g:title`, `title`, or null for a name of somebody else's namespace. */
function fieldName(tag: string, prefixes: Prefixes): string | null {
  const colon = tag.indexOf(":");
  const prefix = colon < 0 ? "" : tag.slice(0, colon);
  const local = tag.slice(colon + 1).toLowerCase();
  const uri = prefixes.get(prefix);
  if (uri === undefined) return prefix === "" ? local : prefix.toLowerCase() === "g" ? `g:${local}` : null;
  if (GOOGLE_NAMESPACES.test(uri)) return `g:${local}`;
  return prefix === "" || OWN_NAMESPACES.test(uri) ? local : null;
}

function toItem(node: Node, outer: Prefixes): Item {
  const item: Item = new Map();
  if (typeof node === "string") return item;
  const prefixes = prefixesOf(node, outer);
  for (const [tag, value] of Object.entries(node)) {
    if (tag.startsWith("@") || tag.startsWith("#")) continue;
    const name = fieldName(tag, prefixes);
    if (!name) continue;
    const fields = asList(value).map((part) => ({ text: textOf(part), attributes: attributesOf(part) }));
    item.set(name, [...item.get(name) ?? [], ...fields]);
  }
  const language = attributesOf(node)["xml:lang"];
  if (language) item.set("@lang", [{ text: language, attributes: {} }]);
  return item;
}

function children(node: Node, ...locals: string[]): [string, Node][] {
  if (typeof node === "string") return [];
  return Object.entries(node).flatMap(([tag, value]) => {
    const local = tag.slice(tag.indexOf(":") + 1).toLowerCase();
    const isElement = !tag.startsWith("@") && !tag.startsWith("#") && !tag.startsWith("?");
    return isElement && locals.includes(local)
      ? asList(value).map((part) => [tag, part] as [string, Node])
      : [];
  });
}

function readDocument(document: Node): Omit<FeedXml, "broken"> {
  const root = children(document, "rss", "feed", "rdf")[0]?.[1];
  if (root === undefined) throw new FeedError("This is no RSS or Atom feed.");
  const items: Item[] = [];
  let language: string | null = attributesOf(root)["xml:lang"] ?? null;
  const rootPrefixes = prefixesOf(root, new Map());
  for (const holder of [root, ...children(root, "channel").map(([, node]) => node)]) {
    const prefixes = prefixesOf(holder, rootPrefixes);
    items.push(...children(holder, "item", "entry").map(([, node]) => toItem(node, prefixes)));
    const named = children(holder, "language").find(([tag]) => fieldName(tag, prefixes) === "language");
    language ??= named ? textOf(named[1]) : attributesOf(holder)["xml:lang"] ?? null;
  }
  return { items, language };
}

/** An `&` that begins no entity is how shops write "and". */
function withEscapedAmpersands(xml: string): string {
  return xml.replace(
    /<!\[CDATA\[[\s\S]*?\]\]>|&(?!#\d+;|#x[\da-f]+;|\w+;)/gi,
    (found) => found === "&" ? "&amp;" : found,
  );
}

/** Reads item by item what is not well-formed as a whole (a truncated download, one broken product). */
function salvage(xml: string, fault: string): FeedXml {
  const starts = [...xml.matchAll(ITEM_START)];
  const first = starts[0]?.index;
  if (first === undefined) throw new FeedError(`The feed is no well-formed XML (${fault}).`);
  const head = xml.slice(0, first);
  const namespaces = [...head.matchAll(/\s(?:xmlns(?::[\w.-]+)?|xml:lang)\s*=\s*(?:"[^"<]*"|'[^'<]*')/g)].map(
    ([text]) => text,
  );
  const language = head.match(/<language>\s*([\w-]+)\s*<\/language>/)?.[1] ?? null;
  const read: FeedXml = { items: [], language, broken: [] };
  starts.forEach((start, place) => {
    const segment = xml.slice(start.index, starts[place + 1]?.index ?? xml.length);
    const end = segment.match(new RegExp(`^[\\s\\S]*</(?:[\\w.-]+:)?${start[1]}\\s*>`))?.[0];
    try {
      const wrapped = `<feed${[...new Set(namespaces)].join("")}>${
        withEscapedAmpersands(end ?? segment)
      }</feed>`;
      read.items.push(...readDocument(parse(wrapped)).items);
    } catch (error) {
      const id = segment.match(/<(?:[\w.-]+:)?id\b[^>]*>\s*(?:<!\[CDATA\[)?\s*([^<\]]{1,200})/i)?.[1]?.trim();
      const reason = error instanceof Error ? error.message : String(error);
      read.broken.push({ id: id || `item ${place + 1}`, message: `its XML could not be read (${reason})` });
    }
  });
  return read;
}

/** Reads a feed's XML. Throws `FeedError` where nothing of it can be read. */
export function readFeedXml(xml: string): FeedXml {
  const document = withoutDoctype(xml);
  let root: Node;
  try {
    root = parse(document);
  } catch (error) {
    return salvage(document, error instanceof Error ? error.message : String(error));
  }
  return { ...readDocument(root), broken: [] };
}
