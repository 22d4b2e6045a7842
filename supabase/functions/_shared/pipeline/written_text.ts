// The text as written and as said: tokens of the one with the places of the other that say them.

import { safeLocale } from "./speaking_time.ts";

/** Scripts that are written without spaces: their runs are parted at words, and no space stands between two of them. */
export const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** Signs behind which a run without spaces may be parted. */
const CLOSING = /[\p{Pe}\p{Pf}\p{Po}]$/u;
/** French sets a space behind them. */
const OPENING = /^[\p{Pi}\p{Ps}]+$/u;
const HAS_LETTER = /[\p{L}\p{N}]/u;
const LONGEST_TOKEN = 200;
/** Runs of signs that only decorate: nothing is lost where they are not shown. */
const DECORATION = /^(?:[_*|~=#•·]+|.{3,})$/u;

/** A token of the written text and the span of the spoken text that says it. */
export interface Token {
  text: string;
  from: number;
  to: number;
  /** Whether a space is written before it, where that is not as its script does it. */
  spaced?: boolean;
}

export interface WrittenText {
  /** What the voice is given. */
  spoken: string;
  tokens: Token[];
}

/** A token with its place in the written text. */
interface Placed extends Token {
  at: number;
  end: number;
}

/** Parts the written text into tokens and makes the spoken text from it, knowing which part says which token. */
export function toSpoken(
  written: string,
  { replacements, language }: { replacements: [string, string][]; language: string },
): WrittenText {
  let spoken = "";
  const tokens: Placed[] = [];
  let at = 0;
  while (at < written.length) {
    const next = nextReplacement(written.slice(at), replacements);
    const head = written.slice(at, next ? at + next.at : undefined);
    for (const token of tokensOf(head, language)) {
      const from = spoken.length + token.at;
      const place = at + token.at;
      tokens.push({
        text: token.text,
        from,
        to: from + token.text.length,
        at: place,
        end: place + token.text.length,
      });
    }
    spoken += head;
    at += head.length;
    if (!next) break;
    // A price is one token, whatever its signs are called.
    const to = spoken.length + next.spoken.length;
    tokens.push({ text: next.written, from: spoken.length, to, at, end: at + next.written.length });
    spoken += next.spoken;
    at += next.written.length;
    spoken += swallowedStop(next, written.slice(at));
  }
  return { spoken, tokens: joinFragments(tokens) };
}

/** "149,90 kr." at the end of a sentence has its full stop in the currency; "149,90 kroner" has not. */
function swallowedStop({ written, spoken }: { written: string; spoken: string }, rest: string): string {
  return written.endsWith(".") && !spoken.endsWith(".") && /^\s*(?:$|\s[^\p{Ll}])/u.test(rest) ? "." : "";
}

function nextReplacement(text: string, replacements: [string, string][]) {
  let best: { at: number; written: string; spoken: string } | null = null;
  for (const [written, spoken] of replacements) {
    let at = text.indexOf(written);
    // Never inside a longer number.
    while (
      at >= 0 && (/\d[.,]?$/.test(text.slice(0, at)) || /^[.,]?\d/.test(text.slice(at + written.length)))
    ) {
      at = text.indexOf(written, at + 1);
    }
    if (at >= 0 && (best === null || at < best.at)) best = { at, written, spoken };
  }
  return best;
}

/** Words between spaces; runs of scripts without spaces are parted at their words, but not from Latin that touches them. */
function tokensOf(text: string, language: string): { text: string; at: number }[] {
  const tokens: { text: string; at: number }[] = [];
  for (const match of text.matchAll(/\S+/gu)) {
    if (!UNSPACED.test(match[0])) {
      tokens.push({ text: match[0], at: match.index });
      continue;
    }
    let open = false;
    for (
      const { segment, index } of new Intl.Segmenter(safeLocale(language), { granularity: "word" }).segment(
        match[0],
      )
    ) {
      const last = tokens.at(-1);
      const before = last?.text.at(-1) ?? "";
      const isApart = UNSPACED.test(segment[0] ?? "") && (UNSPACED.test(before) || CLOSING.test(before));
      if (open && last && !isApart && HAS_LETTER.test(segment)) last.text += segment;
      else tokens.push({ text: segment, at: match.index + index });
      open = true;
    }
  }
  return tokens;
}

/** What holds no letter or digit ("." behind a price, "€", "&", "–") is shown with the token that it belongs to. */
function joinFragments(tokens: Placed[]): Token[] {
  const joined: Placed[] = [];
  let waiting = "";
  let waitingAt = 0;
  let waitingEnd = -1;
  for (const [index, token] of tokens.entries()) {
    const last = joined.at(-1);
    if (HAS_LETTER.test(token.text)) {
      const glue = waiting === "" || waitingEnd === token.at ? "" : " ";
      const at = waiting === "" ? token.at : waitingAt;
      joined.push({ ...token, at, text: waiting + glue + token.text });
      waiting = "";
      continue;
    }
    const next = tokens[index + 1];
    const touchesNext = next?.at === token.end;
    if (last && last.end === token.at && waiting === "") {
      last.text += token.text;
      last.end = token.end;
    } else if (
      touchesNext || (!last && !DECORATION.test(token.text)) || OPENING.test(token.text) ||
      opensNumber(token, { last, next })
    ) {
      if (waiting === "") waitingAt = token.at;
      waiting += token.text;
      waitingEnd = token.end;
    } else if (last && !DECORATION.test(token.text)) {
      last.text += ` ${token.text}`;
      last.end = token.end;
    }
  }
  return joined.map(({ text, from, to, at }, index) => {
    const token = { text: [...text].slice(0, LONGEST_TOKEN).join(""), from, to };
    const last = joined[index - 1];
    if (!last) return token;
    const spaced = at > last.end;
    const isUsual = spaced !== (UNSPACED.test(last.text.at(-1) ?? "") && UNSPACED.test(text[0] ?? ""));
    return isUsual ? token : { ...token, spaced };
  });
}

/** "€ 10" against "10 €". */
function opensNumber(
  token: Token,
  { last, next }: { last: Token | undefined; next: Token | undefined },
): boolean {
  return /^\p{Sc}$/u.test(token.text) && /^\d/.test(next?.text ?? "") && !/\d$/.test(last?.text ?? "");
}
