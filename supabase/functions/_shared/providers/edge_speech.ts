// Microsoft Edge's read-aloud over WebSocket: free, no key, with word boundaries. Its wire format is public knowledge only.

import type { ClientRequest, IncomingMessage } from "node:http";
import { z } from "zod";
import type { SpokenWord } from "../contracts/speech.ts";
import type { CallOptions, Speech, SpeechInput, SpeechProvider } from "../pipeline/ports.ts";
import { EDGE_VOICES } from "./edge_voices.ts";
import { mp3DurationS } from "./mp3.ts";
import { brokenOff, refusedByStatus } from "./speech_failure.ts";

const SERVICE = "Microsoft Edge read-aloud";
const ORIGIN = "wss://speech.platform.bing.com";
const PATH = "/consumer/speech/synthesize/readaloud/edge/v1";
/** The public token of every client, and the browser version that goes with it. */
const CLIENT_TOKEN = "6A5AA1D4EAFF4E9FB37E23D68491D6F4";
const EDGE_VERSION = "143.0.3650.75";
const HEADERS = {
  origin: "chrome-extension://jdiccldimpdaibmpdkjnbmckianbfold",
  "user-agent": `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${
    EDGE_VERSION.split(".")[0]
  }.0.0.0 Safari/537.36 Edg/${EDGE_VERSION.split(".")[0]}.0.0.0`,
};
const OUTPUT_FORMAT = "audio-24khz-48kbitrate-mono-mp3";
/** Seconds from 1601 to 1970: Windows counts time from the former. */
const WINDOWS_EPOCH_S = 11_644_473_600;
/** Offsets come in units of 100 ns. */
const TICKS_PER_S = 10_000_000;
/** A recording larger than this is nobody's voiceover (bytes). */
const MAX_AUDIO_BYTES = 8_000_000;

const Boundaries = z.object({
  Metadata: z.array(z.object({
    Type: z.string(),
    Data: z.object({
      Offset: z.number().optional(),
      Duration: z.number().optional(),
      text: z.object({ Text: z.string() }).optional(),
    }),
  })),
});

