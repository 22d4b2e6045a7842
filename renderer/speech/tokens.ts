// The words of a text as they stand in it, and the form in which a voice is given each.

/** One word as written, and as the voice is given it ("" where there is nothing to say). */
export interface Token {
  text: string;
  spoken: string;
}

const EMOJI = /[\p{Extended_Pictographic}\p{Regional_Indicator}\u{1F3FB}-\u{1F3FF}\u200D\uFE0F\u20E3]/gu;
const HAS_SOUND = /[\p{L}\p{N}%$€£¥&+@]/u;

/** Of a longer "word" (an address, junk) the rest is not spoken; scripts without spaces are not English's. */
const MAX_SPOKEN_ENGLISH = 60;

/** Splits at white space; emoji and lone punctuation are not spoken, but what ends a sentence or clause is heeded. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let heard: Token | undefined;
  for (const word of text.normalize("NFC").split(/\s+/u).filter(Boolean)) {
    // deno-lint-ignore no-control-regex
    const spoken = word.replace(EMOJI, "").replace(/[\u0000-\u001f\u007f<>]/g, "");
    const token = { text: word, spoken: HAS_SOUND.test(spoken) ? spoken : "" };
    // French sets a space before them.
    if (/^[!?;:]$/.test(spoken) && heard && /[\p{L}\p{N}]$/u.test(heard.spoken)) heard.spoken += spoken;
    if (token.spoken !== "") heard = token;
    tokens.push(token);
  }
  return tokens;
}

/** English without the letters that its voice skips: "Café" is read "Cafe". */
export function toPlainEnglish(word: string): string {
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
    .slice(0, MAX_SPOKEN_ENGLISH);
}
