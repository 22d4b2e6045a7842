// The words of a text as they stand in it, and the form in which a voice is given each.

/** One word as written, and as the voice is given it ("" where there is nothing to say). */
export interface Token {
  text: string;
  spoken: string;
}

const EMOJI = /[\p{Extended_Pictographic}\p{Regional_Indicator}\u{1F3FB}-\u{1F3FF}\u200D\uFE0F\u20E3]/gu;
const HAS_SOUND = /[\p{L}\p{N}%$€£¥&+@]/u;

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
