// Files over HTTP: content type, validators, byte ranges; streamed from disk.

const TYPES: Record<string, string> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  avif: "image/avif",
  gif: "image/gif",
  svg: "image/svg+xml",
  xml: "application/xml",
};
const SAMPLES = new URL("../../samples/", import.meta.url);

/** The part that `Range` asks for; null: all of it; `unsatisfiable`: none. More than one part counts as all. */
function readRange(
  header: string | null,
  size: number,
): { start: number; end: number } | null | "unsatisfiable" {
  const match = header?.match(/^bytes=(\d*)-(\d*)$/);
  if (!match || (match[1] === "" && match[2] === "")) return null;
  const [, from = "", to = ""] = match;
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return start > end || start >= size ? "unsatisfiable" : { start, end };
}

function firstBytes(length: number): TransformStream<Uint8Array, Uint8Array> {
  let left = length;
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk.length > left ? chunk.subarray(0, left) : chunk);
      left -= chunk.length;
      if (left <= 0) controller.terminate();
    },
  });
}

/** Serves one file under these headers; null when it is not there. */
export async function fileResponse(
  request: Request,
  options: { path: string | URL; headers: Record<string, string> },
): Promise<Response | null> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(options.path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
  const { size, isFile } = await file.stat();
  const range = readRange(request.headers.get("range"), size);
  const headers: Record<string, string> = { "accept-ranges": "bytes", ...options.headers };
  if (!isFile || range === "unsatisfiable" || request.method === "HEAD") {
    file.close();
    if (!isFile) return null;
    if (range === "unsatisfiable") {
      return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${size}` } });
    }
    return new Response(null, { headers: { ...headers, "content-length": String(size) } });
  }
  if (range === null) {
    return new Response(file.readable, { headers: { ...headers, "content-length": String(size) } });
  }
  const length = range.end - range.start + 1;
  headers["content-length"] = String(length);
  headers["content-range"] = `bytes ${range.start}-${range.end}/${size}`;
  await file.seek(range.start, Deno.SeekMode.Start);
  return new Response(file.readable.pipeThrough(firstBytes(length)), { status: 206, headers });
}

/** `/samples/…`: the sample shop's feed and pictures. */
export async function serveSample(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const segments = decodeURIComponent(pathname).split("/").slice(2);
  const type = TYPES[pathname.split(".").at(-1)?.toLowerCase() ?? ""];
  const isPlain = segments.every((segment) =>
    segment !== "" && !segment.startsWith(".") && !segment.includes("\0")
  );
  const found = type && isPlain && ["GET", "HEAD"].includes(request.method)
    ? await fileResponse(request, {
      path: new URL(segments.map(encodeURIComponent).join("/"), SAMPLES),
      headers: { "content-type": type, "cache-control": "no-cache" },
    })
    : null;
  return found ?? Response.json({ error: "not_found", message: "No such sample." }, { status: 404 });
}
