// Microsoft Edge's read-aloud on loopback: the same frames over a WebSocket as the service sends.

import { type FakeService, refuseByFault, serveFake, type ServiceFault } from "./faults.ts";
import { silentMp3 } from "./silent_mp3.ts";

const WORD_S = 0.35;
const TICKS_PER_S = 10_000_000;
const PATH = "/consumer/speech/synthesize/readaloud/edge/v1";

export interface EdgeCall {
  voice: string;
  text: string;
  securityToken: string | null;
  outputFormat: string;
}

function binaryFrame(audio: Uint8Array): Uint8Array {
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

function answer(socket: WebSocket, { text, fault }: { text: string; fault: ServiceFault | undefined }): void {
  socket.send(textFrame("turn.start", { context: { serviceTag: "1" } }));
  socket.send(textFrame("response", { context: {} }));
  const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const audio = silentMp3(words.length * WORD_S + 0.2, text);
  words.forEach((word, index) => {
    const at = { Offset: index * WORD_S * TICKS_PER_S, Duration: WORD_S * 0.9 * TICKS_PER_S };
    const Data = {
      ...at,
      text: { Text: word.replace(/[.,!?;:]+$/, ""), Length: word.length, BoundaryType: "WordBoundary" },
    };
    socket.send(textFrame("audio.metadata", { Metadata: [{ Type: "WordBoundary", Data }] }));
  });
  if (fault === "wrong_json") socket.send("Path:audio.metadata\r\n\r\n{not json");
  if (fault === "cut_off") {
    socket.send(binaryFrame(audio.subarray(0, audio.length / 2)));
    return socket.close();
  }
  if (fault !== "empty_audio") {
    for (let at = 0; at < audio.length; at += 8_000) socket.send(binaryFrame(audio.subarray(at, at + 8_000)));
  }
  socket.send(textFrame("turn.end", {}));
}

/** A fake that refuses as the service does where the token or the path is wrong. */
export function startEdgeReadAloud(options: { port?: number } = {}): FakeService<EdgeCall> {
  const calls: EdgeCall[] = [];
  const faults: ServiceFault[] = [];
  const open = new Map<WebSocket, Promise<void>>();
  const server = serveFake(options.port, async (request, stopping) => {
    const url = new URL(request.url);
    const securityToken = url.searchParams.get("Sec-MS-GEC");
    if (url.pathname !== PATH) return new Response(null, { status: 404 });
    if (!/^[0-9A-F]{64}$/.test(securityToken ?? "")) return new Response(null, { status: 403 });
    const fault = faults.shift();
    const overHttp: (ServiceFault | undefined)[] = ["slow", "rate_limited", "server_error", "forbidden"];
    const refusal = overHttp.includes(fault) ? await refuseByFault(fault, stopping) : null;
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
      const spoken = /<prosody[^>]*>([\s\S]*)<\/prosody>/.exec(text)?.[1] ?? "";
      const voice = /<voice name="([^"]+)">/.exec(text)?.[1] ?? "";
      calls.push({ voice, text: unescapeXml(spoken), securityToken, outputFormat });
      answer(socket, { text: unescapeXml(spoken), fault });
    };
    return response;
  });
  async function stop() {
    for (const socket of open.keys()) socket.close();
    await Promise.all(open.values());
    await server.stop();
  }
  return { ...server, stop, calls, faults };
}
