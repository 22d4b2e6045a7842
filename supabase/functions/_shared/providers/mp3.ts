// Reads the frames of an MP3 file: how long it plays, and whether it is one at all (ISO 11172-3, 13818-3).

const BIT_RATES_KBPS: Record<"mpeg1" | "mpeg2", number[]> = {
  mpeg1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  mpeg2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const SAMPLE_RATES_HZ: Record<number, number[]> = {
  3: [44100, 48000, 32000],
  2: [22050, 24000, 16000],
  0: [11025, 12000, 8000],
};

/** One layer III frame at `at`: its size in bytes and its length in seconds; null where there is none. */
function frameAt(bytes: Uint8Array, at: number): { size: number; seconds: number } | null {
  const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
  if (first !== 0xff || (second & 0xe0) !== 0xe0 || (second & 0x06) !== 0x02) return null;
  const version = (second >> 3) & 3;
  const isMpeg1 = version === 3;
  const kbps = BIT_RATES_KBPS[isMpeg1 ? "mpeg1" : "mpeg2"][third >> 4];
  const hertz = SAMPLE_RATES_HZ[version]?.[(third >> 2) & 3];
  if (!kbps || !hertz) return null;
  const samples = isMpeg1 ? 1152 : 576;
  const size = Math.floor((samples / 8) * kbps * 1000 / hertz) + ((third >> 1) & 1);
  return { size, seconds: samples / hertz };
}

/** Skips an ID3v2 tag at the start, whose size is four bytes of seven bits. */
function afterTag(bytes: Uint8Array): number {
  if (bytes[0] !== 0x49 || bytes[1] !== 0x44 || bytes[2] !== 0x33) return 0;
  return 10 + bytes.subarray(6, 10).reduce((size, byte) => (size << 7) | (byte & 0x7f), 0);
}

/** Seconds that the whole frames play; 0 where the bytes hold no MP3. */
export function mp3DurationS(bytes: Uint8Array): number {
  let seconds = 0;
  let at = afterTag(bytes);
  while (at + 4 <= bytes.length) {
    const frame = frameAt(bytes, at);
    if (frame === null) {
      at++;
      continue;
    }
    if (at + frame.size > bytes.length) break;
    seconds += frame.seconds;
    at += frame.size;
  }
  return seconds;
}
