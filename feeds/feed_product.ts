// One item of a feed to one product, with everything about it that could not be read.

import type { Field, Item } from "./feed_xml.ts";
import { htmlToText, manyLines, oneLine } from "./plain_text.ts";
import { isLower, type Price, readPrice } from "./prices.ts";

/** A product as the `products` table takes it, without its profile. Prices are decimal strings. */
export interface FeedProduct {
  external_id: string;
  title: string;
  brand: string | null;
  description: string | null;
  price: string | null;
  sale_price: string | null;
  currency: string | null;
  image_urls: string[];
  link: string | null;
  language: string | null;
}

/** What a shop owner should look at. `skipped`: the product is not among the products that were read. */
export interface FeedProblem {
  /** The product's own id, or its place ("item 7") where it has none. */
  id: string;
  field: string | null;
  message: string;
  skipped: boolean;
}

export interface ItemContext {
  /** Address that relative ones are resolved against; null: they are reported. */
  baseUrl: string | null;
  language: string | null;
  now: Date;
}

export interface ItemReading {
  product: FeedProduct | null;
  problems: FeedProblem[];
}

/** Lengths that no real shop reaches; what is longer is reported rather than cut. */
const MAX_ID_LENGTH = 200;
const MAX_ADDRESS_LENGTH = 2048;
/** One main picture and the ten more that Google takes. */
const MAX_PICTURES = 11;

function fieldsOf(item: Item, name: string): Field[] {
  return [...item.get(`g:${name}`) ?? [], ...item.get(name) ?? []];
}

/** The first of the names that has text; Google's namespace goes before a bare name. */
function firstText(item: Item, ...names: string[]): string {
  for (const name of names) {
    const found = fieldsOf(item, name).find((field) => field.text.trim() !== "");
    if (found) return found.text;
  }
  return "";
}

/** The item's id as it is written, or "" where it has none. */
export function idOf(item: Item): string {
  return oneLine(firstText(item, "id", "guid"));
}

function canonicalLanguage(text: string): string | null {
  try {
    return Intl.getCanonicalLocales(text.trim().replace("_", "-"))[0] ?? null;
  } catch {
    return null;
  }
}

function resolve(address: string, baseUrl: string | null): string | string[] {
  const text = address.trim();
  const isAbsolute = /^[a-z][a-z\d+.-]*:/i.test(text);
  if (!isAbsolute && baseUrl === null) {
    return [`"${text.slice(0, 80)}" is relative, and the feed has no address`];
  }
  let url: URL;
  try {
    url = new URL(text, baseUrl ?? undefined);
  } catch {
    return [`"${text.slice(0, 80)}" is no address`];
  }
  if (!/^https?:$/.test(url.protocol)) return [`"${text.slice(0, 80)}" is not on http or https`];
  if (url.href.length > MAX_ADDRESS_LENGTH) return ["its address is too long"];
  return url.href;
}

type Report = (field: string, message: string) => void;

function readPictures(item: Item, { baseUrl }: ItemContext, report: Report): string[] {
  const enclosures = [...fieldsOf(item, "enclosure"), ...fieldsOf(item, "link").filter(isEnclosure)]
    .filter(({ attributes }) => attributes.type?.startsWith("image/"))
    .map(({ attributes }) => attributes.url ?? attributes.href ?? "");
  const named = [...fieldsOf(item, "image_link"), ...fieldsOf(item, "additional_image_link")]
    // Several addresses in one element: a comma before an address ends the one before it.
    .flatMap(({ text }) => text.split(/[,\s]\s*(?=https?:\/\/)/));
  const candidates = named.some((address) => address.trim() !== "") ? named : enclosures;
  const pictures = new Set<string>();
  for (const address of candidates.filter((text) => text.trim() !== "")) {
    const url = resolve(address, baseUrl);
    if (typeof url === "string") pictures.add(url);
    else report("image_link", url.join());
  }
  if (pictures.size === 0) report("image_link", "it has no picture");
  return [...pictures].slice(0, MAX_PICTURES);
}

function isEnclosure({ attributes }: Field): boolean {
  return attributes.rel === "enclosure";
}

function readLink(item: Item, { baseUrl }: ItemContext, report: Report): string | null {
  const links = fieldsOf(item, "link").filter((field) => !isEnclosure(field));
  const best = links.find(({ attributes }) => (attributes.rel ?? "alternate") === "alternate") ?? links[0];
  const address = best ? best.text.trim() || best.attributes.href?.trim() || "" : "";
  if (address === "") return null;
  const url = resolve(address, baseUrl);
  if (typeof url === "string") return url;
  report("link", url.join());
  return null;
}

