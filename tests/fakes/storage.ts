// Supabase Storage's object routes that the pipeline and a renderer use, in memory.

export interface StorageFake extends AsyncDisposable {
  origin: string;
  /** By path within the bucket. */
  objects: Map<string, { bytes: Uint8Array; contentType: string }>;
  /** `POST sign path` and so on, in order. */
  calls: string[];
  /** Answers 503 to everything while set. */
  away: boolean;
}

const DUPLICATE = { statusCode: "409", error: "Duplicate", message: "The resource already exists" };
const NOT_FOUND = { statusCode: "404", error: "not_found", message: "Object not found" };

/** Starts one on a free port. */
export function startStorage(): StorageFake {
  let tokens = 0;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const url = new URL(request.url);
    const [, route = "", path = ""] =
      url.pathname.match(/^\/storage\/v1\/object\/(upload\/sign\/|sign\/|list\/|)videos\/?(.*)$/) ?? [];
    fake.calls.push(`${request.method} ${route}${path}`);
    if (fake.away) return new Response("away", { status: 503 });
    const action = `${request.method} ${route}`;
    const object = fake.objects.get(path);
    if (action === "POST upload/sign/") {
      return object ? Response.json(DUPLICATE, { status: 400 }) : Response.json({
        url: `/object/upload/sign/videos/${path}?token=up${++tokens}`,
      });
    }
    if (action === "POST sign/") {
      return object
        ? Response.json({ signedURL: `/object/sign/videos/${path}?token=read${++tokens}` })
        : Response.json(NOT_FOUND, { status: 400 });
    }
    if (action === "POST " || action === "PUT upload/sign/") {
      if (route !== "" && !url.searchParams.get("token")) return Response.json({}, { status: 400 });
      if (object) return Response.json(DUPLICATE, { status: 400 });
      const bytes = new Uint8Array(await request.arrayBuffer());
      fake.objects.set(path, { bytes, contentType: request.headers.get("content-type") ?? "" });
      return Response.json({ Key: `videos/${path}`, Id: crypto.randomUUID() });
    }
    if (action === "GET sign/" && object) {
      return new Response(object.bytes as BufferSource, { headers: { "content-type": object.contentType } });
    }
    if (action === "POST list/") {
      const { prefix, search } = await request.json();
      return Response.json(
        [...fake.objects].filter(([key]) => key.startsWith(`${prefix}/${search ?? ""}`)).map((
          [key, { bytes }],
        ) => ({
          name: key.slice(prefix.length + 1),
          id: key,
          metadata: { size: bytes.length },
        })),
      );
    }
    return Response.json(NOT_FOUND, { status: 404 });
  });
  const fake: StorageFake = {
    origin: `http://127.0.0.1:${server.addr.port}`,
    objects: new Map(),
    calls: [],
    away: false,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return fake;
}
