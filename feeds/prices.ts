// Reads a price as shops write it. What could be read in two ways is reported, never guessed.

import { decimalsOf, groupsByLakh, groupsWith, nameCurrency } from "./currencies.ts";

/** `amount` is a decimal string with the currency's own number of decimals ("249.00", "1980"). */
export interface Price {
  amount: string;
  currency: string;
}

export type PriceReading = { price: Price; problem: null } | { price: null; problem: string };

/** Integer digits that a price may have. */
const MAX_INTEGER_DIGITS = 10;

function refuse(problem: string): PriceReading {
  return { price: null, problem };
}

/** Digits of other scripts, and the many spaces and apostrophes that group thousands, as their plain forms. */
function plainForm(text: string): string {
  return text
    .replace(/[\u0660-\u0669\u06f0-\u06f9\uff10-\uff19]/g, (digit) => String(digit.codePointAt(0)! & 0xf))
    .replace(/[\u066b\uff0e]/g, ".")
    .replace(/[\u066c\uff0c]/g, ",")
    .replace(/\uffe5/g, "¥")
    .replace(/\uff04/g, "$")
    .replace(/[\u2018\u2019\u02bc\u00b4`]/g, "'")
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069\u200b\ufeff]/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

// U+0660.. and U+06F0.. end in the digit's own value, U+FF10.. too: the low four bits are the digit.

function isGrouped(groups: string[], options: { lakh: boolean }): boolean {
  const [first = "", ...rest] = groups;
  if (rest.length === 0) return true;
  if (!/^[1-9]\d{0,2}$/.test(first)) return false;
  if (rest.every((group) => group.length === 3)) return true;
  return options.lakh && first.length <= 2 && rest.at(-1)!.length === 3 &&
    rest.slice(0, -1).every((group) => group.length === 2);
}

interface Shape {
  integer: string;
  fraction: string;
  /** The decimal mark that was read, or null. */
  mark: string | null;
}

/** Where a lone mark stands, decides what it is; null where it could be either. */
function readLoneMark(
  text: string,
  options: { mark: string; currency: string; spelt: boolean },
): Shape | null {
  const { mark, currency, spelt } = options;
  const [left = "", right = ""] = text.split(mark);
  if (right.length !== 3) return { integer: left, fraction: right, mark };
  if (!/^[1-9]\d{0,2}$/.test(left)) return { integer: left, fraction: right, mark };
  if (decimalsOf(currency) === 3) return mark === "." ? { integer: left, fraction: right, mark } : null;
  if (!groupsWith(currency, mark)) return null;
  // "20.000 EUR" is what a program with three decimals writes for 20, and a person for 20000.
  if (mark === "." && right.endsWith("0") && !spelt && decimalsOf(currency) > 0) return null;
  return { integer: left + right, fraction: "", mark: null };
}

/** Takes the digits apart; a string says why that is not possible. */
function readDigits(text: string, options: { currency: string; spelt: boolean }): Shape | string {
  const lakh = groupsByLakh(options.currency);
  const blanks = text.match(/[ ']/g) ?? [];
  const marks = text.match(/[.,]/g) ?? [];
  const decimalMark = marks.at(-1);
  if (new Set(blanks).size > 1) return "its digits are grouped in two ways";

  if (blanks[0] !== undefined) {
    if (marks.length > 1) return "its digits are grouped in two ways";
    const [whole = "", fraction = ""] = decimalMark ? text.split(decimalMark) : [text];
    if (/[ ']/.test(fraction)) return "its digits are not grouped by thousands";
    const groups = whole.split(blanks[0]);
    if (!isGrouped(groups, { lakh: false })) return "its digits are not grouped by thousands";
    return { integer: groups.join(""), fraction, mark: decimalMark ?? null };
  }
  if (!decimalMark) return { integer: text, fraction: "", mark: null };
  if (marks.length === 1) {
    const shape = readLoneMark(text, { mark: decimalMark, ...options });
    return shape ?? `"${text}" could be read in two ways`;
  }
  const isUniform = new Set(marks).size === 1;
  const end = isUniform ? text.length : text.lastIndexOf(decimalMark);
  const groupMark = marks[0]!;
  const groups = text.slice(0, end).split(groupMark);
  if (
    groups.some((group) => !/^\d+$/.test(group)) || !isGrouped(groups, { lakh: lakh && groupMark === "," })
  ) {
    return "its digits are not grouped by thousands";
  }
  return { integer: groups.join(""), fraction: text.slice(end + 1), mark: isUniform ? null : decimalMark };
}

/**
 * Reads one price. `currency` is what the feed says of the currency elsewhere, for prices that are bare numbers.
 * Negative, zero and free-text prices are problems too.
 */
export function readPrice(text: string, options: { currency?: string | null } = {}): PriceReading {
  if (text.length > 100) return refuse("the text is too long for a price");
  const plain = plainForm(text);
  if (plain === "") return refuse("it is empty");
  const parts = plain.match(/^(\D*?)(\d(?:[\d.,' ]*\d)?)(\D*)$/);
  if (!parts) return refuse(`"${plain.slice(0, 60)}" is no price`);
  const [, before = "", digits = "", rest = ""] = parts;
  if (/[-\u2212\u2013(]\s*$/.test(before) || /^\s*[-\u2212(]/.test(before)) return refuse("it is negative");
  // "20,-" and "20.-" say that there are no cents.
  const after = rest.replace(/^[.,][-\u2013\u2014]+/, "");
  if (/^\s*[-\u2212)]/.test(after)) return refuse("it is negative");

  const words = [before, after].map((word) => word.trim()).filter((word) => word !== "");
  const named = nameCurrency(
    words.length > 0 ? words : [options.currency ?? ""].filter((word) => word !== ""),
  );
  if ("problem" in named) return refuse(named.problem);

  // A word or a sign is a person's writing, a code may be a program's.
  const spelt = !words.some((word) => word.toUpperCase() === named.code) && words.length > 0;
  const shape = readDigits(digits, { currency: named.code, spelt });
  if (typeof shape === "string") return refuse(shape);
  if (named.shared && shape.mark === "," && named.code === "USD") {
    return refuse('"$" with a decimal comma is some other dollar or peso');
  }
  return toPrice(shape, named.code);
}

function toPrice(shape: Shape, currency: string): PriceReading {
  const decimals = decimalsOf(currency);
  const integer = shape.integer.replace(/^0+(?=\d)/, "");
  if (!/^\d+$/.test(integer) || !/^\d*$/.test(shape.fraction)) return refuse("it is no number");
  if (integer.length > MAX_INTEGER_DIGITS) return refuse("it is too large");
  const extra = shape.fraction.slice(decimals);
  if (/[1-9]/.test(extra)) {
    return refuse(`${currency} has ${decimals === 0 ? "no" : `only ${decimals}`} decimals`);
  }
  const fraction = shape.fraction.slice(0, decimals).padEnd(decimals, "0");
  if (/^0*$/.test(integer + fraction)) return refuse("it is zero");
  return { price: { amount: decimals > 0 ? `${integer}.${fraction}` : integer, currency }, problem: null };
}

/** Whether the first amount is below the second; both as `readPrice` gives them, in the same currency. */
export function isLower(a: Price, b: Price): boolean {
  if (a.currency !== b.currency) return false;
  const units = (price: Price) => BigInt(price.amount.replace(".", ""));
  return units(a) < units(b);
}
