// Whether a script is in the language that was asked for: what is surely another one is written anew.

import { baseLanguage } from "../money.ts";

/** The commonest words of the languages on offer: no text of some sentences is without them. */
const COMMON_WORDS: Record<string, string> = {
  en: "the and is it you your for with to of this that are on in at",
  ro: "și în de la cu o un este pentru din pe care mai sau ai îți al acum",
  de: "der die das und ist mit für ein eine den auf zu sie von im nicht",
  fr: "le la les et est un une pour avec de des vous du en dans votre",
  es: "el la los y es un una para con de que tu en del por las",
  it: "il la e è un una per con di che tuo in del per gli della",
  pt: "o a os e é um uma para com de que seu em do da não",
  pl: "i jest z do na to w się nie dla twój od po za ten",
  hu: "a az és egy ez hogy nem van már csak most meg a legjobb",
  nl: "de het een en is met voor van je op in dat niet zijn te",
};
/** So many of another language's, and so few of its own: it is that other one. */
const SURE_COUNT = 5;
const SURE_RATIO = 3;

const SCRIPTS: Record<string, RegExp> = {
  Latn: /\p{Script=Latin}/u,
  Cyrl: /\p{Script=Cyrillic}/u,
  Grek: /\p{Script=Greek}/u,
  Arab: /\p{Script=Arabic}/u,
  Hebr: /\p{Script=Hebrew}/u,
  Jpan: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u,
  Hans: /\p{Script=Han}/u,
  Hant: /\p{Script=Han}/u,
  Kore: /\p{Script=Hangul}/u,
  Thai: /\p{Script=Thai}/u,
  Deva: /\p{Script=Devanagari}/u,
};
/** Written in two scripts: either is right. */
const TWO_SCRIPTS = ["sr", "bs", "az", "uz", "kk", "ky", "tg", "mn", "pa", "ku", "sd"];
/** Names in other letters are part of any text. */
const OWN_LETTERS_SHARE = 0.3;

/** Whether a text is surely no text of this language: by its letters, or by its commonest words. */
export function isOtherLanguage(text: string, language: string): boolean {
  const own = baseLanguage(language);
  const script = TWO_SCRIPTS.includes(own)
    ? undefined
    : SCRIPTS[new Intl.Locale(language).maximize().script ?? ""];
  const letters = text.match(/\p{L}/gu) ?? [];
  if (script && letters.filter((letter) => script.test(letter)).length < letters.length * OWN_LETTERS_SHARE) {
    return true;
  }
  const said = text.toLowerCase().normalize("NFC").match(/[\p{L}\p{M}]+/gu) ?? [];
  if (!(own in COMMON_WORDS)) return false;
  const counts = Object.entries(COMMON_WORDS).map(([name, list]) => {
    const words = new Set(list.split(" "));
    return { name, count: said.filter((word) => words.has(word)).length };
  });
  const mine = counts.find(({ name }) => name === own)?.count ?? 0;
  const most = Math.max(...counts.map(({ count }) => count));
  return most >= SURE_COUNT && most > SURE_RATIO * mine;
}
