// ElevenLabs' text-to-speech with timestamps, on loopback, with the documented wire format.

import { type FakeService, refuseByFault, serveFake, type ServiceFault } from "./faults.ts";
import { silentMp3 } from "./silent_mp3.ts";

/** Seconds that the fake speaks a character for. */
const CHARACTER_S = 0.06;

export interface ElevenLabsCall {
  voice: string;
  text: string;
  model: string;
  apiKey: string | null;
}

/** Each purchase is a recording of its own: its bytes differ from those of the one before. */
export function startElevenLabs(options: { port?: number } = {}): FakeService<ElevenLabsCall> {
  const calls: ElevenLabsCall[] = [];
  const faults: ServiceFault[] = [];
  const server = serveFake(options.port, async (request, stopping) => {
    const { pathname } = new URL(request.url);
    const voice = /^\/v1\/text-to-speech\/([^/]+)\/with-timestamps$/.exec(pathname)?.[1];
    if (request.method !== "POST" || !voice) return new Response("not found", { status: 404 });
    const { text, model_id } = await request.json();
    const fault = faults.shift();
    const refusal = await refuseByFault(fault, stopping);
    if (refusal) return refusal;
    calls.push({
      voice: decodeURIComponent(voice),
      text,
      model: model_id,
      apiKey: request.headers.get("xi-api-key"),
    });
    const characters = [...text as string];
    const audio = fault === "empty_audio"
      ? new Uint8Array()
      : silentMp3(characters.length * CHARACTER_S, `purchase ${calls.length}`);
    return Response.json({
      audio_base64: btoa(Array.from(audio, (byte) => String.fromCharCode(byte)).join("")),
      alignment: {
        characters,
        character_start_times_seconds: characters.map((_, index) => index * CHARACTER_S),
        character_end_times_seconds: characters.map((_, index) => (index + 1) * CHARACTER_S),
      },
    });
  });
  return { ...server, calls, faults };
}
