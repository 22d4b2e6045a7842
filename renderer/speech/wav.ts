// Mono 16-bit WAV files: reading a voice's, writing ours.

export interface Recording {
  samples: Int16Array<ArrayBuffer>;
  sampleRate: number;
}

const HEADER_BYTES = 44;

/** A whole WAV file. */
export function writeWav({ samples, sampleRate }: Recording): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(HEADER_BYTES + samples.byteLength);
  const view = new DataView(file.buffer);
  const text = (at: number, word: string) => file.set(new TextEncoder().encode(word), at);
  text(0, "RIFF");
  view.setUint32(4, file.length - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples.byteLength, true);
  file.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), HEADER_BYTES);
  return file;
}

/** Reads what `flite` writes: a plain header of 44 bytes, mono, 16 bit. */
export function readPlainWav(file: Uint8Array): Recording {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < HEADER_BYTES || view.getUint16(22, true) !== 1 || view.getUint16(34, true) !== 16) {
    throw new Error("the voice wrote no mono 16-bit WAV");
  }
  // A copy, whatever kind of array a file came in: Node's own `slice` is a view, behind which the header would be heard.
  const bytes = Uint8Array.from(file.subarray(HEADER_BYTES, file.length - (file.length % 2)));
  return { samples: new Int16Array(bytes.buffer), sampleRate: view.getUint32(24, true) };
}

/** Recordings or parts of one, one after another. */
export function joinSamples(parts: readonly Int16Array[]): Int16Array<ArrayBuffer> {
  const samples = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  return samples;
}

/** The moment, at or before `end`, after which the recording is silent until `end`; never before `start`. */
export function soundEnd(recording: Recording, span: { start: number; end: number }): number {
  const { samples, sampleRate } = recording;
  const first = Math.floor(span.start * sampleRate);
  let last = Math.min(samples.length, Math.floor(span.end * sampleRate)) - 1;
  while (last > first && Math.abs(samples[last] ?? 0) < 200) last--;
  return (last + 1) / sampleRate;
}
