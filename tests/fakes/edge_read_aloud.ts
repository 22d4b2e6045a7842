// Microsoft Edge's read-aloud on loopback: the same frames over a WebSocket as the service sends.

import { type FakeService, type Recite, refuseByFault, serveFake, type ServiceFault } from "./faults.ts";
import { garbledMp3, hummedMp3, silentMp3 } from "./mp3_files.ts";

const TICKS_PER_S = 10_000_000;
const PATH = "/consumer/speech/synthesize/readaloud/edge/v1";
const CLIENT_TOKEN = "6A5AA1D4EAFF4E9FB37E23D68491D6F4";
const EXTENSION = "chrome-extension://jdiccldimpdaibmpdkjnbmckianbfold";

export interface EdgeCall {
  voice: string;
  text: string;
  ssml: string;
  securityToken: string | null;
  outputFormat: string;
}

export interface FakeEdge extends FakeService<EdgeCall> {
  /** Says the texts by a real voice; null: a hum. */
  recite: Recite | null;
  /** Seconds a word. */
  wordS: number;
  /** What the server's clock is ahead of this machine's. */
  skewMs: number;
  /** What it tells of the words: their times, nothing, or that each is at 0. */
  boundaries: "told" | "none" | "zero";
  /** Closes with this code after the text came. */
  closeCode: number | null;
  /** Says nothing after the text came. */
  isMute: boolean;
}

function binaryFrame(audio: Uint8Array) {
  const header = new TextEncoder().encode("X-RequestId:1\r\nContent-Type:audio/mpeg\r\nPath:audio\r\n");
  const frame = new Uint8Array(2 + header.length + audio.length);
  new DataView(frame.buffer).setUint16(0, header.length);
  frame.set(header, 2);
  frame.set(audio, 2 + header.length);
  return frame;
}

function textFrame(path: string, body: unknown): string {
  return `X-RequestId:1\r\nContent-Type:application/json; charset=utf-8\r\nPath:${path}\r\n\r\n${
    JSON.stringify(body)
  }`;
}

function unescapeXml(text: string): string {
  const names: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(\w+);/g, (_, name: string) => names[name] ?? "");
}

/** The proofs that the service takes at a moment: of this five minutes, and of those before and after. */
async function proofsAt(ms: number): Promise<string[]> {
  return await Promise.all([-300, 0, 300].map(async (shift) => {
    const seconds = BigInt(Math.floor(ms / 1000) + shift) + 11_644_473_600n;
    const text = `${(seconds - seconds % 300n) * 10_000_000n}${CLIENT_TOKEN}`;
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("")
      .toUpperCase();
  }));
}

type Recited = Awaited<ReturnType<Recite>>;

function metadata(fake: FakeEdge, words: string[], recited: Recited | undefined): string[] {
  if (fake.boundaries === "none") return [];
  const timed = recited?.words ?? words.map((text, index) => ({
    text,
    start_s: index * fake.wordS,
    end_s: (index + 0.9) * fake.wordS,
  }));
  return timed.map(({ text: word, start_s, end_s }) => {
    const at = fake.boundaries === "zero" ? 0 : start_s;
    const long = fake.boundaries === "zero" ? 0 : end_s - start_s;
    const Data = {
      Offset: Math.round(at * TICKS_PER_S),
      Duration: Math.round(long * TICKS_PER_S),
      text: { Text: word.replace(/[.,!?;:]+$/, ""), Length: word.length, BoundaryType: "WordBoundary" },
    };
    return textFrame("audio.metadata", { Metadata: [{ Type: "WordBoundary", Data }] });
  });
}

function audioOf(
  fault: ServiceFault | undefined,
  { words, text, wordS }: { words: string[]; text: string; wordS: number },
) {
  if (fault === "empty_audio") return new Uint8Array();
  if (fault === "no_audio") return new TextEncoder().encode("<html>no audio</html>".repeat(400));
  if (fault === "silence") return silentMp3(words.length * wordS + 0.2);
  if (fault === "garbled") return garbledMp3(words.length * wordS + 0.2);
  const audio = hummedMp3(words.length * wordS + 0.2, text);
  return fault === "half_audio" || fault === "cut_off" ? audio.subarray(0, audio.length >> 1) : audio;
}

