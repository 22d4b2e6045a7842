// Microsoft Edge read-aloud over its WebSocket: MP3 and the time of every word.

import type WebSocketType from "ws";
import { JobFailure } from "../contracts/jobs.ts";
import type { SpokenWord } from "../contracts/speech.ts";
import type { CallOptions, Speech, SpeechInput, SpeechProvider } from "../pipeline/ports.ts";
import { mp3Seconds } from "./mp3.ts";
import { providerFailure } from "./provider_failure.ts";
import { edgeVoice } from "./voices.ts";

const ORIGIN = "wss://speech.platform.bing.com";
const PATH = "/consumer/speech/synthesize/readaloud/edge/v1";
/** Public: every copy of the browser has it. */
const CLIENT_TOKEN = "6A5AA1D4EAFF4E9FB37E23D68491D6F4";
const EDGE_VERSION = "143.0.3650.75";
const EXTENSION = "chrome-extension://jdiccldimpdaibmpdkjnbmckianbfold";
const USER_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " +
  "Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0";
const FORMAT = "audio-24khz-48kbitrate-mono-mp3";
const REFUSED = "The voice service refused this text or voice.";
const UNITS_PER_S = 1e7;
/** Seconds from 1601 to 1970: the service counts from there. */
const WINDOWS_EPOCH_S = 11_644_473_600n;

/** `origin` stands for the service's own; http(s) and ws(s) are taken. */
export function createEdgeSpeech(config: { origin: string | null }): SpeechProvider {
  const origin = (config.origin ?? ORIGIN).replace(/^http/, "ws").replace(/\/+$/, "");
  return {
    defaultVoice: edgeVoice,
    speaks: (language) => edgeVoice(language) !== null,
    async speak(input, call) {
      const voice = input.voice ?? edgeVoice(input.language) ?? edgeVoice("en") ?? "";
      const { default: WebSocket } = await import("ws");
      call.signal.throwIfAborted();
      const socket = new WebSocket(await address(origin), {
        headers: {
          origin: EXTENSION,
          "user-agent": USER_AGENT,
          pragma: "no-cache",
          "cache-control": "no-cache",
        },
      });
      return await converse(socket, { ...input, voice }, call);
    },
  };
}