/** `Sec-MS-GEC`: SHA-256 over the time, down to five minutes, and the token, in upper-case hex. */
export async function securityToken(nowMs: number): Promise<string> {
  const seconds = Math.floor(nowMs / 1000) + WINDOWS_EPOCH_S;
  const ticks = BigInt(seconds - (seconds % 300)) * BigInt(TICKS_PER_S);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${ticks}${CLIENT_TOKEN}`));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")
    .toUpperCase();
}

function hexId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

const XML: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/** Text that no markup can break out of. */
function escapeXml(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, " ").replace(
    /[&<>"']/g,
    (sign) => XML[sign]!,
  );
}

function ssml(input: SpeechInput, voice: string): string {
  const language = /^[a-z]{2,3}-[A-Z]{2}/.exec(voice)?.[0] ?? "en-US";
  return `<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="${language}">` +
    `<voice name="${escapeXml(voice)}"><prosody pitch="+0Hz" rate="+0%" volume="+0%">${
      escapeXml(input.text)
    }` +
    `</prosody></voice></speak>`;
}

function message(path: string, options: { type: string; body: string }): string {
  return `X-RequestId:${hexId()}\r\nContent-Type:${options.type}\r\n` +
    `X-Timestamp:${new Date().toISOString()}\r\nPath:${path}\r\n\r\n${options.body}`;
}

const CONFIGURATION = JSON.stringify({
  context: {
    synthesis: {
      audio: {
        metadataoptions: { sentenceBoundaryEnabled: "false", wordBoundaryEnabled: "true" },
        outputFormat: OUTPUT_FORMAT,
      },
    },
  },
});

/** What has been heard so far; `done` once `turn.end` came. */
interface Recording {
  chunks: Uint8Array[];
  size: number;
  words: SpokenWord[];
  done: boolean;
}

function takeText(recording: Recording, frame: string): void {
  const [head = "", ...rest] = frame.split("\r\n\r\n");
  const path = /^Path:\s*(\S+)/im.exec(head)?.[1];
  if (path === "turn.end") recording.done = true;
  if (path !== "audio.metadata") return;
  for (const { Type, Data } of Boundaries.parse(JSON.parse(rest.join("\r\n\r\n"))).Metadata) {
    if (Type !== "WordBoundary" || Data.Offset === undefined || !Data.text) continue;
    const start_s = Data.Offset / TICKS_PER_S;
    recording.words.push({
      text: Data.text.Text,
      start_s,
      end_s: start_s + (Data.Duration ?? 0) / TICKS_PER_S,
    });
  }
}

/** A binary frame: the header's length in two bytes, the header, then audio. */
function takeAudio(recording: Recording, frame: Uint8Array): void {
  if (frame.length < 2) throw new Error("a binary frame without a header");
  const headerEnd = 2 + new DataView(frame.buffer, frame.byteOffset).getUint16(0);
  if (!/^Path:\s*audio\b/im.test(new TextDecoder().decode(frame.subarray(2, headerEnd)))) return;
  const audio = frame.slice(headerEnd);
  recording.size += audio.length;
  if (recording.size > MAX_AUDIO_BYTES) throw new Error("the recording is too large");
  recording.chunks.push(audio);
}

async function synthesize(url: string, options: { body: string; signal: AbortSignal }): Promise<Recording> {
  // Deno's own WebSocket takes no headers on the edge runtime's level; this one does.
  const { WebSocket } = await import("ws");
  const recording: Recording = { chunks: [], size: 0, words: [], done: false };
  const ended = Promise.withResolvers<void>();
  const socket = new WebSocket(url, { headers: HEADERS, perMessageDeflate: false });
  const abort = () => ended.reject(options.signal.reason);
  options.signal.addEventListener("abort", abort, { once: true });
  if (options.signal.aborted) abort();
  socket.on("unexpected-response", (_request: ClientRequest, response: IncomingMessage) => {
    const retryAfter = response.headers["retry-after"] ?? null;
    ended.reject(refusedByStatus(SERVICE, { status: response.statusCode ?? 500, retryAfter }));
  });
  socket.on("open", () => {
    socket.send(message("speech.config", { type: "application/json; charset=utf-8", body: CONFIGURATION }));
    socket.send(message("ssml", { type: "application/ssml+xml", body: options.body }));
  });
  socket.on("message", (data: Uint8Array, isBinary: boolean) => {
    try {
      if (isBinary) takeAudio(recording, new Uint8Array(data));
      else takeText(recording, new TextDecoder().decode(data));
      if (recording.done) ended.resolve();
    } catch (error) {
      ended.reject(error);
    }
  });
  socket.on("error", (error: Error) => ended.reject(error));
  socket.on("close", (code: number) => ended.reject(new Error(`closed (${code}) before turn.end`)));
  try {
    await ended.promise;
    return recording;
  } finally {
    options.signal.removeEventListener("abort", abort);
    socket.terminate();
  }
}

/** The read-aloud voices; `origin` (ws, wss, http or https) stands for the service's own. */
export function createEdgeSpeech(options: { origin?: string | null } = {}): SpeechProvider {
  const origin = (options.origin ?? ORIGIN).replace(/^http/, "ws");
  const defaultVoice = (language: string) =>
    EDGE_VOICES[language.toLowerCase().split(/[-_]/)[0] ?? ""] ?? null;

  async function speak(input: SpeechInput, call: CallOptions): Promise<Speech> {
    const voice = input.voice ?? defaultVoice(input.language) ?? EDGE_VOICES.en!;
    const url = new URL(PATH, origin);
    url.searchParams.set("TrustedClientToken", CLIENT_TOKEN);
    url.searchParams.set("Sec-MS-GEC", await securityToken(Date.now()));
    url.searchParams.set("Sec-MS-GEC-Version", `1-${EDGE_VERSION}`);
    url.searchParams.set("ConnectionId", hexId());
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(call.timeoutMs)]);
    let recording: Recording;
    try {
      recording = await synthesize(url.href, { body: ssml(input, voice), signal });
    } catch (error) {
      call.signal.throwIfAborted();
      throw error instanceof Error && error.name === "JobFailure" ? error : brokenOff(SERVICE, error);
    }
    const audio = new Uint8Array(recording.size);
    recording.chunks.reduce((at, chunk) => (audio.set(chunk, at), at + chunk.length), 0);
    const duration_s = mp3DurationS(audio);
    if (duration_s === 0) throw brokenOff(SERVICE, new Error("no audio came"));
    return { audio, format: "mp3", duration_s, words: recording.words, voice };
  }

  return { defaultVoice, speaks: (language) => defaultVoice(language) !== null, speak };
}
