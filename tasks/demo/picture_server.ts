// Serves the pictures that lie beside a feed's file, to the renderer on this machine: those that the feed names, no others.

const TYPES: Record<string, string> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  avif: "image/avif",
  heic: "image/heic",
  gif: "image/gif",
};

export interface PictureServer {
  origin: string;
  /** The address that stands for the feed's file; what is relative in the feed resolves to files relative to it. */
  addressOf(path: string): string;
  /** Allows the files that these addresses mean. */
  allow(addresses: string[]): void;
  stop(): Promise<void>;
}

function asPathname(path: string): string {
  return "/" + path.split(/[/\\]/).filter((part) => part !== "").map(encodeURIComponent).join("/");
}

/** Starts on a loopback port, a free one unless it is named. */
export function startPictureServer({ port = 0 }: { port?: number } = {}): PictureServer {
  const allowed = new Set<string>();
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const type = TYPES[pathname.split(".").at(-1)?.toLowerCase() ?? ""];
    if (!allowed.has(pathname) || !type) return new Response("not found", { status: 404 });
    try {
      const file = await Deno.open(decodeURIComponent(pathname));
      return new Response(file.readable, { headers: { "content-type": type } });
    } catch {
      return new Response("not found", { status: 404 });
    }
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  return {
    origin,
    addressOf: (path) => origin + asPathname(path),
    allow(addresses) {
      for (const address of addresses) {
        const url = new URL(address);
        if (url.origin === origin) allowed.add(url.pathname);
      }
    },
    stop: () => server.shutdown(),
  };
}