async function answer(
  fake: FakeEdge,
  { socket, text, fault }: { socket: WebSocket; text: string; fault: ServiceFault | undefined },
): Promise<void> {
  socket.send(textFrame("turn.start", { context: { serviceTag: "1" } }));
  socket.send(textFrame("response", { context: {} }));
  if (fake.isMute || fault === "slow_body") return;
  if (fake.closeCode !== null) return socket.close(fake.closeCode, "refused");
  const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const recited = await fake.recite?.(text);
  for (const message of metadata(fake, words, recited)) socket.send(message);
  if (fault === "wrong_json") {
    socket.send(textFrame("audio.metadata", { Metadata: [{ Type: "WordBoundary" }] }));
  }
  if (fault === "not_json") socket.send("Path:audio.metadata\r\n\r\n{not json");
  const audio = recited && !fault ? recited.audio : audioOf(fault, { words, text, wordS: fake.wordS });
  for (let at = 0; at < audio.length; at += 8_000) socket.send(binaryFrame(audio.subarray(at, at + 8_000)));
  if (fault === "cut_off") return socket.close();
  socket.send(textFrame("turn.end", {}));
}

/** A fake that refuses as the service does where the proof, the token, the origin or the path is wrong. */
export function startEdgeReadAloud(options: { port?: number } = {}): FakeEdge {
  const calls: EdgeCall[] = [];
  const faults: ServiceFault[] = [];
  const open = new Map<WebSocket, Promise<void>>();
  const server = serveFake(options.port, async (request, stopping) => {
    const url = new URL(request.url);
    const query = (name: string) => url.searchParams.get(name) ?? "";
    if (url.pathname !== PATH) return new Response(null, { status: 404 });
    const now = Date.now() + fake.skewMs;
    const isKnown = query("TrustedClientToken") === CLIENT_TOKEN &&
      /^1-[\d.]+$/.test(query("Sec-MS-GEC-Version")) &&
      /^[0-9a-f]{32}$/.test(query("ConnectionId")) && request.headers.get("origin") === EXTENSION &&
      /Edg\//.test(request.headers.get("user-agent") ?? "") &&
      (await proofsAt(now)).includes(query("Sec-MS-GEC"));
    if (!isKnown) return new Response(null, { status: 403, headers: { date: new Date(now).toUTCString() } });
    const fault = faults.shift();
    const inFrames: (ServiceFault | undefined)[] = ["wrong_json", "not_json", "cut_off", "slow_body"];
    const refusal = inFrames.includes(fault) ? null : await refuseByFault(fault, stopping);
    if (refusal) return refusal;
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    const closed = Promise.withResolvers<void>();
    open.set(socket, closed.promise);
    socket.onclose = socket.onerror = () => closed.resolve();
    let outputFormat = "";
    socket.onmessage = ({ data }) => {
      const text = String(data);
      if (/Path:speech\.config/.test(text)) {
        outputFormat = JSON.parse(text.split("\r\n\r\n")[1] ?? "{}").context.synthesis.audio.outputFormat;
        return;
      }
      const ssml = text.split("\r\n\r\n")[1] ?? "";
      const spoken = unescapeXml(/<prosody[^>]*>([\s\S]*)<\/prosody>/.exec(ssml)?.[1] ?? "");
      const voice = unescapeXml(/<voice name=['"]([^'"]+)['"]>/.exec(ssml)?.[1] ?? "");
      calls.push({ voice, text: spoken, ssml, securityToken: query("Sec-MS-GEC"), outputFormat });
      answer(fake, { socket, text: spoken, fault });
    };
    return response;
  });
  async function stop() {
    for (const socket of open.keys()) socket.close();
    await Promise.all(open.values());
    await server.stop();
  }
  const fake: FakeEdge = {
    ...server,
    stop,
    calls,
    faults,
    recite: null,
    wordS: 0.35,
    skewMs: 0,
    boundaries: "told",
    closeCode: null,
    isMute: false,
  };
  return fake;
}
