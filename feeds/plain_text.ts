// Text of a feed as it may be shown and spoken: no markup, no control characters, no stray blanks.

import { Parser } from "htmlparser2";

/** Elements whose content is no text for people. */
const SILENT = new Set([
  "script",
  "style",
  "template",
  "noscript",
  "iframe",
  "object",
  "svg",
  "head",
  "title",
]);
/** Elements that end a word and a line. */
const BLOCKS = new Set(
  ("address article aside blockquote br dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol " +
    "p pre section table tbody td tfoot th thead tr ul").split(" "),
);

/** HTML to its text; lines where blocks end. Text without markup stays as it is, but for its entities. */
export function htmlToText(html: string): string {
  let text = "";
  let silent = 0;
  const parser = new Parser({
    onopentagname(name) {
      if (SILENT.has(name)) silent++;
      else if (BLOCKS.has(name)) text += "\n";
    },
    ontext(part) {
      if (silent === 0) text += part;
    },
    onclosetag(name) {
      if (SILENT.has(name)) silent--;
      else if (BLOCKS.has(name)) text += "\n";
    },
  }, { decodeEntities: true });
  parser.write(html);
  parser.end();
  return text;
}

/** One line: control and invisible formatting characters out, blanks as one. */
export function oneLine(text: string): string {
  return withoutControls(text).replace(/\s+/g, " ").trim();
}

/** Lines kept, at most one empty line between them. */
export function manyLines(text: string): string {
  return withoutControls(text)
    .split("\n")
    .map((line) => line.replace(/\s+/g, " ").trim())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function withoutControls(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, " ")
    .replace(/[\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/g, "");
}
