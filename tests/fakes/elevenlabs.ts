// ElevenLabs' text-to-speech with timestamps, on loopback, with the documented wire format.

import { type FakeService, type Recite, refuseByFault, serveFake, type ServiceFault } from "./faults.ts";
import { garbledMp3, hummedMp3, silentMp3 } from "./mp3_files.ts";

export interface ElevenLabsCall {
  voice: string;
  text: string;
  model: string;
  language: string | null;
  apiKey: string | null;
  outputFormat: string | null;
}

export interface FakeElevenLabs extends FakeService<ElevenLabsCall> {
  /** Says the texts by a real voice; null: a hum. */
  recite: Recite | null;
  /** Seconds a character. */
  characterS: number;
  /** When the characters are said: of the text as sent, of that in words alone, in a form that is not documented, not at all. */
  timings: "told" | "normalized" | "unreadable" | "none";
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function audioOf(
  fault: ServiceFault | undefined,
  { seconds, mark }: { seconds: number; mark: string },
): Uint8Array {
  if (fault === "empty_audio") return new Uint8Array();
  if (fault === "no_audio") return new TextEncoder().encode("<html>no audio</html>".repeat(400));
  if (fault === "silence") return silentMp3(seconds);
  if (fault === "garbled") return garbledMp3(seconds);
  return hummedMp3(fault === "half_audio" ? seconds / 2 : seconds, mark);
}

/** Letters of a word share its time; what is between words is as long as nothing. */
function characterTimes(
  characters: string[],
  words: { text: string; start_s: number; end_s: number }[],
): (readonly [number, number])[] {
  const times: (readonly [number, number])[] = [];
  for (const { text, start_s, end_s } of words) {
    const letters = [...text];
    const at = characters.findIndex((_, from) =>
      from >= times.length && letters.every((letter, index) => characters[from + index] === letter)
    );
    if (at < 0) continue;
    const before = times.at(-1)?.[1] ?? 0;
    while (times.length < at) times.push([before, before]);
    const long = (end_s - start_s) / letters.length;
    letters.forEach((_, index) => times.push([start_s + long * index, start_s + long * (index + 1)]));
  }
  const end = times.at(-1)?.[1] ?? 0;
  return characters.map((_, index) => times[index] ?? [end, end]);
}

/** Each purchase is a recording of its own: its bytes differ from those of the one before. */
export function startElevenLabs(options: { port?: number } = {}): FakeElevenLabs {
  const calls: ElevenLabsCall[] = [];
  const faults: ServiceFault[] = [];
  const server = serveFake(options.port, async (request, stopping) => {
    const { pathname, searchParams } = new URL(request.url);
    const voice = /^\/v1\/text-to-speech\/([^/]+)\/with-timestamps$/.exec(pathname)?.[1];
    if (request.method !== "POST" || !voice) return new Response("not found", { status: 404 });
    const { text, model_id, language_code } = await request.json();
    const fault = faults.shift();
    const refusal = await refuseByFault(fault, stopping);
    if (refusal) return refusal;
    calls.push({
      voice: decodeURIComponent(voice),
      text,
      model: model_id,
      language: language_code ?? null,
      apiKey: request.headers.get("xi-api-key"),
      outputFormat: searchParams.get("output_format"),
    });
    const characters = [...text as string];
    const seconds = characters.length * fake.characterS;
    const recited = await fake.recite?.(text);
    const times = recited
      ? characterTimes(characters, recited.words)
      : characters.map((_, index) => [index * fake.characterS, (index + 1) * fake.characterS] as const);
    const alignment = {
      characters,
      character_start_times_seconds: times.map(([start]) => start),
      character_end_times_seconds: times.map(([, end]) => end),
    };
    const mark = `purchase ${calls.length}`;
    const audio = recited && !fault ? recited.audio : audioOf(fault, { seconds, mark });
    const body = JSON.stringify({
      audio_base64: base64(audio),
      alignment: fake.timings === "told" ? alignment : fake.timings === "unreadable" ? { characters } : null,
      normalized_alignment: fake.timings === "normalized" ? alignment : null,
    });
    const type = fault === "wrong_type" ? "text/html" : "application/json";
    return new Response(body, { headers: { "content-type": type } });
  });
  const fake: FakeElevenLabs = {
    ...server,
    calls,
    faults,
    recite: null,
    characterS: 0.06,
    timings: "told",
  };
  return fake;
}
