// Direction of a page's words where it runs from right to left: each word is drawn by itself, and must stand and be
// turned as the bidirectional algorithm (Unicode 9) would have it in the whole sentence.

import { isRightToLeft } from "./text.ts";

const OWN_LETTER = /[\p{Script=Hebrew}\p{Script=Arabic}]/u;
const LETTER = /\p{L}/u;
const DIGIT = /\p{N}/u;

/** Which words of a right-to-left page run from left to right as one: those of other letters, and what lies between. */
export function foreignWords(texts: string[]): boolean[] {
  // A number behind a foreign word belongs to it ("Air Max 90"), behind one of the page's own it stands alone.
  let foreign = false;
  const found = texts.map((text) => {
    const isSign = !LETTER.test(text) && !DIGIT.test(text);
    if (isSign) return null;
    if (LETTER.test(text)) foreign = !OWN_LETTER.test(text);
    return foreign;
  });
  return found.map((is, at) => {
    if (is !== null) return is;
    const next = found.slice(at + 1).find((each) => each !== null);
    return Boolean(found.slice(0, at).findLast((each) => each !== null)) && Boolean(next);
  });
}

const SENTENCE_MARK = /[.,!?:;…،؛؟]$/;
/** A bracket whose partner is in another word, or a number's sign: turned round it would stand on the wrong end. */
const OPEN_OR_SIGNED = /^[([{][^)\]}]*$|^[^([{]*[)\]}]|^[-+−]/u;

/** Whether a word is drawn from right to left: its own letters do, or the stop behind it stands on the page's side. */
export function isTurned(
  texts: string[],
  { index, isForeign, line }: { index: number; isForeign: boolean[] | null; line: number[] },
): boolean {
  const text = texts[index]!;
  if (!isForeign || OWN_LETTER.test(text)) return isRightToLeft(text);
  // Between two foreign words a mark is foreign; and one behind several of them stands by the last one's letters.
  const isMarkForeign = isForeign[index + 1] || (isForeign[index - 1] && line.includes(index - 1));
  if ((isForeign[index] && isMarkForeign) || OPEN_OR_SIGNED.test(text)) return false;
  return SENTENCE_MARK.test(text) || (/\p{Sc}/u.test(text) && !LETTER.test(text));
}
