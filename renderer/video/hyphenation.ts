// Where a word that no line holds is broken: behind the signs in it that end a part, and by the patterns of its language.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

const PACKAGE = "hyphen";
/** Languages whose patterns go by another name. */
const NAMES: Record<string, string> = { no: "nb" };
/** Their patterns are for another way of writing them: pinyin. Thai is broken between its words. */
const UNFIT = ["zh", "th"];
const SOFT_HYPHEN = "\u00ad";
const WORD = /\p{L}[\p{L}\p{M}]{4,}/gu;
const END_OF_PART = /[-‐/?&=_]+(?=[\p{L}\p{N}])/gu;
/** Letters that stand apart from each other: only they may be tracked, or divided by a hyphen. */
export const SEPARATE = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u;

type Hyphenate = (text: string, options: { hyphenChar: string }) => string;
const loaded = new Map<string, Hyphenate | null>();

function load(name: string): Hyphenate | null {
  try {
    return require(`${PACKAGE}/${name}/index.js`).hyphenateSync;
  } catch {
    return null;
  }
}

function hyphenatorOf(language: string): Hyphenate | null {
  const [code = ""] = language.toLowerCase().split(/[-_]/);
  if (!/^[a-z]{2,3}$/.test(code) || UNFIT.includes(code)) return null;
  const name = NAMES[code] ?? code;
  if (!loaded.has(name)) loaded.set(name, load(name));
  return loaded.get(name) ?? null;
}

/** The word in the parts between which it may be broken; one part where neither its language nor its signs divide it. */
export function wordParts(word: string, language: string): string[] {
  const hyphenate = hyphenatorOf(language);
  return word
    .replace(WORD, (letters) => hyphenate?.(letters, { hyphenChar: SOFT_HYPHEN }) ?? letters)
    .replace(END_OF_PART, (signs) => signs + SOFT_HYPHEN)
    .split(SOFT_HYPHEN)
    .filter((part) => part !== "");
}

/** What is written at the end of a line behind `before` where `after` goes on with the same word. */
export function hyphenBetween(before: string, after: string): string {
  return SEPARATE.test(before.at(-1) ?? "") && SEPARATE.test(after.at(0) ?? "") ? "-" : "";
}