async function address(origin: string): Promise<string> {
  const seconds = BigInt(Math.floor(Date.now() / 1000)) + WINDOWS_EPOCH_S;
  const ticks = (seconds - seconds % 300n) * 10_000_000n;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${ticks}${CLIENT_TOKEN}`));
  const proof = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("")
    .toUpperCase();
  const query = new URLSearchParams({
    TrustedClientToken: CLIENT_TOKEN,
    "Sec-MS-GEC": proof,
    "Sec-MS-GEC-Version": `1-${EDGE_VERSION}`,
    ConnectionId: hexId(),
  });
  return `${origin}${PATH}?${query}`;
}

/** Speaks the protocol to its `turn.end`; whatever ends before that is a failure. */
function converse(
  socket: WebSocketType,
  input: SpeechInput & { voice: string },
  call: CallOptions,
): Promise<Speech> {
  const chunks: Uint8Array[] = [];
  const words: SpokenWord[] = [];
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      finish();
      reject(error);
    };
    const broken = (reason: string) =>
      fail(providerFailure("voiceover_failed", { cause: new Error(`edge: ${reason}`) }));
    const onAbort = () => fail(call.signal.reason);
    const timer = setTimeout(() => broken(`no speech within ${call.timeoutMs} ms`), call.timeoutMs);
    call.signal.addEventListener("abort", onAbort, { once: true });
    function finish() {
      clearTimeout(timer);
      call.signal.removeEventListener("abort", onAbort);
      // Late events of a socket that is being closed have nobody to tell.
      socket.removeAllListeners();
      socket.on("error", () => {});
      socket.terminate();
    }
    socket.on("open", () => {
      socket.send(configMessage());
      socket.send(ssmlMessage(input));
    });
    socket.on(
      "unexpected-response",
      (_request: unknown, response: HandshakeRefusal) => fail(refusedHandshake(response)),
    );
    socket.on("error", (error: Error) => broken(error.message));
    socket.on("close", (code: number, reason: unknown) => {
      const text = String(reason ?? "").slice(0, 200);
      // 1007: the service refuses the voice or the text.
      if (code === 1007) fail(new JobFailure("voiceover_failed", REFUSED, { cause: new Error(text) }));
      else broken(`closed before its end (${code} ${text})`);
    });
    socket.on("message", (data: unknown, isBinary: boolean) => {
      try {
        const bytes = toBytes(data);
        if (isBinary) return void pushAudio(chunks, bytes);
        const text = new TextDecoder().decode(bytes);
        if (/^Path:\s*audio\.metadata/mi.test(text)) words.push(...readMetadata(text));
        else if (/^Path:\s*turn\.end/mi.test(text)) {
          const speech = toSpeech({ chunks, words, voice: input.voice });
          finish();
          resolve(speech);
        }
      } catch (error) {
        broken(error instanceof Error ? error.message : String(error));
      }
    });
  });
}

interface HandshakeRefusal {
  statusCode?: number;
  headers: Record<string, string | string[] | undefined>;
}

/** 403 is how the service answers a clock that is off or a burst of calls: both pass. */
function refusedHandshake({ statusCode: status = 0, headers }: HandshakeRefusal): JobFailure {
  const header = headers["retry-after"];
  return providerFailure("voiceover_failed", {
    status: status === 403 ? 503 : status,
    retryAfter: typeof header === "string" ? header : null,
    cause: new Error(`edge: ${status}`),
  });
}

function configMessage(): string {
  const options = { sentenceBoundaryEnabled: "false", wordBoundaryEnabled: "true" };
  const config = { context: { synthesis: { audio: { metadataoptions: options, outputFormat: FORMAT } } } };
  return `X-RequestId:${hexId()}\r\nX-Timestamp:${new Date().toISOString()}\r\n` +
    `Content-Type:application/json; charset=utf-8\r\nPath:speech.config\r\n\r\n${JSON.stringify(config)}`;
}

function ssmlMessage({ text, voice }: { text: string; voice: string }): string {
  const language = voice.match(/^[a-z]{2,3}-[A-Z]{2}/)?.[0] ?? "en-US";
  const ssml = `<speak version='1.0' xmlns='http://www.w3.org/2001/10/synthesis' xml:lang='${language}'>` +
    `<voice name='${escapeXml(voice)}'><prosody pitch='+0Hz' rate='+0%' volume='+0%'>${escapeXml(text)}` +
    `</prosody></voice></speak>`;
  return `X-RequestId:${hexId()}\r\nContent-Type:application/ssml+xml\r\n` +
    `X-Timestamp:${new Date().toISOString()}Z\r\nPath:ssml\r\n\r\n${ssml}`;
}

function pushAudio(chunks: Uint8Array[], bytes: Uint8Array): void {
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint16(0);
  if (headerLength + 2 > bytes.length) throw new Error("a binary message that is shorter than its header");
  const header = new TextDecoder().decode(bytes.subarray(2, 2 + headerLength));
  if (/Path:\s*audio\b/i.test(header)) chunks.push(bytes.slice(2 + headerLength));
}

function readMetadata(message: string): SpokenWord[] {
  const { Metadata } = JSON.parse(message.slice(message.search(/\r?\n\r?\n/)));
  const items: { Type: string; Data: { Offset: number; Duration: number; text: { Text: string } } }[] =
    Metadata ?? [];
  return items.filter((item) => item.Type === "WordBoundary").map(({ Data }) => ({
    text: unescapeXml(String(Data.text.Text)),
    start_s: Data.Offset / UNITS_PER_S,
    end_s: (Data.Offset + Data.Duration) / UNITS_PER_S,
  }));
}

function toSpeech(
  { chunks, words, voice }: { chunks: Uint8Array[]; words: SpokenWord[]; voice: string },
): Speech {
  const audio = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    audio.set(chunk, at);
    at += chunk.length;
  }
  const duration_s = mp3Seconds(audio);
  if (duration_s < 0.1) throw new Error(`${audio.length} bytes are no speech`);
  const lastEnd = words.at(-1)?.end_s ?? 0;
  if (lastEnd > duration_s + 1) throw new Error(`audio of ${duration_s} s for words of ${lastEnd} s`);
  return { audio, format: "mp3", duration_s, words, voice };
}

function toBytes(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new TextEncoder().encode(String(data));
}

function hexId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

function escapeXml(text: string): string {
  const names: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "'": "&apos;",
    '"': "&quot;",
  };
  return text.replace(/[&<>'"]/g, (sign) => names[sign] ?? sign);
}

function unescapeXml(text: string): string {
  const signs: Record<string, string> = { amp: "&", lt: "<", gt: ">", apos: "'", quot: '"' };
  return text.replace(/&(amp|lt|gt|apos|quot);/g, (_all, name: string) => signs[name] ?? "");
}
