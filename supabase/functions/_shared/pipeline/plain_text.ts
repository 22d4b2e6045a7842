// Product text is untrusted: what is drawn, spoken or put before an AI is cleaned and capped here.

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/** Text to be drawn: no markup nor control characters, one line, capped at `max` UTF-16 units between characters. */
export function drawable(text: string, max: number): string {
  // Signs that turn what follows round would turn the rest of the line; the layout knows the direction by itself.
  const plain = unmarked(text).replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
  // deno-lint-ignore no-control-regex
  const line = plain.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").replace(/\p{Cs}/gu, "")
    .replace(/\s+/g, " ").trim();
  if (line.length <= max) return line;
  let cut = "";
  for (const { segment } of new Intl.Segmenter().segment(line.slice(0, max + 16))) {
    if (cut.length + segment.length > max) break;
    cut += segment;
  }
  return cut;
}

/** Of a longer text the rest is not looked at. */
export const LONGEST_TEXT = 12_000;
/** Runs are shortened before any pattern looks for what stands around them: each of their places would be tried. */
const SPACES = /\s+/g;

/** What ends a line of its own: in a description no full stop stands there. */
const BLOCK_END =
  /<(?:br|hr|\/?(?:p|div|li|ul|ol|dl|dt|dd|h[1-6]|tr|table|section|article|blockquote))\b[^<>]*>/gi;
const BULLETS = /[•●▪■►✓✔★☆]/g;
const SENTENCE_SIGN = /[.!?:;,…。！？；：，、؟۔।။–—-][)"'”»]*$/u;

/** A description to be spoken: paragraphs, lines and points of a list become sentences. */
export function speakableProse(text: string, max: number): string {
  const decoded = decodeEntities(text.slice(0, LONGEST_TEXT))
    .replace(SPACES, (run) => run.includes("\n") ? "\n" : " ");
  // In markup a line's end is a space; elsewhere a line that was only wrapped goes on in a small letter.
  const wraps = decoded.search(BLOCK_END) >= 0 ? /\n/g : /\n(?=\p{Ll})/gu;
  const lines = decoded.replace(wraps, " ").replace(BLOCK_END, "\n").replace(BULLETS, "\n").split("\n");
  const said = lines.map((line) => speakable(line.replace(/^\s?[-–—*]+\s/, ""), max))
    .filter((line) => /[\p{L}\p{N}]/u.test(line));
  const last = said.length - 1;
  const sentences = said.map((line, at) => at === last || SENTENCE_SIGN.test(line) ? line : `${line}.`);
  return shorten(sentences.join(" "), max);
}

/** Text to be spoken: also no markup, emoji, addresses, nor signs that a voice would spell out or stumble over. */
export function speakable(text: string, max: number): string {
  const words = unmarked(text)
    // A shop's own address is said by its name; one with a path is for nobody's ears.
    .replace(
      /(?<![\p{L}\p{N}])(?:https?:\/\/(?:www\.)?|www\.)([^\s/?#<>"]*)(\S*)/giu,
      (_all, host: string, path: string) =>
        /^\/?[.,!?)]*$/.test(path) ? `${host}${path.replace("/", "")}` : " ",
    )
    .replace(
      /[\p{Extended_Pictographic}\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}\ufe0e\ufe0f\u200d\u20e3]/gu,
      (sign) => /[©®™]/.test(sign) ? "" : " ",
    )
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}]/gu, (sign) => /[\u200c\u200d]/.test(sign) ? sign : " ")
    .replace(SPACES, " ")
    .replace(/(?<=[\p{L}\p{N}\p{Pe}\p{Sc}%])\s*\|+\s*(?=[\p{L}\p{N}\p{Ps}\p{Sc}])/gu, ", ")
    .replace(/[<>{}[\]\\^`~|*_#=•●▪■►★☆✓✔]+/g, " ")
    .replace(/-{2,}|[–—]{2,}/g, " – ")
    .replace(/\.{2,}|…/g, ".")
    .replace(/([!?])[!?]+/g, "$1")
    .replace(SPACES, " ")
    .replace(/ ([,.])/g, "$1").trim();
  return shorten(words, max);
}

/** Cuts at the last word that fits; scripts without spaces are cut between characters. */
export function shorten(text: string, max: number): string {
  const characters = [...text];
  if (characters.length <= max) return text;
  const head = characters.slice(0, max).join("");
  const space = head.search(/\s\S*$/);
  const cut = space > max * 0.5 ? head.slice(0, space) : head;
  return cut.replace(/[\s,;:–—(/&+-]+$/u, "");
}

/** Without tags and entities. Tags may be written in entities, and those in entities again. */
function unmarked(text: string): string {
  let plain = withoutMarkup(text.slice(0, LONGEST_TEXT).replace(SPACES, " "));
  for (let times = 0; times < 3; times++) {
    const decoded = decodeEntities(plain);
    if (decoded === plain) break;
    plain = withoutMarkup(decoded);
  }
  return plain;
}

function withoutMarkup(text: string): string {
  return text.replace(/<(script|style)\b[^<>]*>[\s\S]*?<\/\1\s*>/gi, " ").replace(
    /<\/?[a-zA-Z!?][^<>]*>/g,
    " ",
  );
}

function decodeEntities(text: string): string {
  return text.replace(
    /&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,6});/gi,
    (all, name: string) => decodeEntity(name) ?? all,
  );
}

function decodeEntity(name: string): string | null {
  if (!name.startsWith("#")) return ENTITIES[name.toLowerCase()] ?? null;
  const code = /^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
  return code > 31 && code < 0x11_0000 && !(code >= 0xd800 && code <= 0xdfff)
    ? String.fromCodePoint(code)
    : " ";
}
