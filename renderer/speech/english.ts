// English as its voice is given it: letters that it knows, numbers and units in words.

import { toCardinal } from "n2words/en-US";

/** Of a longer "word" (an address, junk) the rest is not spoken. */
const MAX_SPOKEN = 80;
/** Smaller ones the voice reads well; of larger ones it takes 750 for digits and 1999 for a year. */
const LEAST_IN_WORDS = 100;
const MOST_IN_WORDS = 1e12;
const NUMBER = /(?<![\p{L}\p{N}.,])(\$?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(?![.,]?\d)/gu;
const UNITS: Record<string, string> = {
  ml: "milliliters",
  cl: "centiliters",
  l: "liters",
  L: "liters",
  mg: "milligrams",
  g: "grams",
  kg: "kilograms",
  mm: "millimeters",
  cm: "centimeters",
  m: "meters",
  km: "kilometers",
  W: "watts",
  kW: "kilowatts",
  V: "volts",
  mAh: "milliamp hours",
  Wh: "watt hours",
  Hz: "hertz",
  GHz: "gigahertz",
  MB: "megabytes",
  GB: "gigabytes",
  TB: "terabytes",
  ft: "feet",
  lb: "pounds",
  lbs: "pounds",
  oz: "ounces",
  "°C": "degrees celsius",
  "°F": "degrees fahrenheit",
};
const UNIT = new RegExp(
  `(\\d)\\s?(${Object.keys(UNITS).sort((a, b) => b.length - a.length).join("|")})(?![\\p{L}\\p{N}])`,
  "gu",
);
/** A unit that stands behind a number as a word of its own, with the signs behind it. */
const LONE_UNIT = new RegExp(`^(${Object.keys(UNITS).join("|")})([.,;:!?)]*)$`);

/** A word as it is to be said, behind the one before it: "750 ml" is not "seven five zero em el". */
export function toPlainEnglish(word: string, before = ""): string {
  const unit = /\d$/.test(before) ? LONE_UNIT.exec(word) : null;
  const inWords = unit
    ? `${UNITS[unit[1] ?? ""]}${unit[2]}`
    : word.replace(UNIT, (_all, digit: string, name: string) => `${digit} ${UNITS[name]}`)
      .replace(/(?<=\d)\s?[x×](?=\d)/g, " by ")
      .replace(NUMBER, spell);
  return plainLetters(inWords);
}

function spell(all: string, dollar: string, whole: string, fraction: string | undefined): string {
  const value = Number(whole.replaceAll(",", ""));
  if (value < LEAST_IN_WORDS || value > MOST_IN_WORDS) return all;
  const words = toCardinal(value);
  if (dollar === "") {
    return fraction
      ? `${words} point ${[...fraction].map((digit) => toCardinal(Number(digit))).join(" ")}`
      : words;
  }
  return fraction ? `${words} dollars ${toCardinal(Number(fraction))} cents` : `${words} dollars`;
}

/** Without the letters that the voice skips: "Café" is read "Cafe". */
function plainLetters(word: string): string {
  return word
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[‘’]/g, "'")
    .replace(/[“”„«»]/g, "")
    .replace(/[–—]/g, "-")
    .replace(/ß/g, "ss").replace(/[øØ]/g, "o").replace(/[łŁ]/g, "l").replace(/[æÆ]/g, "ae")
    .replace(/&/g, " and ").replace(/€/g, " euro ").replace(/£/g, " pound ").replace(/¥/g, " yen ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, MAX_SPOKEN);
}
