// Uploads: bucket limits first, then the policies, then the bytes, then the row.

import type { Identity } from "../identity.ts";
import { duplicate, StorageRefusal } from "./errors.ts";
import type { Files } from "./files.ts";
import type { Bucket, ObjectKey, Objects } from "./objects.ts";

/** The platform's own limit where a bucket names none: 50 MiB, as config.toml has it. */
const MAX_FILE_BYTES = 50 * 1024 * 1024;

interface Content {
  body: ReadableStream<Uint8Array> | null;
  type: string;
  cacheControl: string;
}

/** The file's part in a form of supabase-js has an empty name, and Deno's parser leaves such parts out: it gets one. */
async function readForm(request: Request, type: string): Promise<FormData> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  const unnamed = 'name=""; filename=';
  const at = new TextDecoder("latin1").decode(bytes.subarray(0, 64 * 1024)).indexOf(unnamed);
  const parts = at < 0
    ? [bytes]
    : [bytes.subarray(0, at), 'name="file"; filename=', bytes.subarray(at + unnamed.length)];
  return await new Response(new Blob(parts), { headers: { "content-type": type } }).formData();
}

/** supabase-js sends a Blob as a form, everything else as it is. */
async function readContent(request: Request, limit: number): Promise<Content> {
  const type = request.headers.get("content-type") ?? "application/octet-stream";
  const tooLarge = Number(request.headers.get("content-length") ?? 0) > limit + 64 * 1024;
  if (tooLarge) {
    await request.body?.cancel();
    throw new StorageRefusal(413, "Payload too large", {
      message: "The object exceeded the maximum allowed size",
    });
  }
  if (!type.startsWith("multipart/form-data")) {
    return { body: request.body, type, cacheControl: request.headers.get("cache-control") ?? "no-cache" };
  }
  const form = await readForm(request, type);
  const file = [...form.values()].find((value) => value instanceof File);
  if (!file) throw new StorageRefusal(400, "invalid_request", { message: "The form holds no file" });
  const maxAge = form.get("cacheControl");
  return {
    body: file.stream(),
    type: file.type || "application/octet-stream",
    cacheControl: typeof maxAge === "string" ? `max-age=${maxAge}` : "no-cache",
  };
}

function checkType(bucket: Bucket, type: string): void {
  const plain = type.split(";")[0]!.trim().toLowerCase();
  const allowed = bucket.allowed_mime_types;
  if (!allowed || allowed.length === 0) return;
  const fits = allowed.some((pattern) =>
    pattern === plain || pattern === "*/*" ||
    (pattern.endsWith("/*") && plain.startsWith(pattern.slice(0, -1)))
  );
  if (!fits) {
    throw new StorageRefusal(415, "invalid_mime_type", { message: `mime type ${plain} is not supported` });
  }
}

interface Upload {
  key: ObjectKey;
  upsert: boolean;
  ownerId: string | null;
  /** Null: a signed URL allowed it already. */
  caller: Identity | null;
}

/** Takes an upload in and answers as Storage does; `parts` hold rows and bytes. */
export async function takeUpload(
  request: Request,
  options: Upload & { objects: Objects; files: Files },
): Promise<Response> {
  const { key, objects, files, upsert, ownerId } = options;
  const bucket = await objects.bucket(key.bucket);
  const limit = Math.min(Number(bucket.file_size_limit ?? MAX_FILE_BYTES), MAX_FILE_BYTES);
  const content = await readContent(request, limit);
  checkType(bucket, content.type);
  const version = crypto.randomUUID();
  const row = { ...key, version, ownerId, upsert, metadata: {} };
  if (options.caller) await objects.tryInsert({ identity: options.caller, request }, row);
  else if (!upsert && await objects.exists(key)) throw duplicate();
  const size = await files.store(version, { body: content.body, limit });
  let replaced: string | null;
  try {
    replaced = await objects.record({
      ...row,
      metadata: {
        size,
        mimetype: content.type,
        cacheControl: content.cacheControl,
        lastModified: new Date().toISOString(),
        contentLength: size,
        eTag: `"${version}"`,
        httpStatusCode: 200,
      },
    });
  } catch (error) {
    await files.remove(version);
    throw error;
  }
  if (replaced) await files.remove(replaced);
  return Response.json({ Id: version, Key: `${key.bucket}/${key.name}` });
}
