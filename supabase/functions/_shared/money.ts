// Prices as a page shows them and as a voice says them, in the product's language.

/** A product's prices as texts. `spoken` is what the voice reads where `current` is written. */
export interface PriceTexts {
  current: string;
  old: string | null;
  saving_percent: number | null;
  spoken: string;
  spoken_old: string | null;
}

/** How people say a currency where the locale data has only an official name; by plural where one differs. */
const SPOKEN_NAMES: Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>> = {
  // From 20 on Romanian counts "20 de lei", but for what ends in 01 to 19.
  "ro-RON": { one: "leu", few: "lei", other: "de lei" },
  "ro-MDL": { one: "leu", few: "lei", other: "de lei" },
  "ro-USD": { one: "dolar", few: "dolari", other: "de dolari" },
  "en-USD": { one: "dollar", other: "dollars" },
  "en-GBP": { one: "pound", other: "pounds" },
  "en-JPY": "yen",
  "de-CHF": "Franken",
  "de-USD": "Dollar",
  "de-PLN": "Złoty",
  "fr-CHF": { one: "franc", other: "francs" },
  "fr-USD": { one: "dollar", other: "dollars" },
  "es-USD": { one: "dólar", other: "dólares" },
  "it-CHF": { one: "franco", other: "franchi" },
  "it-USD": { one: "dollaro", other: "dollari" },
  "pt-USD": { one: "dólar", other: "dólares" },
  "hu-EUR": "euró",
  "pl-PLN": { one: "złoty", few: "złote", many: "złotych", other: "złotego" },
  "hu-HUF": "forint",
  "cs-CZK": { one: "koruna", few: "koruny", many: "koruny", other: "korun" },
  "sv-SEK": { one: "krona", other: "kronor" },
  "da-DKK": { one: "krone", other: "kroner" },
  "nb-NOK": { one: "krone", other: "kroner" },
  "no-NOK": { one: "krone", other: "kroner" },
  "bg-BGN": { one: "лев", other: "лева" },
  "pt-BRL": { one: "real", other: "reais" },
  "es-MXN": { one: "peso", other: "pesos" },
  "tr-TRY": "lira",
  "zh-CNY": "元",
  "ko-KRW": "원",
  "he-ILS": { one: "שקל", other: "שקלים" },
  "hi-INR": { one: "रुपया", other: "रुपये" },
  "sr-RSD": { one: "динар", few: "динара", other: "динара" },
  "ru-RUB": { one: "рубль", few: "рубля", many: "рублей", other: "рубля" },
  "uk-UAH": { one: "гривня", few: "гривні", many: "гривень", other: "гривні" },
  "ja-JPY": "円",
};

const WHOLE: Intl.NumberFormatOptions = { minimumFractionDigits: 0, maximumFractionDigits: 0 };
/** Nobody prices in their hundredths: whole amounts are shown without ",00". */
const WITHOUT_HUNDREDTHS = new Set(["HUF", "CZK", "RUB", "RSD", "KZT", "TWD", "IDR", "COP"]);

/** Where a language names no country, its currency does, if prices are written otherwise there. */
const LOCALES: Record<string, string> = {
  "pt-EUR": "pt-PT",
  "en-INR": "en-IN",
  "es-MXN": "es-MX",
  "es-COP": "es-CO",
  "es-ARS": "es-AR",
  "es-CLP": "es-CL",
  "es-PEN": "es-PE",
};

/** The prices that a video shows; null where the product has none. A sale price counts only below the price. */
export function priceTexts(
  product: { price: string | null; sale_price: string | null; currency: string | null },
  language: string,
): PriceTexts | null {
  const price = positive(product.price);
  const sale = positive(product.sale_price);
  const current = sale !== null && (price === null || sale < price) ? sale : price;
  if (current === null) return null;
  const old = price !== null && current < price ? price : null;
  const saving = old === null ? 0 : Math.floor(((old - current) / old) * 100 + 1e-9);
  const money = { currency: product.currency, language };
  return {
    current: formatPrice(current, money),
    old: old === null ? null : formatPrice(old, money),
    saving_percent: saving >= 1 && saving <= 99 ? saving : null,
    spoken: speakPrice(current, money),
    spoken_old: old === null ? null : speakPrice(old, money),
  };
}

/** "249,00 lei", "$49.99", "1 249,99 €": the symbol where readers of the language know it, else the code. */
export function formatPrice(
  amount: number,
  { currency, language }: { currency: string | null; language: string },
): string {
  const locale = LOCALES[`${language.toLowerCase()}-${currency}`] ?? localeOf(language);
  if (!isCurrency(currency)) return plain(number(locale, { minimumFractionDigits: 2 }).format(amount));
  const digits = WITHOUT_HUNDREDTHS.has(currency) && Number.isInteger(amount) ? WHOLE : {};
  const format = (currencyDisplay: "symbol" | "narrowSymbol") =>
    plain(number(locale, { style: "currency", currency, currencyDisplay, ...digits }).format(amount));
  const usual = format("symbol");
  if (!usual.includes(currency)) return usual;
  // "249,00 RON" becomes "249,00 lei"; but "lei 249.00", in a language that is not the currency's, does not help.
  const narrow = format("narrowSymbol");
  return /^[\d.,'\s-]+(?:\p{L}+\.?|[€£₺₴₽])$/u.test(narrow) ? narrow : usual;
}

/** "49,99 lei", "249 dollars": what is said; whole amounts lose their ",00". */
export function speakPrice(
  amount: number,
  { currency, language }: { currency: string | null; language: string },
): string {
  const locale = localeOf(language);
  const fractions = Number.isInteger(amount) ? WHOLE : {};
  if (!isCurrency(currency)) {
    return plain(
      number(locale, { minimumFractionDigits: 2, ...fractions, useGrouping: false }).format(amount),
    );
  }
  const options: Intl.NumberFormatOptions = {
    style: "currency",
    currency,
    currencyDisplay: "name",
    ...fractions,
  };
  // A voice reads "1.249" as one point two: groups are left out.
  const parts = number(locale, { ...options, useGrouping: false }).formatToParts(amount);
  const names = SPOKEN_NAMES[`${baseLanguage(language)}-${currency}`];
  const plural = new Intl.PluralRules(locale, {
    minimumFractionDigits: Number.isInteger(amount) ? 0 : 2,
  }).select(amount);
  const own = typeof names === "string" ? names : names?.[plural] ?? names?.other;
  // Turkish has the currency's sign before the number too.
  const last = parts.findLastIndex((part) => part.type === "currency");
  return plain(
    parts.map(({ type, value }, at) => type !== "currency" ? value : at < last ? "" : own ?? value).join(""),
  );
}

/** "ro" of "ro-RO". */
export function baseLanguage(language: string): string {
  return language.toLowerCase().split(/[-_]/)[0] ?? language;
}

function positive(text: string | null): number | null {
  if (text === null) return null;
  const amount = Number(text);
  return Number.isFinite(amount) && amount > 0 ? amount : null;
}

function isCurrency(currency: string | null): currency is string {
  return currency !== null && /^[A-Z]{3}$/.test(currency);
}

function number(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return new Intl.NumberFormat(locale, { numberingSystem: "latn", ...options });
}

function localeOf(language: string): string {
  try {
    return Intl.getCanonicalLocales(language.replaceAll("_", "-"))[0] ?? "en";
  } catch {
    return "en";
  }
}

/** Ordinary spaces, no marks of direction: the texts are compared, spoken and laid out by others. */
function plain(text: string): string {
  return text.replace(/[\u00a0\u202f\u2009]/g, " ").replace(/[\u200e\u200f\u061c]/g, "").trim();
}
