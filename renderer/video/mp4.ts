// What a finished MP4 really is: its boxes read from the file itself.

/** One track, from its own headers. */
export interface Mp4Track {
  kind: "video" | "audio" | "other";
  /** Sample entry, for example avc1 or mp4a. */
  codec: string;
  duration_s: number;
  samples: number;
  /** All samples together. */
  bytes: number;
  /** Distinct durations of a sample, in ticks: one for a constant rate. */
  sample_durations: number[];
  timescale: number;
  /** Pixels; 0 for sound. */
  width: number;
  height: number;
  /** Channels and rate; 0 for video. */
  channels: number;
  sample_rate: number;
  has_edit_list: boolean;
  /** `colr` of type nclx: primaries, transfer, matrix; null where there is none. */
  colour: [number, number, number] | null;
  /** Sample numbers (from 1) that a decoder may start at. */
  sync_samples: number[];
}

export interface Mp4File {
  size_bytes: number;
  duration_s: number;
  /** Top-level boxes in the file's order. */
  boxes: string[];
  tracks: Mp4Track[];
}

interface Box {
  type: string;
  body: DataView;
}

/** `moov` of an hour is under this. */
const LARGEST_MOOV_BYTES = 64_000_000;
const CONTAINERS = new Set(["moov", "trak", "mdia", "minf", "stbl", "edts"]);

function typeAt(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

function children(view: DataView, from = 0): Box[] {
  const boxes: Box[] = [];
  for (let at = from; at + 8 <= view.byteLength;) {
    const size = view.getUint32(at);
    if (size < 8 || at + size > view.byteLength) break;
    boxes.push({
      type: typeAt(view, at + 4),
      body: new DataView(view.buffer, view.byteOffset + at + 8, size - 8),
    });
    at += size;
  }
  return boxes;
}

/** Every box below a container, by type; of several the first. */
function flatten(view: DataView, into = new Map<string, DataView>()): Map<string, DataView> {
  for (const { type, body } of children(view)) {
    if (!into.has(type)) into.set(type, body);
    if (CONTAINERS.has(type)) flatten(body, into);
  }
  return into;
}

/** Time scale and duration of `mvhd` or `mdhd`, version 0 or 1. */
function clock(header: DataView): { timescale: number; duration: number } {
  return header.getUint8(0) === 1
    ? { timescale: header.getUint32(20), duration: Number(header.getBigUint64(24)) }
    : { timescale: header.getUint32(12), duration: header.getUint32(16) };
}

/** Bytes of all samples: each alike, or listed one by one. */
function bytesOf(sizes: DataView | undefined): number {
  if (!sizes) return 0;
  const alike = sizes.getUint32(4), count = sizes.getUint32(8);
  if (alike !== 0) return alike * count;
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += sizes.getUint32(12 + i * 4);
  return bytes;
}

const VISUAL_ENTRY_BYTES = 78;

function colourOf(entry: DataView): Mp4Track["colour"] {
  if (entry.byteLength < VISUAL_ENTRY_BYTES) return null;
  const colr = children(entry, VISUAL_ENTRY_BYTES).find((box) => box.type === "colr")?.body;
  if (!colr || !["nclx", "nclc"].includes(typeAt(colr, 0))) return null;
  return [colr.getUint16(4), colr.getUint16(6), colr.getUint16(8)];
}

function readTrack(trak: DataView): Mp4Track {
  const boxes = flatten(trak);
  const { timescale, duration } = clock(boxes.get("mdhd")!);
  const handler = typeAt(boxes.get("hdlr")!, 8);
  const [entry] = children(boxes.get("stsd")!, 8);
  const times = boxes.get("stts")!;
  const sampleDurations = new Set<number>();
  let samples = 0;
  for (let i = 0; i < times.getUint32(4); i++) {
    samples += times.getUint32(8 + i * 8);
    sampleDurations.add(times.getUint32(12 + i * 8));
  }
  const sync = boxes.get("stss");
  const video = handler === "vide";
  const audio = handler === "soun";
  return {
    kind: video ? "video" : audio ? "audio" : "other",
    codec: entry?.type ?? "",
    duration_s: duration / timescale,
    samples,
    bytes: bytesOf(boxes.get("stsz")),
    sample_durations: [...sampleDurations],
    timescale,
    width: video ? entry!.body.getUint16(24) : 0,
    height: video ? entry!.body.getUint16(26) : 0,
    channels: audio ? entry!.body.getUint16(16) : 0,
    sample_rate: audio ? entry!.body.getUint16(24) : 0,
    has_edit_list: boxes.has("elst"),
    colour: video ? colourOf(entry!.body) : null,
    sync_samples: sync ? Array.from({ length: sync.getUint32(4) }, (_, i) => sync.getUint32(8 + i * 4)) : [],
  };
}

/** Reads an MP4's boxes. Throws where it is none. */
export async function readMp4(path: string): Promise<Mp4File> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const boxes: string[] = [];
  let moov: DataView | null = null;
  const header = new Uint8Array(16);
  const view = new DataView(header.buffer);
  for (let at = 0; at + 8 <= size;) {
    await file.seek(at, Deno.SeekMode.Start);
    await file.read(header);
    const short = view.getUint32(0);
    const long = short === 1;
    const length = long ? Number(view.getBigUint64(8)) : short === 0 ? size - at : short;
    const type = typeAt(view, 4);
    if (length < 8) throw new Error(`${path}: a box of ${length} bytes`);
    boxes.push(type);
    if (type === "moov") {
      if (length > LARGEST_MOOV_BYTES) throw new Error(`${path}: a moov of ${length} bytes`);
      const body = new Uint8Array(length - (long ? 16 : 8));
      await file.seek(at + (long ? 16 : 8), Deno.SeekMode.Start);
      for (let got = 0; got < body.length;) got += await file.read(body.subarray(got)) ?? body.length;
      moov = new DataView(body.buffer);
    }
    at += length;
  }
  if (!moov) throw new Error(`${path}: no moov box`);
  const { timescale, duration } = clock(flatten(moov).get("mvhd")!);
  const tracks = children(moov).filter((box) => box.type === "trak").map((box) => readTrack(box.body));
  return { size_bytes: size, duration_s: duration / timescale, boxes, tracks };
}
