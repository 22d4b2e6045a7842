// The messages of Edge read-aloud: what is sent after the handshake, and what comes back.

import type { SpokenWord } from "../contracts/speech.ts";

const FORMAT = "audio-24khz-48kbitrate-mono-mp3";
const UNITS_PER_S = 1e7;

/** 32 hex digits. */
export function hexId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/** The first message: MP3, and a time for every word. */
export function configMessage(): string {
  const options = { sentenceBoundaryEnabled: "false", wordBoundaryEnabled: "true" };
  const config = { context: { synthesis: { audio: { metadataoptions: options, outputFormat: FORMAT } } } };
  return `X-RequestId:${hexId()}\r\nX-Timestamp:${new Date().toISOString()}\r\n` +
    `Content-Type:application/json; charset=utf-8\r\nPath:speech.config\r\n\r\n${JSON.stringify(config)}`;
}

/** The second message: the text, of which nothing is markup. */
export function ssmlMessage({ text, voice }: { text: string; voice: string }): string {
  const language = voice.match(/^[a-z]{2,3}-[A-Z]{2}/)?.[0] ?? "en-US";
  const ssml = `<speak version='1.0' xmlns='http://www.w3.org/2001/10/synthesis' xml:lang='${language}'>` +
    `<voice name='${escapeXml(voice)}'><prosody pitch='+0Hz' rate='+0%' volume='+0%'>${escapeXml(text)}` +
    `</prosody></voice></speak>`;
  return `X-RequestId:${hexId()}\r\nContent-Type:application/ssml+xml\r\n` +
    `X-Timestamp:${new Date().toISOString()}Z\r\nPath:ssml\r\n\r\n${ssml}`;
}

/** Header lines by lower-case name, and what follows them. */
export function readText(message: string): { path: string; body: string } {
  const end = message.search(/\r?\n\r?\n/);
  const head = end < 0 ? message : message.slice(0, end);
  return {
    path: head.match(/^Path:\s*(\S+)/mi)?.[1]?.toLowerCase() ?? "",
    body: end < 0 ? "" : message.slice(end).trim(),
  };
}

/** The audio of a binary message; null where it carries something else. */
export function readAudio(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < 2) throw new Error("a binary message without a header");
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint16(0);
  if (headerLength + 2 > bytes.length) throw new Error("a binary message that is shorter than its header");
  const header = new TextDecoder().decode(bytes.subarray(2, 2 + headerLength));
  return /Path:\s*audio\b/i.test(header) ? bytes.slice(2 + headerLength) : null;
}

/** The words of an `audio.metadata` message. */
export function readMetadata(body: string): SpokenWord[] {
  const items: unknown = JSON.parse(body)?.Metadata;
  if (!Array.isArray(items)) throw new Error("metadata without its list");
  return items.filter((item) => item?.Type === "WordBoundary").map(({ Data }) => {
    const [offset, duration] = [Number(Data?.Offset), Number(Data?.Duration)];
    if (!(offset >= 0 && duration >= 0)) throw new Error("a word without its time");
    return {
      text: unescapeXml(String(Data?.text?.Text ?? "")),
      start_s: offset / UNITS_PER_S,
      end_s: (offset + duration) / UNITS_PER_S,
    };
  });
}

/** Also without the characters that XML has no place for: the service ends the call over one of them. */
function escapeXml(text: string): string {
  const names: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "'": "&apos;",
    '"': "&quot;",
  };
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu, " ")
    .replace(/[&<>'"]/g, (sign) => names[sign] ?? sign);
}

function unescapeXml(text: string): string {
  const signs: Record<string, string> = { amp: "&", lt: "<", gt: ">", apos: "'", quot: '"' };
  return text.replace(/&(amp|lt|gt|apos|quot);/g, (_all, name: string) => signs[name] ?? "");
}
