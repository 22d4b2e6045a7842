// The renderer as a way into the network: no spelling, name, redirect or slow answer gets it to where it must not be.

import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { AddressRefused, checkAddress, isPublicAddress } from "../../renderer/pictures/address_rules.ts";
import { download, DownloadFailed, PICTURE_LIMITS } from "../../renderer/pictures/download.ts";
import {
  jpeg,
  renderId,
  scratchFolder,
  serveBytes,
  smallSpec,
  startFakeHost,
  startRenderer,
} from "../renderer/support.ts";

/** Spellings of this machine, of private networks and of clouds' own addresses, with `PORT` to be filled in. */
const SPELLINGS = [
  "http://127.0.0.1:PORT/",
  "http://127.1:PORT/",
  "http://127.255.255.254:PORT/",
  "http://0x7f.1:PORT/",
  "http://0x7f000001:PORT/",
  "http://2130706433:PORT/",
  "http://017700000001:PORT/",
  "http://0177.0.0.1:PORT/",
  "http://0:PORT/",
  "http://0.0.0.0:PORT/",
  "http://127.0.0.1.:PORT/",
  "http://１２７.0.0.1:PORT/",
  "http://①②⑦.⓪.⓪.①:PORT/",
  "http://127。0。0。1:PORT/",
  "http://localhost:PORT/",
  "http://LOCALHOST.:PORT/",
  "http://ｌｏｃａｌｈｏｓｔ:PORT/",
  "http:\\\\127.0.0.1:PORT\\",
  "http://example.com@127.0.0.1:PORT/",
  "http://[::1]:PORT/",
  "http://[::]:PORT/",
  "http://[0:0:0:0:0:0:0:1]:PORT/",
  "http://[::ffff:127.0.0.1]:PORT/",
  "http://[::ffff:7f00:1]:PORT/",
];

Deno.test("no spelling of this machine makes the renderer connect to it", async () => {
  let connections = 0;
  const listeners = ["127.0.0.1", "::1"].map((hostname) => Deno.listen({ hostname, port: 0 }));
  const accepting = listeners.map(async (listener) => {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  });
  await using folder = await scratchFolder();
  await using host = startFakeHost();
  await using renderer = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  const urls = listeners.flatMap(({ addr }) =>
    // As `process-next` hands them on.
    SPELLINGS.map((spelling) => new URL(spelling.replace("PORT", String((addr as Deno.NetAddr).port))).href)
  );
  // An allowed host that sends on to where nobody may go.
  urls.forEach((url, index) => {
    host.routes.set(
      `/${index}`,
      () => new Response(null, { status: 302, headers: { location: url } }),
    );
  });
  const addresses = [...urls, ...urls.map((_url, index) => `${host.origin}/${index}`)];
  for (let start = 0; start < addresses.length; start += 6) {
    const id = renderId();
    const taken = await renderer.put(id, smallSpec(host, { image_urls: addresses.slice(start, start + 6) }));
    assertEquals(taken.status, 202, await taken.text());
    const { status, error } = await renderer.ended(id);
    assertEquals([start, status, error?.code, error?.retryable], [
      start,
      "failed",
      "image_unavailable",
      false,
    ]);
  }
  assertEquals(connections, 0);
  listeners.forEach((listener) => listener.close());
  await Promise.all(accepting);
});

