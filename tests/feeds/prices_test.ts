// Prices as shops write them: read right, or reported; never misread.

import fc from "fast-check";
import { assert, assertEquals } from "../assert.ts";
import { readPrice } from "../../feeds/prices.ts";

const READ: [string, string][] = [
  ["20.00 USD", "20.00 USD"],
  ["EUR 20", "20.00 EUR"],
  ["249,00 RON", "249.00 RON"],
  ["1.249,99 RON", "1249.99 RON"],
  ["1 249,99 lei", "1249.99 RON"],
  ["¥1,980", "1980 JPY"],
  ["￥１，９８０", "1980 JPY"],
  ["1,980円", "1980 JPY"],
  ["1,249 USD", "1249.00 USD"],
  ["1.249 RON", "1249.00 RON"],
  ["1.249 EUR", "1249.00 EUR"],
  ["1.250 lei", "1250.00 RON"],
  ["€1.250", "1250.00 EUR"],
  ["1,250 EUR", "1250.00 EUR"],
  ["1.249.999,50 EUR", "1249999.50 EUR"],
  ["1,249,999.5 USD", "1249999.50 USD"],
  ["$1,249.99", "1249.99 USD"],
  ["US$ 20", "20.00 USD"],
  ["$20 CAD", "20.00 CAD"],
  ["20 €", "20.00 EUR"],
  ["20,- €", "20.00 EUR"],
  ["20. USD", "20.00 USD"],
  ["US $20", "20.00 USD"],
  ["CHF 1'249.50", "1249.50 CHF"],
  ["1’249.– CHF", "1249.00 CHF"],
  ["1\u00a0249,99\u00a0€", "1249.99 EUR"],
  ["1\u202f249,99 €", "1249.99 EUR"],
  ["12 500 kr SEK", "12500.00 SEK"],
  ["Rs. 1,23,456.50", "123456.50 INR"],
  ["Rs.99", "99.00 INR"],
  ["₹12,34,567", "1234567.00 INR"],
  ["1,250.500 KWD", "1250.500 KWD"],
  ["KWD 1.25", "1.250 KWD"],
  ["0,99 EUR", "0.99 EUR"],
  ["20.0000 USD", "20.00 USD"],
  ["150.000 IDR", ""],
  ["Rp", ""],
  ["150.000 ₫", "150000 VND"],
  ["usd 15", "15.00 USD"],
  ["2 499 Ft", "2499.00 HUF"],
  ["1 249,9 zł", "1249.90 PLN"],
  ["R$ 1.249,90", "1249.90 BRL"],
  ["١٬٢٤٩٫٥٠ د.إ.", "1249.50 AED"],
];

const REPORTED = [
  "",
  " ",
  "free",
  "call us",
  "20",
  "20.00",
  "-20 USD",
  "−20 USD",
  "USD -20",
  "(20 USD)",
  "20- USD",
  "0 USD",
  "0,00 RON",
  "USD",
  "20-30 USD",
  "20 USD - 30 USD",
  "from 20 USD",
  "20 USD/kg",
  "20 USD EUR",
  "€20 USD",
  "20 kr",
  "1.249 USD",
  "19.990 EUR",
  "1,249 RON",
  "1.5e3 USD",
  "1,24,9 USD",
  "1.24.99 EUR",
  "12,34,567 USD",
  "1 24 USD",
  "1 249 99 lei",
  "0.999 EUR",
  "20.005 USD",
  "19.80 JPY",
  "¥19.80",
  "1,249 KWD",
  "1.249,99.00 RON",
  "$1.249,99",
  "249⁹⁹ lei",
  ".99 USD",
  "99999999999999999999 USD",
  "NaN USD",
  "Infinity EUR",
  "0x20 USD",
  "20 XXX",
  "20 FOO",
  "1 USD".padEnd(200, "0"),
];

for (const [text, expected] of READ) {
  Deno.test(`readPrice reads ${JSON.stringify(text)} as ${expected || "a problem"}`, () => {
    const { price } = readPrice(text);
    assertEquals(price ? `${price.amount} ${price.currency}` : "", expected);
  });
}

for (const text of REPORTED) {
  Deno.test(`readPrice reports ${JSON.stringify(text.slice(0, 40))}`, () => {
    const { price, problem } = readPrice(text);
    assertEquals(price, null);
    assert(problem);
  });
}

Deno.test("readPrice takes the feed's currency for a bare number, and the price's own before it", () => {
  assertEquals(readPrice("249,00", { currency: "RON" }).price, { amount: "249.00", currency: "RON" });
  assertEquals(readPrice("249 EUR", { currency: "RON" }).price, { amount: "249.00", currency: "EUR" });
  assertEquals(readPrice("249", { currency: "galleons" }).price, null);
});

/** How each house style writes whole units and cents. */
const STYLES: { currency: string; group: string; mark: string }[] = [
  { currency: "USD", group: ",", mark: "." },
  { currency: "EUR", group: ".", mark: "," },
  { currency: "RON", group: ".", mark: "," },
  { currency: "RON", group: " ", mark: "," },
  { currency: "PLN", group: "\u00a0", mark: "," },
  { currency: "SEK", group: "\u202f", mark: "," },
  { currency: "CHF", group: "'", mark: "." },
];

Deno.test("readPrice reads back every amount in every style with two decimals", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...STYLES),
      fc.integer({ min: 1, max: 999_999_999 }),
      fc.boolean(),
      (style, cents, isCodeFirst) => {
        const whole = String(Math.floor(cents / 100)).replace(/\B(?=(\d{3})+$)/g, style.group);
        const fraction = String(cents % 100).padStart(2, "0");
        const text = `${whole}${style.mark}${fraction}`;
        const { price } = readPrice(isCodeFirst ? `${style.currency} ${text}` : `${text} ${style.currency}`);
        const amount = `${Math.floor(cents / 100)}.${fraction}`;
        assertEquals(price, { amount, currency: style.currency });
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("readPrice gives for any text a positive amount with the currency's decimals, or a problem", () => {
  const alphabet = fc.constantFrom(
    ..."0123456789.,' -$€¥RONEUSDlei\u00a0",
    "RON",
    "JPY",
    "KWD",
    "Rs",
    "1.249",
  );
  const text = fc.oneof(fc.array(alphabet, { maxLength: 14 }).map((parts) => parts.join("")), fc.string());
  fc.assert(
    fc.property(text, (written) => {
      const { price, problem } = readPrice(written);
      if (price === null) return assert(problem);
      assert(/^[A-Z]{3}$/.test(price.currency));
      assert(/^(0|[1-9]\d*)(\.\d{2,3})?$/.test(price.amount), price.amount);
      assert(Number(price.amount) > 0);
      const digits = (value: string) => value.replace(/\D/g, "").replace(/^0+/, "").replace(/0+$/, "");
      assertEquals(digits(price.amount), digits(written.replace(/[^\d]/g, "")));
    }),
    { numRuns: 3000 },
  );
});