/** Whether a sale holds now; a string says why that cannot be told. */
function isSaleNow(window: string, now: Date): boolean | string {
  const [start, end, ...more] = window.trim().split(/\s*\/\s*/).map((time) =>
    // Google's own examples write offsets without a colon, and hours without minutes.
    Date.parse(time.replace(/([+-]\d\d)(\d\d)$/, "$1:$2").replace(/T(\d\d)(?=Z|[+-]|$)/, "T$1:00"))
  );
  if (start === undefined || end === undefined || more.length > 0 || Number.isNaN(start + end)) {
    return `"${window.slice(0, 80)}" is no span of time`;
  }
  return start <= now.getTime() && now.getTime() < end;
}

function readSale(
  item: Item,
  options: { price: Price | null; currency: string | null; now: Date },
  report: Report,
): Price | null {
  const text = firstText(item, "sale_price");
  if (text.trim() === "") return null;
  const { price: sale, problem } = readPrice(text, { currency: options.currency });
  if (!sale) {
    report("sale_price", problem);
    return null;
  }
  if (!options.price) {
    report("sale_price", "there is no price that it could be lower than");
    return null;
  }
  if (sale.currency !== options.price.currency) {
    report("sale_price", `it is in ${sale.currency}, the price in ${options.price.currency}`);
    return null;
  }
  if (!isLower(sale, options.price)) {
    if (sale.amount !== options.price.amount) report("sale_price", "it is higher than the price");
    return null;
  }
  const window = firstText(item, "sale_price_effective_date");
  const isNow = window.trim() === "" ? true : isSaleNow(window, options.now);
  if (typeof isNow === "string") report("sale_price_effective_date", isNow);
  return isNow === true ? sale : null;
}

function readPrices(
  item: Item,
  now: Date,
  report: Report,
): Pick<FeedProduct, "price" | "sale_price" | "currency"> {
  const field = fieldsOf(item, "price").find(({ text }) => text.trim() !== "");
  const currency = field?.attributes.currency ?? (oneLine(firstText(item, "currency")) || null);
  let price: Price | null = null;
  if (field) {
    const reading = readPrice(field.text, { currency });
    price = reading.price;
    if (reading.problem !== null) report("price", reading.problem);
  }
  const sale = readSale(item, { price, currency, now }, report);
  return {
    price: price?.amount ?? null,
    sale_price: sale?.amount ?? null,
    currency: price?.currency ?? null,
  };
}

/** Reads one item. `place` counts from 1 and stands for an id that is missing. */
export function readItem(item: Item, place: number, context: ItemContext): ItemReading {
  const id = idOf(item);
  const name = id === "" ? `item ${place}` : id.slice(0, MAX_ID_LENGTH);
  const problems: FeedProblem[] = [];
  const report: Report = (field, message) => problems.push({ id: name, field, message, skipped: false });
  const skip = (field: string, message: string): ItemReading => ({
    product: null,
    problems: [{ id: name, field, message, skipped: true }],
  });

  if (id === "") return skip("id", "it has no id");
  if ([...id].length > MAX_ID_LENGTH) return skip("id", `its id is longer than ${MAX_ID_LENGTH} characters`);
  const title = oneLine(htmlToText(firstText(item, "title")));
  if (title === "") return skip("title", "it has no title");
  const brand = oneLine(htmlToText(firstText(item, "brand"))) || null;
  if (/\ufffd/.test(id + title + (brand ?? ""))) {
    return skip("title", "its text is not in the feed's encoding");
  }

  let description = manyLines(htmlToText(firstText(item, "description", "content", "summary", "encoded"))) ||
    null;
  if (description?.includes("\ufffd")) {
    report("description", "its text is not in the feed's encoding");
    description = null;
  }
  const language = firstText(item, "content_language") || item.get("@lang")?.[0]?.text || context.language ||
    "";
  const product: FeedProduct = {
    external_id: id,
    title,
    brand,
    description,
    ...readPrices(item, context.now, report),
    image_urls: readPictures(item, context, report),
    link: readLink(item, context, report),
    language: language === "" ? null : canonicalLanguage(language),
  };
  return { product, problems };
}
