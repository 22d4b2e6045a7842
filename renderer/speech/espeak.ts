// The voices of all other languages: eSpeak NG, which tells where each word begins.

import startEspeak from "@echogarden/espeak-ng-emscripten";
import type { Spoken } from "./spoken.ts";
import type { Token } from "./tokens.ts";
import { joinSamples, type Recording, soundEnd } from "./wav.ts";

const SAMPLE_RATE = 22_050;
/** Words a minute at rate 1: a little slower than its own 175, to be understood. */
const WORDS_A_MINUTE = 160;
/** Languages that shops write in another way than the voices do. */
const ALIASES: Record<string, string> = {
  zh: "cmn",
  "zh-cn": "cmn",
  "zh-tw": "cmn",
  "zh-hk": "yue",
  iw: "he",
  in: "id",
};

interface EspeakEvent {
  type: string;
  /** Milliseconds. */
  audio_position: number;
  /** Counted in code points, from 1. */
  text_position: number;
}

interface Engine {
  list_voices(): { identifier: string; languages: { priority: number; name: string }[] }[];
  set_voice(name: string): number;
  set_rate(wordsAMinute: number): void;
  synthesize(text: string, onAudio: (samples: Int16Array | null, events: EspeakEvent[]) => void): void;
}

export interface Espeak {
  /** The voice of that id (`roa/ro`, or a language), or null. */
  findVoice(id: string): string | null;
  speak(tokens: readonly Token[], options: { voice: string; rate: number }): Spoken;
}

/** Starts the engine; about 0.1 s. */
export async function createEspeak(): Promise<Espeak> {
  const start = startEspeak as unknown as () => Promise<
    { eSpeakNGWorker: new () => Engine | Promise<Engine> }
  >;
  const engine = await new (await start()).eSpeakNGWorker();
  const voices = engine.list_voices();
  return {
    findVoice(id) {
      const wanted = id.toLowerCase().replaceAll("_", "-");
      const named = voices.find((voice) => voice.identifier.toLowerCase() === wanted);
      const primary = wanted.split("-")[0] ?? "";
      const tries = [ALIASES[wanted] ?? wanted, ALIASES[primary] ?? primary];
      for (const language of named ? [] : tries) {
        const speaking = voices.flatMap((voice) =>
          voice.languages.filter((each) => each.name === language).map(({ priority }) => ({
            voice,
            priority,
          }))
        );
        const [best] = speaking.sort((a, b) => a.priority - b.priority);
        if (best) return best.voice.identifier;
      }
      return named?.identifier ?? null;
    },
    speak(tokens, options) {
      if (engine.set_voice(options.voice) !== 0) throw new Error("the voice cannot be set");
      engine.set_rate(Math.round(WORDS_A_MINUTE * options.rate));
      return collect(engine, tokens);
    },
  };
}

function collect(engine: Engine, tokens: readonly Token[]): Spoken {
  const chunks: Int16Array[] = [];
  const events: EspeakEvent[] = [];
  const spoken = tokens.map((token) => token.spoken);
  // Spaces in place of what is not spoken keep the positions plain.
  engine.synthesize(escapeMarkup(spoken.join(" ")), (samples, more) => {
    if (samples && samples.length > 0) chunks.push(samples.slice());
    events.push(...more);
  });
  const recording: Recording = { samples: joinSamples(chunks), sampleRate: SAMPLE_RATE };
  return { recording, spans: spansOf(spoken, { events, recording }) };
}

/** `<` and `>` are gone from tokens already; an ampersand alone could still begin an entity. */
function escapeMarkup(text: string): string {
  return text.replaceAll("&", "+");
}

/** A token begins at its first word event and ends where the sound before the next one does. */
function spansOf(
  spoken: readonly string[],
  options: { events: readonly EspeakEvent[]; recording: Recording },
): ([number, number] | null)[] {
  const { recording } = options;
  const starts: (number | null)[] = spoken.map(() => null);
  const words = options.events.filter((event) => event.type === "word");
  let from = 1;
  for (const [index, text] of spoken.entries()) {
    const to = from + [...text].length;
    const first = words.find((event) => event.text_position >= from && event.text_position < to);
    if (first) starts[index] = first.audio_position / 1000;
    from = to + 1;
  }
  const length = recording.samples.length / SAMPLE_RATE;
  return starts.map((start, index) => {
    if (start === null) return null;
    const next = starts.slice(index + 1).find((each) => each !== null) ?? length;
    return [start, soundEnd(recording, { start, end: next })];
  });
}
