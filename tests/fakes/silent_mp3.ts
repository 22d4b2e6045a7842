// An MP3 file of silence of any length, for fakes of speech services.

/** MPEG-2 layer III, 48 kbit/s, 24 kHz, mono: 144 bytes and 24 ms a frame. */
const HEADER = [0xff, 0xf3, 0x64, 0xc4];
const FRAME_BYTES = 144;
const FRAME_S = 576 / 24_000;

/** Whole frames that play at least `seconds`; the comment in the last frame makes files of different texts differ. */
export function silentMp3(seconds: number, mark = ""): Uint8Array {
  const count = Math.ceil(seconds / FRAME_S);
  const bytes = new Uint8Array(count * FRAME_BYTES);
  for (let index = 0; index < count; index++) bytes.set(HEADER, index * FRAME_BYTES);
  const note = new TextEncoder().encode(mark).subarray(0, 64);
  if (count > 0) bytes.set(note, bytes.length - note.length);
  return bytes;
}
