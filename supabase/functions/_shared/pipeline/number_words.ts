// Numbers that are written as words, in the languages on offer: "three" says a figure as well as "3" does.

export interface NumberWords {
  /** Values by their words, folded and parted by single spaces. */
  values: ReadonlyMap<string, number>;
  /** The first words of them all. */
  starts: ReadonlySet<string>;
}

type Speller = { toCardinal(value: number): string };

const SPELLERS: Record<string, () => Promise<Speller[]>> = {
  en: () => Promise.all([import("n2words/en-US"), import("n2words/en-GB")]),
  ro: () => Promise.all([import("n2words/ro-RO")]),
  de: () => Promise.all([import("n2words/de-DE")]),
  fr: () => Promise.all([import("n2words/fr-FR")]),
  es: () => Promise.all([import("n2words/es-ES")]),
  it: () => Promise.all([import("n2words/it-IT")]),
  pt: () => Promise.all([import("n2words/pt-PT")]),
  pl: () => Promise.all([import("n2words/pl-PL")]),
  hu: () => Promise.all([import("n2words/hu-HU")]),
  nl: () => Promise.all([import("n2words/nl-NL")]),
}; // deno-fmt-ignore

/** Other genders and cases, and words that stand for a number alone. */
const OTHER_FORMS: Record<string, Record<string, number>> = {
  en: { hundred: 100, hundreds: 100, thousand: 1000, thousands: 1000, million: 1e6, millions: 1e6, dozen: 12 },
  ro: { două: 2, douăsprezece: 12, sută: 100, sute: 100, mie: 1000, mii: 1000, milion: 1e6, milioane: 1e6 },
  de: { hundert: 100, tausend: 1000, million: 1e6, millionen: 1e6, dutzend: 12 },
  fr: { douzaine: 12, vingtaine: 20, centaine: 100, centaines: 100, milliers: 1000, million: 1e6, millions: 1e6 },
  es: { docena: 12, cientos: 100, doscientas: 200, miles: 1000, millón: 1e6, millones: 1e6 },
  it: { dozzina: 12, centinaia: 100, migliaia: 1000, milione: 1e6, milioni: 1e6 },
  pt: { duas: 2, catorze: 14, quatorze: 14, dezesseis: 16, dezessete: 17, dezenove: 19, dúzia: 12, centenas: 100, milhares: 1000, milhão: 1e6, milhões: 1e6 },
  pl: { dwie: 2, dwóch: 2, dwoma: 2, trzech: 3, trzema: 3, czterech: 4, pięciu: 5, sześciu: 6, siedmiu: 7, ośmiu: 8, dziewięciu: 9, dziesięciu: 10, tysiące: 1000, tysięcy: 1000, milion: 1e6, miliony: 1e6 },
  hu: { két: 2, tucat: 12, millió: 1e6 },
  nl: { dozijn: 12, miljoen: 1e6, miljoenen: 1e6 },
}; // deno-fmt-ignore

/** Words that alone say something else as often: "o lampă nouă" is a new one. */
const DOUBTFUL: Record<string, string[]> = {
  ro: ["nouă"],
  de: ["acht"],
  fr: ["neuf"],
  it: ["sei", "mille"],
  hu: ["hat", "hét"],
  nl: ["acht", "elf"],
};

const LONGEST_PHRASE = 8;
const known = new Map<string, NumberWords>();

/** The number words of a language; null where none are known. "One" and "zero" are no figures: articles are called so. */
export async function numberWordsOf(language: string): Promise<NumberWords | null> {
  const load = SPELLERS[language];
  if (!load) return null;
  const ready = known.get(language);
  if (ready) return ready;
  const values = new Map<string, number>();
  for (const { toCardinal } of await load()) {
    for (let value = 2; value <= 1000; value++) values.set(fold(toCardinal(value)), value);
    for (let value = 2000; value <= 100_000; value += 1000) values.set(fold(toCardinal(value)), value);
  }
  for (const [word, value] of Object.entries(OTHER_FORMS[language] ?? {})) values.set(fold(word), value);
  for (const word of DOUBTFUL[language] ?? []) values.delete(fold(word));
  const words = { values, starts: new Set([...values.keys()].map((word) => word.split(" ")[0] ?? "")) };
  known.set(language, words);
  return words;
}

/** The numbers that a text says in words, with the place behind each. The longest reading counts. */
export function spelledNumbers(text: string, words: NumberWords): { value: number; end: number }[] {
  const numbers: { value: number; end: number }[] = [];
  const tokens = [...text.matchAll(/[\p{L}\p{M}]+/gu)];
  for (let at = 0; at < tokens.length;) {
    let next = at + 1;
    const isStart = words.starts.has(fold(tokens[at]?.[0] ?? ""));
    for (let last = Math.min(tokens.length, at + LONGEST_PHRASE); isStart && last > at; last--) {
      const from = tokens[at]?.index ?? 0;
      const end = (tokens[last - 1]?.index ?? 0) + (tokens[last - 1]?.[0].length ?? 0);
      const value = words.values.get(fold(text.slice(from, end)));
      if (value === undefined) continue;
      numbers.push({ value, end });
      next = last;
      break;
    }
    at = next;
  }
  return numbers;
}

function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[\s-]+/g, " ");
}
