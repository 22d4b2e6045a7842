// Microsoft Edge read-aloud over its WebSocket: MP3 and the time of every word.

import type WebSocketType from "ws";
import { JobFailure } from "../contracts/jobs.ts";
import type { SpokenWord } from "../contracts/speech.ts";
import type { CallOptions, Speech, SpeechInput, SpeechProvider } from "../pipeline/ports.ts";
import { configMessage, hexId, readAudio, readMetadata, readText, ssmlMessage } from "./edge_messages.ts";
import { mp3Seconds } from "./mp3.ts";
import { providerFailure, spoiltSpeech } from "./provider_failure.ts";
import { listenTo } from "./recording.ts";
import { edgeVoice } from "./voices.ts";

const ORIGIN = "wss://speech.platform.bing.com";
const PATH = "/consumer/speech/synthesize/readaloud/edge/v1";
/** Public: every copy of the browser has it. */
const CLIENT_TOKEN = "6A5AA1D4EAFF4E9FB37E23D68491D6F4";
const EDGE_VERSION = "143.0.3650.75";
const HEADERS = {
  origin: "chrome-extension://jdiccldimpdaibmpdkjnbmckianbfold",
  "user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " +
    "Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0",
  "accept-language": "en-US,en;q=0.9",
  pragma: "no-cache",
  "cache-control": "no-cache",
};
const REFUSED = "The voice service refused this text or voice.";
/** Seconds from 1601 to 1970: the service counts from there. */
const WINDOWS_EPOCH_S = 11_644_473_600n;
const PROOF_HOLDS_S = 300n;
/** A minute of speech is 0.4 MB. */
const LARGEST_AUDIO_BYTES = 16 * 1024 * 1024;

/** A handshake that the service refused with 403, and its own time where it told that. */
class ClockRefused extends Error {
  constructor(readonly dateMs: number | null, readonly failure: JobFailure) {
    super("edge: 403");
  }
}

/** `origin` stands for the service's own; http(s) and ws(s) are taken. */
export function createEdgeSpeech(config: { origin: string | null }): SpeechProvider {
  const origin = (config.origin ?? ORIGIN).replace(/^http/, "ws").replace(/\/+$/, "");
  let skewMs = 0;
  return {
    defaultVoice: edgeVoice,
    speaks: (language) => edgeVoice(language) !== null,
    async speak(input, call) {
      const voice = input.voice ?? edgeVoice(input.language) ?? edgeVoice("en") ?? "";
      const until = performance.now() + call.timeoutMs;
      const once = () =>
        connect({ origin, skewMs, input: { ...input, voice } }, {
          signal: call.signal,
          timeoutMs: Math.max(1, until - performance.now()),
        });
      try {
        return await once();
      } catch (error) {
        if (!(error instanceof ClockRefused)) throw error;
        if (error.dateMs === null) throw error.failure;
        // The proof is made of the time: with the service's own time it is asked once more.
        skewMs = error.dateMs - Date.now();
      }
      try {
        return await once();
      } catch (error) {
        throw error instanceof ClockRefused ? error.failure : error;
      }
    },
  };
}

async function connect(
  { origin, skewMs, input }: { origin: string; skewMs: number; input: SpeechInput & { voice: string } },
  call: CallOptions,
): Promise<Speech> {
  const { default: WebSocket } = await import("ws");
  const url = await address(origin, skewMs);
  call.signal.throwIfAborted();
  const socket = new WebSocket(url, { headers: HEADERS, maxPayload: LARGEST_AUDIO_BYTES });
  return await toSpeech(await converse(socket, input, call), input.voice);
}

async function address(origin: string, skewMs: number): Promise<string> {
  const seconds = BigInt(Math.floor((Date.now() + skewMs) / 1000)) + WINDOWS_EPOCH_S;
  const ticks = (seconds - seconds % PROOF_HOLDS_S) * 10_000_000n;
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
): Promise<Turn> {
  const turn: Turn = { chunks: [], bytes: 0, words: [], isOver: false };
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
      const text = `closed before its end (${code} ${String(reason ?? "").slice(0, 200)})`;
      // 1007: the service refuses the voice or the text.
      if (code === 1007) fail(new JobFailure("voiceover_failed", REFUSED, { cause: new Error(text) }));
      else broken(text);
    });
    socket.on("message", (data: unknown, isBinary: boolean) => {
      try {
        take(turn, { bytes: toBytes(data), isBinary });
        if (!turn.isOver) return;
        finish();
        resolve(turn);
      } catch (error) {
        fail(spoilt(error));
      }
    });
  });
}

interface Turn {
  chunks: Uint8Array[];
  bytes: number;
  words: SpokenWord[];
  isOver: boolean;
}

function take(turn: Turn, { bytes, isBinary }: { bytes: Uint8Array; isBinary: boolean }): void {
  if (isBinary) {
    const audio = readAudio(bytes);
    if (!audio) return;
    turn.chunks.push(audio);
    turn.bytes += audio.length;
    if (turn.bytes > LARGEST_AUDIO_BYTES) throw new Error(`more than ${LARGEST_AUDIO_BYTES} bytes of audio`);
    return;
  }
  const { path, body } = readText(new TextDecoder().decode(bytes));
  if (path === "audio.metadata") turn.words.push(...readMetadata(body));
  else if (path === "turn.end") turn.isOver = true;
}

interface HandshakeRefusal {
  statusCode?: number;
  headers: Record<string, string | string[] | undefined>;
}

/** 403 is how the service answers a clock that is off or a burst of calls: both pass. */
function refusedHandshake({ statusCode: status = 0, headers }: HandshakeRefusal): JobFailure | ClockRefused {
  const header = (name: string) => typeof headers[name] === "string" ? headers[name] : null;
  const failure = providerFailure("voiceover_failed", {
    status: status === 403 ? 503 : status,
    retryAfter: header("retry-after"),
    cause: new Error(`edge: ${status}`),
  });
  if (status !== 403) return failure;
  const date = Date.parse(header("date") ?? "");
  return new ClockRefused(Number.isNaN(date) ? null : date, failure);
}

function spoilt(error: unknown): JobFailure {
  return spoiltSpeech(`edge: ${error instanceof Error ? error.message : String(error)}`, error);
}

async function toSpeech({ chunks, bytes, words }: Turn, voice: string): Promise<Speech> {
  const audio = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    audio.set(chunk, at);
    at += chunk.length;
  }
  const recording = { audio, format: "mp3" as const, duration_s: mp3Seconds(audio), words };
  try {
    return { ...recording, voice, pauses: await listenTo(recording) };
  } catch (error) {
    throw spoilt(error);
  }
}

function toBytes(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new TextEncoder().encode(String(data));
}
