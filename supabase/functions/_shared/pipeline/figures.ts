// The figures of a text, so that an AI's script says none that the product's data does not have.

import { type PriceTexts } from "../money.ts";
import { type NumberWords, spelledNumbers } from "./number_words.ts";

const NUMBER = /\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*/g;
const PERCENT =
  /^\s?(?:%|‰|percent\b|per cent\b|prozent|pour ?cent|por ciento|por cento|per cento|procent|la sut[ăa]|százalék)/iu;
/** Figures in words that no data of a shop would have: a share, half of a price. */
const FIGURE_IN_WORDS = [
  /\p{L}[\s-]+(?:percent|per cent|prozent|pour ?cent|por ciento|por cento|per cento|procent\p{L}*|la sut[ăa]|százalék\p{L}*)(?!\p{L})/iu,
  /(?<!\p{L})(?:half[\s-](?:price|off|the price)|buy one[\s,]+get one|halben? preis|moitié prix|mitad de precio|metà prezzo|metade do preço|jumătate de preț|pół ceny|fél áron|halve prijs)(?!\p{L})/iu,
];

/** What a figure counts: a share, money, or anything. */
type Kind = "percent" | "money" | "plain";

interface Figure {
  kind: Kind;
  /** Plain decimals, as it stands and, where spaces group it, of its groups alone. */
  readings: string[][];
}

/** In which currency and in whose words a text says figures. */
export interface FigureContext {
  prices: PriceTexts | null;
  words: NumberWords | null;
}

/** The figures that a product's data has. Money is what its prices are, or what its texts call money. */
export function knownFigures(texts: (string | null)[], context: FigureContext): Set<string> {
  const known = new Set<string>();
  for (const text of texts) {
    for (const { kind, readings } of [...figuresIn(text ?? "", context), ...wordsIn(text ?? "", context)]) {
      for (const reading of readings.flat()) {
        known.add(`plain ${reading}`);
        known.add(`${kind} ${reading}`);
      }
    }
  }
  return known;
}

/** Whether a sentence says nothing but figures of the data, in digits or in words. */
export function saysOnlyKnown(
  sentence: string,
  { known, ...context }: FigureContext & { known: Set<string> },
): boolean {
  const isKnown = ({ kind, readings }: Figure) =>
    readings.some((reading) => reading.every((number) => known.has(`${kind} ${number}`)));
  const spelled = wordsIn(sentence, context);
  const parts = spelledParts(spelled, known);
  return figuresIn(sentence, context).every(isKnown) &&
    spelled.every((figure) => isKnown(figure) || parts.has(figure.readings[0]?.[0] ?? "")) &&
    !FIGURE_IN_WORDS.some((words) => words.test(withoutKnown(sentence)));
}

/** "Forty-nine dollars and ninety-nine cents" is 49.99: both parts of a price that is known, or none. */
function spelledParts(spelled: Figure[], known: Set<string>): Set<string> {
  const said = new Set(spelled.flatMap(({ readings }) => readings.flat()));
  const parts = new Set<string>();
  for (const money of known) {
    const [, whole, hundredths] = /^money (\d+)\.(\d{1,2})$/.exec(money) ?? [];
    const pair = [whole ?? "", String(Number((hundredths ?? "").padEnd(2, "0")))];
    if (whole && pair.every((part) => said.has(part))) pair.forEach((part) => parts.add(part));
  }
  return parts;
}

/** "25 percent" holds its figure in digits: only the words are left to look at. */
function withoutKnown(sentence: string): string {
  return sentence.replace(/\d[\d.,]*\s?(?:%|\p{L}+(?:\s\p{L}+)?)/gu, "0");
}

function wordsIn(text: string, { prices, words }: FigureContext): Figure[] {
  if (!words) return [];
  const names = currencyNames(prices);
  return spelledNumbers(text, words).map(({ value, end }) => {
    const after = text.slice(end);
    const isMoney = names.some((name) => after.trimStart().toLowerCase().startsWith(name));
    return {
      kind: PERCENT.test(after) ? "percent" : isMoney ? "money" : "plain",
      readings: [[String(value)]],
    };
  });
}

function figuresIn(text: string, { prices }: FigureContext): Figure[] {
  const latin = toLatinDigits(text.normalize("NFKC"));
  const names = currencyNames(prices);
  return [...latin.matchAll(NUMBER)].map((match) => {
    const before = latin.slice(0, match.index);
    const after = latin.slice(match.index + match[0].length);
    const groups = match[0].split(/[\s'’]/);
    const readings = [[toDecimal(match[0].replace(/[\s'’]/g, ""))]];
    if (groups.length > 1) readings.push(groups.map(toDecimal));
    const isMoney = /\p{Sc}\s?$/u.test(before) || /^\s?\p{Sc}/u.test(after) ||
      names.some((name) =>
        after.trimStart().toLowerCase().startsWith(name) ||
        before.trimEnd().toLowerCase().endsWith(name)
      );
    return { kind: PERCENT.test(after) ? "percent" : isMoney ? "money" : "plain", readings };
  });
}

/** "lei" of "49,99 lei", "dollars" of "49.99 dollars". */
function currencyNames(prices: PriceTexts | null): string[] {
  return [prices?.current, prices?.spoken].map((text) =>
    (text ?? "").toLowerCase().replace(/[\d.,\s'’]+/g, " ").trim()
  ).filter((name) => name !== "");
}

/** "1.249,00" and "1,249" are 1249; "49,90" is 49.9. */
function toDecimal(compact: string): string {
  const decimal = compact.match(/[.,](\d+)$/);
  const separators = compact.match(/[.,]/g) ?? [];
  // Three digits behind the only kind of separator are a group: "1,249"; behind another kind they are none.
  const isDecimal = decimal &&
    (decimal[1]?.length !== 3 || /^0[.,]/.test(compact) || new Set(separators).size > 1);
  const whole = (isDecimal ? compact.slice(0, decimal.index) : compact).replace(/[.,]/g, "");
  return String(Number(isDecimal ? `${whole}.${decimal[1]}` : whole));
}

function toLatinDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    let zero = code;
    while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String(code - zero);
  });
}
