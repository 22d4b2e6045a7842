// How long an MP3 lasts, from its frames' headers, and whether bytes are one at all.

const BITRATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BITRATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const SAMPLE_RATES = [44100, 48000, 32000];

/** In any other file something looks like a frame now and then. */
const FRAMES_SHARE = 0.8;

/** Seconds of the whole layer III frames in these bytes; 0 where they are not mainly such frames. */
export function mp3Seconds(bytes: Uint8Array): number {
  return readFrames(bytes).seconds;
}

/** Whether the last frame is there in part only. */
export function endsWithinFrame(bytes: Uint8Array): boolean {
  return readFrames(bytes).isCut;
}

function readFrames(bytes: Uint8Array): { seconds: number; isCut: boolean } {
  const start = id3Length(bytes);
  let at = start;
  let seconds = 0;
  let inFrames = 0;
  let isCut = false;
  while (at + 4 <= bytes.length) {
    const frame = readFrame(bytes, at);
    if (!frame) {
      at++;
      continue;
    }
    // The last one may be cut off; it plays nothing.
    inFrames += Math.min(frame.length, bytes.length - at);
    isCut = at + frame.length > bytes.length;
    if (isCut) break;
    seconds += frame.seconds;
    at += frame.length;
  }
  return inFrames >= (bytes.length - start) * FRAMES_SHARE ? { seconds, isCut } : { seconds: 0, isCut };
}

function readFrame(bytes: Uint8Array, at: number): { length: number; seconds: number } | null {
  const [sync, head, rates] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
  if (sync !== 0xff || (head & 0xe0) !== 0xe0) return null;
  const version = (head >> 3) & 3; // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
  const layer = (head >> 1) & 3; // 1: layer III
  if (version === 1 || layer !== 1) return null;
  const bitrate = (version === 3 ? BITRATES_1 : BITRATES_2)[rates >> 4];
  const base = SAMPLE_RATES[(rates >> 2) & 3];
  if (!bitrate || !base) return null;
  const rate = version === 3 ? base : version === 2 ? base / 2 : base / 4;
  const samples = version === 3 ? 1152 : 576;
  return {
    length: Math.floor(samples / 8 * bitrate * 1000 / rate) + ((rates >> 1) & 1),
    seconds: samples / rate,
  };
}

function id3Length(bytes: Uint8Array): number {
  if (bytes[0] !== 0x49 || bytes[1] !== 0x44 || bytes[2] !== 0x33) return 0;
  return 10 + (((bytes[6] ?? 0) << 21) | ((bytes[7] ?? 0) << 14) | ((bytes[8] ?? 0) << 7) | (bytes[9] ?? 0));
}
