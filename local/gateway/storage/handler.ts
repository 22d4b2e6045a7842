// `/storage/v1/object/…`: the routes that supabase-js uses for upload, signed upload and download, list, remove.

import type { Configuration } from "../../configuration.ts";
import type { Pool } from "../database.ts";
import type { Identify, Identity } from "../identity.ts";
import { NotServed, notServed } from "../not_served.ts";
import { fileResponse } from "../static_files.ts";
import { objectNotFound, storageErrorResponse, StorageRefusal } from "./errors.ts";
import { createFiles, type Files } from "./files.ts";
import { createObjects, type ObjectKey, type Objects, type StoredObject } from "./objects.ts";
import { createTokens, type Tokens } from "./tokens.ts";
import { takeUpload } from "./uploads.ts";

const PREFIX = "/storage/v1/object/";
const UPLOAD_TOKEN_S = 2 * 60 * 60;
const NOT_SERVED = ["public", "info", "move", "copy", "list-v2"];
/** Storage's own rule for object names. */
const NAME = /^[\w/!.*'() &$@=;:+,?-]+$/;

interface StorageOptions {
  configuration: Configuration;
  pool: Pool;
  identify: Identify;
}

interface Call {
  request: Request;
  url: URL;
  key: ObjectKey;
}

function keyOf(path: string): ObjectKey {
  const [bucket = "", ...rest] = path.split("/");
  const name = rest.join("/");
  if (name !== "" && !NAME.test(name)) {
    throw new StorageRefusal(400, "InvalidKey", { message: `Invalid key: ${name}` });
  }
  return { bucket, name };
}

interface Parts {
  objects: Objects;
  files: Files;
  tokens: Tokens;
  identify: Identify;
}

async function callerOf({ identify }: Parts, request: Request): Promise<Identity> {
  const identified = await identify(request, { needsKey: false });
  if ("identity" in identified) return identified.identity;
  throw new StorageRefusal(403, "Unauthorized", { message: identified.message });
}

async function send(
  parts: Parts,
  { request, url, key }: Call,
  object: StoredObject | undefined,
): Promise<Response> {
  if (!object) throw objectNotFound();
  const { metadata, version } = object;
  const name = url.searchParams.get("download");
  const headers: Record<string, string> = {
    "content-type": metadata.mimetype,
    "cache-control": metadata.cacheControl,
    "etag": `"${version}"`,
    "last-modified": new Date(metadata.lastModified).toUTCString(),
  };
  if (name !== null) {
    const shown = encodeURIComponent(name || key.name.split("/").at(-1)!);
    headers["content-disposition"] = `attachment; filename*=UTF-8''${shown}`;
  }
  const response = await fileResponse(request, { path: parts.files.path(version), headers });
  if (!response) throw objectNotFound();
  return response;
}

async function signUpload(parts: Parts, { request, key }: Call): Promise<Response> {
  const identity = await callerOf(parts, request);
  const upsert = request.headers.get("x-upsert") === "true";
  const ownerId = typeof identity.claims.sub === "string" ? identity.claims.sub : null;
  const row = { ...key, version: crypto.randomUUID(), ownerId, upsert, metadata: {} };
  await parts.objects.bucket(key.bucket);
  await parts.objects.tryInsert({ identity, request }, row);
  const token = await parts.tokens.sign({ ...key, purpose: "upload", ownerId, upsert }, UPLOAD_TOKEN_S);
  return Response.json({ url: `/object/upload/sign/${key.bucket}/${key.name}?token=${token}`, token });
}

async function uploadSigned(parts: Parts, { request, url, key }: Call): Promise<Response> {
  const token = url.searchParams.get("token") ?? "";
  const { ownerId = null, upsert = false } = await parts.tokens.check(token, { key, purpose: "upload" });
  return await takeUpload(request, {
    key,
    upsert,
    ownerId,
    caller: null,
    objects: parts.objects,
    files: parts.files,
  });
}

async function upload(parts: Parts, { request, key }: Call): Promise<Response> {
  const caller = await callerOf(parts, request);
  const ownerId = typeof caller.claims.sub === "string" ? caller.claims.sub : null;
  const upsert = request.method === "PUT" || request.headers.get("x-upsert") === "true";
  return await takeUpload(request, {
    key,
    upsert,
    ownerId,
    caller,
    objects: parts.objects,
    files: parts.files,
  });
}

async function sign(parts: Parts, { request, key }: Call): Promise<Response> {
  const identity = await callerOf(parts, request);
  const body = await request.json().catch(() => null);
  const expiresInS = Number(body?.expiresIn);
  if (!(expiresInS > 0)) {
    throw new StorageRefusal(400, "invalid_request", { message: "expiresIn must be positive" });
  }
  if (body?.transform) throw new NotServed("transformed images");
  const names: string[] = key.name ? [key.name] : body?.paths;
  if (!Array.isArray(names)) {
    throw new StorageRefusal(400, "invalid_request", { message: "paths must be a list" });
  }
  const found = await parts.objects.find({ identity, request }, { bucket: key.bucket, names });
  const visible = new Set(found.map(({ name }) => name));
  const answers = await Promise.all(names.map(async (name) => {
    if (!visible.has(name)) {
      return {
        error: "Either the object does not exist or you do not have access to it",
        path: name,
        signedURL: null,
      };
    }
    const token = await parts.tokens.sign({ bucket: key.bucket, name, purpose: "read" }, expiresInS);
    return { error: null, path: name, signedURL: `/object/sign/${key.bucket}/${name}?token=${token}` };
  }));
  if (!key.name) return Response.json(answers);
  if (!answers[0]?.signedURL) throw objectNotFound();
  return Response.json({ signedURL: answers[0].signedURL });
}

async function readSigned(parts: Parts, call: Call): Promise<Response> {
  await parts.tokens.check(call.url.searchParams.get("token") ?? "", { key: call.key, purpose: "read" });
  return await send(parts, call, await parts.objects.findSigned(call.key));
}

async function read(parts: Parts, call: Call): Promise<Response> {
  const { request, key } = call;
  const caller = { identity: await callerOf(parts, request), request };
  const [object] = await parts.objects.find(caller, { bucket: key.bucket, names: [key.name] });
  return await send(parts, call, object);
}

async function list(parts: Parts, { request, key }: Call): Promise<Response> {
  const identity = await callerOf(parts, request);
  const body = await request.json().catch(() => ({}));
  const folder = String(body?.prefix ?? "").replace(/^\/+|\/+$/g, "");
  const sort = body?.sortBy?.column ?? "name";
  if (sort !== "name") throw new NotServed(`a list sorted by ${sort}`);
  return Response.json(
    await parts.objects.list({ identity, request }, {
      bucket: key.bucket,
      prefix: folder ? `${folder}/` : "",
      search: String(body?.search ?? ""),
      limit: Math.min(Number(body?.limit ?? 100), 1000),
      offset: Number(body?.offset ?? 0),
      descending: body?.sortBy?.order === "desc",
    }),
  );
}

async function remove(parts: Parts, { request, key }: Call): Promise<Response> {
  const identity = await callerOf(parts, request);
  const names: unknown = key.name ? [key.name] : (await request.json().catch(() => null))?.prefixes;
  if (!Array.isArray(names) || names.some((name) => typeof name !== "string")) {
    throw new StorageRefusal(400, "invalid_request", { message: "prefixes must be a list of names" });
  }
  const removed = await parts.objects.remove({ identity, request }, { bucket: key.bucket, names });
  await Promise.all(removed.map(({ version }) => parts.files.remove(version)));
  if (!key.name) return Response.json(removed);
  if (removed.length === 0) throw objectNotFound();
  return Response.json({ message: "Successfully deleted" });
}

/** The handler of everything under `/storage/v1/`. */
export function createStorage(options: StorageOptions): (request: Request) => Promise<Response> {
  const { configuration, pool, identify } = options;
  const parts: Parts = {
    objects: createObjects(pool),
    files: createFiles(configuration.dataDir),
    tokens: createTokens(configuration.tokenSecret),
    identify,
  };

  async function route(request: Request, url: URL): Promise<Response> {
    const what = `${request.method} ${url.pathname}`;
    if (!url.pathname.startsWith(PREFIX)) throw new NotServed(what);
    const path = decodeURIComponent(url.pathname.slice(PREFIX.length));
    const method = request.method === "HEAD" ? "GET" : request.method;
    const [verb, call] = (["upload/sign/", "sign/", "list/", "authenticated/"] as const)
      .filter((prefix) => path.startsWith(prefix))
      .map((prefix) =>
        [`${method} ${prefix}`, { request, url, key: keyOf(path.slice(prefix.length)) }] as const
      )[0] ??
      [`${method} `, { request, url, key: keyOf(path) }] as const;
    if (NOT_SERVED.includes(path.split("/")[0]!)) throw new NotServed(what);
    const named = call.key.name !== "";
    if (verb === "POST sign/") return await sign(parts, call);
    if (verb === "POST list/" && !named) return await list(parts, call);
    if (verb === "DELETE ") return await remove(parts, call);
    if (!named) throw new NotServed(what);
    if (verb === "POST upload/sign/") return await signUpload(parts, call);
    if (verb === "PUT upload/sign/") return await uploadSigned(parts, call);
    if (verb === "GET sign/") return await readSigned(parts, call);
    if (verb === "GET authenticated/" || verb === "GET ") return await read(parts, call);
    if (verb === "POST " || verb === "PUT ") return await upload(parts, call);
    throw new NotServed(what);
  }

  return async function handle(request) {
    try {
      return await route(request, new URL(request.url));
    } catch (error) {
      if (error instanceof NotServed) return notServed(error.message);
      const response = storageErrorResponse(error);
      if (!response) throw error;
      return response;
    }
  };
}
