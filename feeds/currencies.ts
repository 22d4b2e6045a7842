// What shops write for a currency, and how each currency writes its numbers.

/** Codes of ISO 4217 that have no minor unit, and those that have three digits of it; all others have two. */
const NO_DECIMALS = new Set(
  "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(" "),
);
const THREE_DECIMALS = new Set("BHD IQD JOD KWD LYD OMR TND".split(" "));

/** Currencies whose customary decimal mark is the comma: three digits after a point can only be a group there. */
const COMMA_DECIMALS = new Set(
  ("RON ARS AOA BAM BGN BRL BYN COP CRC CZK DKK GEL IDR KZT MDL MKD MZN NOK PLN RSD RUB SEK TRY UAH UYU VES ALL AZN " +
    "MAD DZD").split(" "),
);
/** Written both ways by the shops that use them; nobody writes thousandths of them. */
const EITHER_MARK = new Set("EUR HUF ZAR CHF CAD".split(" "));
/** 12,34,567: the last group has three digits, those before it two. */
const LAKH_GROUPS = new Set("INR PKR BDT NPR LKR".split(" "));

/** Words and signs that name one currency. Keys are lower case, without spaces and without closing points. */
const NAMES: Record<string, string> = {
  "lei": "RON",
  "leu": "RON",
  "€": "EUR",
  "euro": "EUR",
  "euros": "EUR",
  "£": "GBP",
  "us$": "USD",
  "$us": "USD",
  "u.s.$": "USD",
  "ca$": "CAD",
  "c$": "CAD",
  "can$": "CAD",
  "$ca": "CAD",
  "cad$": "CAD",
  "usd$": "USD",
  "a$": "AUD",
  "au$": "AUD",
  "nz$": "NZD",
  "hk$": "HKD",
  "s$": "SGD",
  "sg$": "SGD",
  "nt$": "TWD",
  "mx$": "MXN",
  "mex$": "MXN",
  "r$": "BRL",
  "cn¥": "CNY",
  "jp¥": "JPY",
  "円": "JPY",
  "元": "CNY",
  "rmb": "CNY",
  "₹": "INR",
  "rs": "INR",
  "zł": "PLN",
  "zl": "PLN",
  "kč": "CZK",
  "ft": "HUF",
  "лв": "BGN",
  "₽": "RUB",
  "руб": "RUB",
  "₺": "TRY",
  "tl": "TRY",
  "₴": "UAH",
  "грн": "UAH",
  "₩": "KRW",
  "원": "KRW",
  "₫": "VND",
  "đ": "VND",
  "₪": "ILS",
  "฿": "THB",
  "₱": "PHP",
  "₦": "NGN",
  "₵": "GHS",
  "₡": "CRC",
  "₲": "PYG",
  "₸": "KZT",
  "₾": "GEL",
  "₼": "AZN",
  "kd": "KWD",
  "d.k": "KWD",
  "د.ك": "KWD",
  "د.إ": "AED",
  "dhs": "AED",
  "ر.س": "SAR",
  "fr": "CHF",
  "sfr": "CHF",
};

/** Signs of several currencies: the code that is meant where no other word says which, or null where it must. */
const SHARED_SIGNS: Record<string, { alone: string | null; codes: RegExp }> = {
  "$": {
    alone: "USD",
    codes: /^(?:USD|CAD|AUD|NZD|HKD|SGD|TWD|MXN|ARS|CLP|COP|UYU|BRL|JMD|TTD|BBD|BSD|BZD|FJD)$/,
  },
  "¥": { alone: "JPY", codes: /^(?:JPY|CNY)$/ },
  "kr": { alone: null, codes: /^(?:SEK|NOK|DKK|ISK)$/ },
  "rs": { alone: "INR", codes: /^(?:INR|PKR|LKR|NPR|MUR|SCR)$/ },
  "fr": { alone: "CHF", codes: /^(?:CHF|XAF|XOF|XPF)$/ },
};

const ISO_CODES = new Set(
  Intl.supportedValuesOf("currency").filter((code) => !["XXX", "XTS"].includes(code)),
);

/** What a currency's place in a price says. `sign` is set where the word alone could mean another currency too. */
export type NamedCurrency = { code: string; shared: boolean } | { problem: string };

function lookUp(word: string): { code: string | null; sign: string | null } | null {
  const key = word.toLowerCase().replace(/\s+/g, "").replace(/\.+$/, "").replace(/^\.+/, "");
  if (ISO_CODES.has(key.toUpperCase())) return { code: key.toUpperCase(), sign: null };
  const shared = SHARED_SIGNS[key];
  if (shared) return { code: shared.alone, sign: key };
  const code = NAMES[key];
  return code ? { code, sign: null } : null;
}

/**
 * The currency that the words around a number name. `words` holds the word before, the word after, and what the
 * feed says elsewhere; empty ones are left out. Two that contradict each other are a problem.
 */
export function nameCurrency(words: string[]): NamedCurrency {
  let code: string | null = null;
  let sign: string | null = null;
  // "US $" is one word, "kr SEK" are two.
  for (const word of words.flatMap((text) => lookUp(text) ? [text] : text.split(" "))) {
    const found = lookUp(word);
    if (!found) return { problem: `"${word.slice(0, 40)}" is no currency` };
    if (found.sign) {
      if (sign && sign !== found.sign) return { problem: "it names two currencies" };
      sign = found.sign;
    } else {
      if (code && code !== found.code) return { problem: "it names two currencies" };
      code = found.code;
    }
  }
  const shared = sign ? SHARED_SIGNS[sign] : undefined;
  if (code && shared && !shared.codes.test(code)) return { problem: "it names two currencies" };
  if (code) return { code, shared: false };
  if (shared?.alone) return { code: shared.alone, shared: true };
  return { problem: shared ? `"${sign}" is the sign of several currencies` : "it names no currency" };
}

/** Digits of the minor unit. */
export function decimalsOf(code: string): number {
  if (NO_DECIMALS.has(code)) return 0;
  return THREE_DECIMALS.has(code) ? 3 : 2;
}

/** Whether three digits after this mark are customarily a group of thousands in that currency. */
export function groupsWith(code: string, mark: string): boolean {
  if (EITHER_MARK.has(code) || NO_DECIMALS.has(code)) return true;
  return COMMA_DECIMALS.has(code) ? mark === "." : mark === ",";
}

/** Whether numbers of that currency may be grouped 12,34,567. */
export function groupsByLakh(code: string): boolean {
  return LAKH_GROUPS.has(code);
}
