// A headless Chromium over its debugging protocol: one page, in which JavaScript is run.

/** A page of a running browser. */
export interface Page {
  open(url: string): Promise<void>;
  /** Runs an async function's text with JSON arguments in the page, and gives its JSON result. */
  run<T>(body: string, ...args: unknown[]): Promise<T>;
  [Symbol.asyncDispose](): Promise<void>;
}

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** The browser of this machine: `CHROMIUM_PATH`, else the first that the search path has. */
export async function findChromium(): Promise<string | null> {
  const given = Deno.env.get("CHROMIUM_PATH");
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const candidates = given ? [given] : NAMES.flatMap((name) => folders.map((folder) => `${folder}/${name}`));
  for (const path of candidates) {
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  return null;
}

interface Reply {
  id?: number;
  method?: string;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** Commands of the protocol over one socket. */
async function connect(address: string) {
  const socket = new WebSocket(address);
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  const events = new Map<string, () => void>();
  let last = 0;
  socket.onmessage = ({ data }) => {
    const { id, method, result, error }: Reply = JSON.parse(data);
    if (method) events.get(method)?.();
    const asked = waiting.get(id ?? 0);
    if (error) asked?.reject(new Error(error.message));
    else asked?.resolve(result ?? {});
    waiting.delete(id ?? 0);
  };
  const opened = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve();
  socket.onerror = () => opened.reject(new Error(`no connection to ${address}`));
  socket.onclose = () => waiting.forEach(({ reject }) => reject(new Error("the browser ended")));
  await opened.promise;
  return {
    send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
      const reply = Promise.withResolvers<Record<string, unknown>>();
      waiting.set(++last, reply);
      socket.send(JSON.stringify({ id: last, method, params }));
      return reply.promise;
    },
    once(event: string): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      events.set(event, resolve);
      return promise;
    },
    close: () => socket.close(),
  };
}

async function start(path: string, profile: string) {
  const browser = new Deno.Command(path, {
    args: [
      "--headless=new",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      // Chromium's own sandbox does not run as root; the page is ours alone.
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--disable-gpu",
      "--no-first-run",
      "--mute-audio",
      "--autoplay-policy=no-user-gesture-required",
      "about:blank",
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const [heard, drained] = browser.stderr.tee();
  const drain = drained.pipeTo(new WritableStream());
  let said = "";
  for await (const text of heard.pipeThrough(new TextDecoderStream())) {
    said += text;
    const port = said.match(/DevTools listening on ws:\/\/[^:]+:(\d+)\//)?.[1];
    if (port) return { browser, drain, port };
  }
  throw new Error(`Chromium ended: ${said}`);
}

/** Starts the browser with a profile of its own; both are gone when the page is disposed of. */
export async function openChromium(path: string): Promise<Page> {
  const profile = await Deno.makeTempDir({ prefix: "reelbatch-chromium-" });
  const { browser, drain, port } = await start(path, profile);
  const targets: { type: string; webSocketDebuggerUrl: string }[] =
    await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const page = await connect(targets.find(({ type }) => type === "page")!.webSocketDebuggerUrl);
  await page.send("Page.enable");
  return {
    async open(url) {
      const loaded = page.once("Page.loadEventFired");
      await page.send("Page.navigate", { url });
      await loaded;
    },
    async run<T>(body: string, ...args: unknown[]): Promise<T> {
      const expression = `(async (...args) => { ${body} })(...${JSON.stringify(args)})`;
      const { result, exceptionDetails } = await page.send("Runtime.evaluate", {
        expression,
        awaitPromise: true,
        returnByValue: true,
      }) as { result: { value: T }; exceptionDetails?: { exception?: { description?: string } } };
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? "the page threw");
      return result.value;
    },
    async [Symbol.asyncDispose]() {
      // Its answer may not come any more.
      page.send("Browser.close").catch(() => {});
      await browser.status;
      page.close();
      await drain.catch(() => {});
      await Deno.remove(profile, { recursive: true });
    },
  };
}
