// What a voice gives back: the recording, and the span of each token in it.

import type { SpokenWord } from "../../supabase/functions/_shared/contracts/speech.ts";
import type { Token } from "./tokens.ts";
import { joinSamples, type Recording } from "./wav.ts";

export interface Spoken {
  recording: Recording;
  /** By token: from and to in seconds; null where nothing of it is heard by itself. */
  spans: ([number, number] | null)[];
}

/** Parts that were spoken one by one, all at one sample rate, as one. */
export function joinSpoken(parts: readonly Spoken[]): Spoken {
  const sampleRate = parts[0]?.recording.sampleRate ?? 16_000;
  let offset = 0;
  const spans = parts.flatMap((part) => {
    const start = offset;
    offset += part.recording.samples.length / sampleRate;
    return part.spans.map((span): [number, number] | null => span && [span[0] + start, span[1] + start]);
  });
  return {
    recording: { samples: joinSamples(parts.map((part) => part.recording.samples)), sampleRate },
    spans,
  };
}

/** Words in order, none before the end of the last. */
export function wordsOf(tokens: readonly Token[], { recording, spans }: Spoken): SpokenWord[] {
  const length = recording.samples.length / recording.sampleRate;
  let end = 0;
  return groupBySpan(tokens, spans).flatMap(({ texts, span }) => {
    const start_s = Math.min(length, Math.max(end, span[0]));
    end = Math.min(length, Math.max(start_s, span[1]));
    return shareOut(texts, { start_s, end_s: end }).flatMap(splitUnspaced);
  });
}

/** A spoken token without a span of its own is heard in the one before: a voice may join "de la". */
function groupBySpan(
  tokens: readonly Token[],
  spans: Spoken["spans"],
): { texts: string[]; span: [number, number] }[] {
  const groups: { texts: string[]; span: [number, number] }[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.spoken === "") continue;
    const span = spans[index] ?? null;
    const last = groups.at(-1);
    if (span || !last) groups.push({ texts: [token.text], span: span ?? [0, 0] });
    else last.texts.push(token.text);
  }
  return groups;
}

/** Each text's part of a span, by its length in code points. */
function shareOut(texts: readonly string[], span: { start_s: number; end_s: number }): SpokenWord[] {
  const letters = texts.reduce((sum, text) => sum + [...text].length, 0);
  const at = (count: number) => span.start_s + (span.end_s - span.start_s) * (count / letters);
  let before = 0;
  return texts.map((text) => {
    const start = before;
    before += [...text].length;
    return { text, start_s: milliseconds(at(start)), end_s: milliseconds(at(before)) };
  });
}

const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Scripts without spaces: the words inside. */
function splitUnspaced(word: SpokenWord): SpokenWord[] {
  if (!UNSPACED.test(word.text)) return [word];
  const parts: string[] = [];
  for (
    const { segment, isWordLike } of new Intl.Segmenter("ja", { granularity: "word" }).segment(word.text)
  ) {
    // Punctuation stays with the word before it.
    if (isWordLike || parts.length === 0) parts.push(segment);
    else parts[parts.length - 1] += segment;
  }
  return shareOut(parts, word);
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
