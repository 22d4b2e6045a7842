// The quick script: a template with placeholders, from which whatever a product lacks goes with its phrase.

import { TEMPLATE_PLACEHOLDERS } from "../contracts/options.ts";

export type TemplateValues = Record<(typeof TEMPLATE_PLACEHOLDERS)[number], string>;

type Piece = { text: string; value?: undefined } | { text?: undefined; value: string; isSentence: boolean };

/** Fills a template; `""` is a missing value. A clause left with no value is dropped, never "by ." or "Now .". */
export function fillTemplate(template: string, values: TemplateValues): string {
  const sentences = template.split(/(?<=[.!?。！？؟۔।។။])\s+|\n+/u).map((sentence) =>
    fillSentence(sentence, values)
  );
  return sentences.filter((sentence) => /[\p{L}\p{N}]/u.test(sentence)).join(" ");
}

function fillSentence(sentence: string, values: TemplateValues): string {
  const end = sentence.match(/[.!?。！？؟۔।។။]+\s*$/u)?.[0] ?? "";
  const body = sentence.slice(0, sentence.length - end.length);
  // Commas, dashes, bars and brackets part clauses; a colon does so only behind a value ("Price: {price}" is one).
  const parts = body.split(/(\s*[,;|()]\s*|\s+[-–—]\s+|(?<=\})\s*:\s*)/u);
  let filled = "";
  let dropped = false;
  for (let at = 0; at < parts.length; at += 2) {
    const clause = fillClause(parts[at] ?? "", values);
    const separator = at === 0 ? "" : parts[at - 1] ?? "";
    if (clause === null) {
      dropped = true;
      if (separator.includes("(")) parts[at + 1] = " ";
      continue;
    }
    filled += filled === "" && separator.trim() !== "(" ? clause : separator + clause;
  }
  let text = filled.replace(/\(\s*\)/g, "").replace(/\s+/g, " ").trim();
  if (dropped) text = text.replace(/^[\s,;:|–—-]+|[\s,;:|–—-]+$/gu, "");
  if (text === "") return "";
  const first = sentence.trimStart()[0] ?? "";
  if (dropped && first !== first.toLowerCase()) text = text[0]?.toUpperCase() + text.slice(1);
  return /[.!?。！？؟۔।។။]$/u.test(text) ? text : text + end.trim();
}

/** Null where the clause named values and all of them are missing. */
function fillClause(clause: string, values: TemplateValues): string | null {
  const pieces: Piece[] = clause.split(/(\{[a-z]+\})/).filter((part) => part !== "").map((part) => {
    const name = part.slice(1, -1) as keyof TemplateValues;
    return /^\{[a-z]+\}$/.test(part) && TEMPLATE_PLACEHOLDERS.includes(name)
      ? { value: values[name], isSentence: name === "description" }
      : { text: part };
  });
  const named = pieces.filter((piece) => piece.value !== undefined);
  if (named.length === 0) return clause;
  if (named.every((piece) => piece.value === "")) return null;
  const kept: string[] = [];
  let hasValue = false;
  for (let at = 0; at < pieces.length; at++) {
    const piece = pieces[at];
    if (piece?.value === "") {
      // With the value go the words that led to it: " by " in "{title} by {brand}".
      if (pieces[at - 1]?.text !== undefined) kept.pop();
      // And, where nothing stands before it, those that follow: " presents " in "{brand} presents {title}"; but not a
      // sentence behind one: "Now" in "{description} Now {price}".
      const next = pieces[at + 1]?.text;
      if (!hasValue && next !== undefined && !(piece.isSentence && /^\s+\p{Lu}/u.test(next))) at++;
      else if (hasValue && !/^\s/.test(pieces[at + 1]?.text ?? " ")) kept.push(" ");
      continue;
    }
    if (piece?.value !== undefined) hasValue = true;
    kept.push(piece?.value ?? piece?.text ?? "");
  }
  return kept.join("");
}
