// MP3 files of any length, for fakes of speech services: a hum, silence, and frames of nonsense.

/** MPEG-2 layer III, 48 kbit/s, 24 kHz, mono: 144 bytes and 24 ms a frame. */
const HEADER = [0xff, 0xf3, 0x64, 0xc4];
const FRAME_BYTES = 144;
const FRAME_S = 576 / 24_000;
/** Six waves of 250 Hz, encoded without a bit reservoir: however often it is repeated, it is one tone of -14 LUFS. */
const HUM_FRAME = Uint8Array.from(
  atob(
    "//NkxAAP/A4YIL1OREfCPpsDB9TwiUAZO/E5b0+U/+Ji//lfp9H/8r/9P/lX///8T//Rv/Vv/Klv///KB3/lW/9H/9S//lRn/xN/" +
      "9S6YgpqKZlxiYG" + "A".repeat(78),
  ),
  (sign) => sign.charCodeAt(0),
);

function framesFor(seconds: number): Uint8Array {
  const count = Math.ceil(seconds / FRAME_S);
  const bytes = new Uint8Array(count * FRAME_BYTES);
  for (let index = 0; index < count; index++) bytes.set(HEADER, index * FRAME_BYTES);
  return bytes;
}

/** Whole frames that play at least `seconds`; the comment in the last, silent one makes files of different texts differ. */
export function hummedMp3(seconds: number, mark = ""): Uint8Array {
  const bytes = silentMp3(seconds, mark);
  for (let at = 0; at + FRAME_BYTES < bytes.length; at += FRAME_BYTES) bytes.set(HUM_FRAME, at);
  return bytes;
}

/** The same of silence. */
export function silentMp3(seconds: number, mark = ""): Uint8Array {
  const bytes = framesFor(seconds);
  const note = new TextEncoder().encode(mark).subarray(0, 64);
  if (bytes.length > 0) bytes.set(note, bytes.length - note.length);
  return bytes;
}

/** Frames whose headers are right, and whose bits mean nothing. */
export function garbledMp3(seconds: number): Uint8Array {
  const bytes = framesFor(seconds);
  for (let at = 0; at < bytes.length; at++) {
    if (at % FRAME_BYTES >= HEADER.length) bytes[at] = (at * 2_654_435_761) >>> 24;
  }
  return bytes;
}