Deno.test("names that lead to private, link-local or translated addresses are refused, metadata services too", async () => {
  const answers: Record<string, string[]> = {
    "metadata.google.internal": ["169.254.169.254"],
    "metadata.azure.com": ["169.254.169.254"],
    "fd00-ec2.example": ["fd00:ec2::254"],
    "kubernetes.default.svc": ["10.96.0.1"],
    "ula.example": ["fc00::1"],
    "local6.example": ["fe80::1"],
    "zone.example": ["fe80::1%eth0"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "nat64.public.example": ["64:ff9b::808:808"],
    "6to4.example": ["2002:7f00:1::"],
    "teredo.example": ["2001:0:7f00:1::"],
    "cgnat.example": ["100.127.255.255"],
    "mixed.example": ["93.184.215.14", "192.168.0.1"],
    "mixed6.example": ["93.184.215.14", "::1"],
    "benchmark.example": ["198.19.0.1"],
    "multicast.example": ["239.255.255.250"],
    "reserved.example": ["255.255.255.255"],
    "garbage.example": ["not an address"],
  };
  const rules = { allowOrigins: [], resolve: (name: string) => Promise.resolve(answers[name] ?? []) };
  for (const name of Object.keys(answers)) {
    for (const url of [`http://${name}/`, `https://${name.toUpperCase()}./a.jpg`]) {
      const error = await assertRejects(() => checkAddress(new URL(url), rules), `${url} was taken`);
      assert(error instanceof AddressRefused, `${url}: ${error}`);
      assert(
        !Object.values(answers).flat().some((address) => error.message.includes(address)),
        error.message,
      );
    }
  }
});

Deno.test("at the edges of private networks the next address is public", () => {
  const edges: [string, string][] = [
    ["10.255.255.255", "11.0.0.0"],
    ["172.31.255.255", "172.32.0.0"],
    ["100.127.255.255", "100.128.0.0"],
    ["127.255.255.255", "128.0.0.1"],
    ["169.254.255.255", "169.255.0.0"],
    ["192.168.255.255", "192.169.0.0"],
    ["198.19.255.255", "198.20.0.0"],
    ["fdff::1", "2a00::1"],
    ["2002:ffff::1", "2003::1"],
  ];
  for (const [inside, outside] of edges) {
    assertEquals([inside, isPublicAddress(inside), outside, isPublicAddress(outside)], [
      inside,
      false,
      outside,
      true,
    ]);
  }
});

Deno.test("a redirect to another scheme, a user name or a name of this machine ends the download", async () => {
  await using host = startFakeHost();
  await using folder = await scratchFolder();
  const targets = [
    "file:///etc/passwd",
    "ftp://example.com/a",
    "data:image/png;base64,AA==",
    "gopher://example.com/",
  ]
    .concat([
      "javascript:1",
      "blob:http://x/y",
      "//localhost:1/",
      "http://a:b@example.com/",
      "http://",
      "",
      "http://%00/",
    ]);
  for (const location of targets) {
    host.routes.set("/a", () => new Response(null, { status: 307, headers: { location } }));
    const failure = await assertRejects(() =>
      download(`${host.origin}/a`, {
        path: `${folder.path}/a`,
        rules: { allowOrigins: [host.origin] },
        limits: PICTURE_LIMITS,
        signal: new AbortController().signal,
      }), location);
    assert(failure instanceof DownloadFailed, `${location}: ${failure}`);
    assertEquals([location, failure.kind, failure.transient], [location, "unavailable", false]);
  }
});

Deno.test("a host that drips, lies about its length, or packs a bomb costs its time and its bytes, no more", async () => {
  await using host = startFakeHost();
  await using folder = await scratchFolder();
  const dripping = () => {
    let timer: ReturnType<typeof setInterval>;
    return new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => void (timer = setInterval(() => controller.enqueue(new Uint8Array(1)), 20)),
        cancel: () => clearInterval(timer),
      }),
    );
  };
  const bomb = new Uint8Array(gzipSync(new Uint8Array(30_000_000)));
  const packed = () =>
    new Response(bomb, { headers: { "content-encoding": "gzip", "content-type": "image/png" } });
  const get = (route: () => Response, limits: Partial<typeof PICTURE_LIMITS> = {}) => {
    host.routes.set("/a", route);
    return download(`${host.origin}/a`, {
      path: `${folder.path}/a`,
      rules: { allowOrigins: [host.origin] },
      limits: { ...PICTURE_LIMITS, tries: 1, ...limits },
      signal: new AbortController().signal,
    });
  };
  const started = performance.now();
  const dripped = await assertRejects(() => get(dripping, { timeoutMs: 300 }));
  assertEquals(dripped.message, "the host took too long");
  assert(performance.now() - started < 3_000);
  // What is packed stays packed: it is no picture then, and takes no memory.
  await get(packed);
  assertEquals((await Deno.stat(`${folder.path}/a`)).size, bomb.length);
  assertEquals([PICTURE_LIMITS.maxBytes, PICTURE_LIMITS.timeoutMs], [20 * 1024 * 1024, 10_000]);
});

Deno.test("a picture beside refused ones is used, and each refused one is named without its address", async () => {
  await using folder = await scratchFolder();
  await using host = startFakeHost();
  await using renderer = await startRenderer({ dataDir: folder.path, allowOrigins: [host.origin] });
  host.routes.set("/mug.jpg", serveBytes(await jpeg()));
  const id = renderId();
  const image_urls = [
    "http://169.254.169.254/latest/meta-data/iam/",
    `${host.origin}/mug.jpg`,
    "http://10.0.0.1/?key=sesame",
    "http://user:sesame@example.com/",
  ];
  assertEquals((await renderer.put(id, smallSpec(host, { image_urls }))).status, 202);
  const { status, result } = await renderer.ended(id);
  assertEquals([status, result?.warnings], ["completed", [
    "Picture 1 could not be fetched: the address is not a public one.",
    "Picture 3 could not be fetched: the address is not a public one.",
    "Picture 4 could not be fetched: the address holds a user name or password.",
  ]]);
  assert(!renderer.output().includes("sesame"), renderer.output());
});
