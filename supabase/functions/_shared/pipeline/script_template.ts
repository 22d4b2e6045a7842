// The quick script: a template with placeholders, from which whatever a product lacks goes with its phrase.

import { TEMPLATE_PLACEHOLDERS } from "../contracts/options.ts";
import { joinSentences } from "./speaking_time.ts";

export type TemplateValues = Record<(typeof TEMPLATE_PLACEHOLDERS)[number], string>;

type Piece = { text: string; value?: undefined } | { text?: undefined; value: string; isSentence: boolean };

/** What joins what is said of a thing: "… is made by {brand} and costs {price}". */
const AND = /^\s+(?:and|und|et|y|e|ed|și|şi|i|és|en|و)\s+(?=\S)/u;
/** Words that lead to a value without saying anything of the thing: where one of them begins, no verb is lost. */
const LEADS_ONLY = new RegExp(
  "^(?:by|from|for|at|with|in|now|only|just|von|für|um|zu|mit|ab|bei|nur|jetzt|de|par|à|pour|avec|dès|chez|por|a|con|" +
    "desde|solo|di|da|per|do|com|só|od|za|z|w|tylko|van|voor|met|nu|la|cu|pentru|doar|acum|csak|most)(?!\\p{L})",
  "iu",
);
/** Right behind a value, and right before it: quotation marks close with what others open with. */
const CLOSER = /^[”“„"«»‹›'’‘)\]]/u;
const OPENER = /[”“„"«»‹›'’‘([]$/u;

/** Fills a template; `""` is a missing value. A clause left with no value is dropped, never "by ." or "Now .". */
export function fillTemplate(template: string, values: TemplateValues): string {
  const sentences = template.split(/(?<=[.!?؟۔।។။])\s+|(?<=[。！？])\s*|\n+/u).map((sentence) =>
    fillSentence(sentence, values)
  );
  const said = sentences.filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
  // A line of its own is a sentence of its own.
  return joinSentences(said.map((sentence, at) => {
    return at === said.length - 1 || /[.!?:,;–—。！？؟۔।။][)"'”»]*$/u.test(sentence)
      ? sentence
      : `${sentence}.`;
  }));
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
  // French sets a space before "!" and "?".
  const gap = /\s$/.test(body) ? " " : "";
  return /[.!?。！？؟۔।។။]$/u.test(text) ? text : text + gap + end.trim();
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
    const next = pieces[at + 1]?.text;
    if (piece?.value === "") {
      // With the value go the words that led to it: " by " in "{title} by {brand}".
      const led = pieces[at - 1]?.text === undefined ? "" : kept.pop() ?? "";
      // And, where nothing stands before it, those that follow: " presents " in "{brand} presents {title}"; but not a
      // sentence behind one: "Now" in "{description} Now {price}".
      if (!hasValue && next !== undefined && !(piece.isSentence && /^\s+\p{Lu}/u.test(next))) at++;
      else if (hasValue) {
        if (CLOSER.test(led)) kept.push(led.match(CLOSER)?.[0] ?? "");
        const follows = behindGap(next ?? " ", { led, isSubjectFirst: Boolean(pieces[0]?.value) });
        if (next !== undefined) pieces[at + 1] = { text: follows };
        if (!/^(?:\s|$)/.test(follows)) kept.push(" ");
      }
      continue;
    }
    if (piece?.value !== undefined) hasValue = true;
    // "Is it a lamp? by Lumen": the sentence goes on behind the value.
    const isWithin = next !== undefined && /^\s+\p{Ll}/u.test(next);
    kept.push(
      isWithin && piece?.value ? piece.value.replace(/[!?]+$/, "") : piece?.value ?? piece?.text ?? "",
    );
  }
  return kept.join("");
}

/** What follows a value that is missing, fitted to what stands before it once the words that led there are gone. */
function behindGap(next: string, { led, isSubjectFirst }: { led: string; isSubjectFirst: boolean }): string {
  // The closing sign of a quotation or bracket that opened before the value; a genitive of it.
  const text = OPENER.test(led) ? next.replace(CLOSER, "") : next.replace(/^['’]s(?!\p{L})/u, "");
  // "{title} costs {price} and ships free": the verb went with the price, and the second one takes its place.
  const lostVerb = isSubjectFirst && led.trim() !== "" && !LEADS_ONLY.test(led.trim());
  return lostVerb ? text.replace(AND, " ") : text;
}
