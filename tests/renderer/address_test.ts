// Which addresses are refused, by name, by notation, by DNS answer and by redirect.

import { assert, assertEquals, assertRejects } from "../assert.ts";
import { AddressRefused, checkAddress, isPublicAddress } from "../../renderer/pictures/address_rules.ts";
import { download, DownloadFailed, PICTURE_LIMITS } from "../../renderer/pictures/download.ts";
import { guardedRequest } from "../../renderer/pictures/guarded_request.ts";
import { scratchFolder, startFakeHost } from "./support.ts";

const REFUSED = [
  "http://127.0.0.1/",
  "http://127.8.8.8/",
  "http://2130706433/",
  "http://0x7f.1/",
  "http://0177.0.0.1/",
  "http://0/",
  "http://10.1.2.3/",
  "http://172.16.0.1/",
  "http://192.168.1.1/",
  "http://169.254.169.254/latest/meta-data/",
  "http://100.64.0.1/",
  "http://192.0.0.8/",
  "http://192.0.2.1/",
  "http://198.18.0.1/",
  "http://203.0.113.5/",
  "http://224.0.0.1/",
  "http://240.0.0.1/",
  "http://255.255.255.255/",
  "http://[::]/",
  "http://[::1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:10.0.0.1]/",
  "http://[::127.0.0.1]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[64:ff9b:1::a00:1]/",
  "http://[2002:7f00:1::]/",
  "http://[2001:0:7f00:1::]/",
  "http://[fc00::1]/",
  "http://[fd12:3456::1]/",
  "http://[fe80::1]/",
  "http://[fec0::1]/",
  "http://[ff02::1]/",
  "http://[2001:db8::1]/",
  "http://localhost/",
  "http://LOCALHOST./",
  "http://user:password@example.com/",
  "ftp://example.com/a.jpg",
  "file:///etc/passwd",
  "data:image/png;base64,AA==",
  "gopher://example.com/",
];

Deno.test("private, local, reserved and disguised addresses are refused", async () => {
  const resolve = (name: string) => Promise.resolve(name === "localhost" ? ["127.0.0.1"] : ["93.184.215.14"]);
  for (const address of REFUSED) {
    const error = await assertRejects(
      () => checkAddress(new URL(address), { allowOrigins: [], resolve }),
      `${address} was taken`,
    );
    assert(error instanceof AddressRefused, `${address}: ${error}`);
  }
});

Deno.test("public addresses are taken, and connected to as they were checked", async () => {
  for (
    const address of ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "1.1.1.1", "::ffff:8.8.8.8"]
  ) {
    assert(isPublicAddress(address), address);
  }
  const resolve = () => Promise.resolve(["93.184.215.14"]);
  assertEquals(await checkAddress(new URL("https://shop.example/a.jpg"), { allowOrigins: [], resolve }), {
    address: "93.184.215.14",
    family: 4,
  });
});

Deno.test("a name with one private address among public ones is refused", async () => {
  const resolve = () => Promise.resolve(["93.184.215.14", "10.0.0.1"]);
  await assertRejects(() => checkAddress(new URL("https://shop.example/"), { allowOrigins: [], resolve }));
});

Deno.test("an allowed origin is that origin alone: other ports and schemes of its host are refused", async () => {
  const rules = { allowOrigins: ["http://127.0.0.1:54321"] };
  assertEquals((await checkAddress(new URL("http://127.0.0.1:54321/a"), rules)).address, "127.0.0.1");
  for (const other of ["http://127.0.0.1:54322/", "https://127.0.0.1:54321/", "http://localhost:54321/"]) {
    await assertRejects(() => checkAddress(new URL(other), rules), other);
  }
});

Deno.test("the name is not resolved a second time for the connection", async () => {
  await using host = startFakeHost();
  host.routes.set("/a", () => new Response("here"));
  const { port } = new URL(host.origin);
  let asked = 0;
  // Rebinding: a second answer would lead to where nothing listens.
  const resolve = () => Promise.resolve(asked++ === 0 ? ["127.0.0.1"] : ["127.0.0.2"]);
  const url = `http://shop.test:${port}`;
  const response = await guardedRequest(`${url}/a`, {
    rules: { allowOrigins: [url], resolve },
    signal: AbortSignal.timeout(5_000),
  });
  assertEquals(response.statusCode, 200);
  response.destroy();
  assertEquals(asked, 1);
});

/** The failure of fetching a path of a host whose own origin is allowed. */
async function failureOf(
  route: (request: Request) => Response | Promise<Response>,
  limits: Partial<typeof PICTURE_LIMITS> = {},
): Promise<{ failure: DownloadFailed; requests: number }> {
  await using host = startFakeHost();
  await using folder = await scratchFolder();
  host.routes.set("/a", route);
  const failure = await assertRejects(() =>
    download(`${host.origin}/a`, {
      path: `${folder.path}/a`,
      rules: { allowOrigins: [host.origin] },
      limits: { ...PICTURE_LIMITS, waitsMs: [5, 5], ...limits },
      signal: new AbortController().signal,
    })
  );
  assert(failure instanceof DownloadFailed, String(failure));
  return { failure, requests: host.requests.length };
}

Deno.test("a redirect to a private address is refused, and not one request reaches it", async () => {
  await using inner = startFakeHost();
  inner.routes.set("/secret", () => new Response("secret"));
  const { failure } = await failureOf(() => Response.redirect(`${inner.origin}/secret`, 302));
  assertEquals([failure.kind, failure.transient], ["unavailable", false]);
  assertEquals(inner.requests, []);
});

Deno.test("a sixth redirect is refused", async () => {
  const { failure, requests } = await failureOf((request) => Response.redirect(request.url, 301));
  assertEquals([failure.message, requests], ["too many redirects", 6]);
});

Deno.test("a 404 is final; 408, 429 and 5xx are tried three times", async () => {
  for (
    const [status, tries] of [[404, 1], [403, 1], [410, 1], [408, 3], [429, 3], [500, 3], [503, 3]] as const
  ) {
    const { failure, requests } = await failureOf(() => new Response("", { status }));
    assertEquals([status, requests, failure.kind], [status, tries, "unavailable"]);
  }
});

Deno.test("a file that is too large is refused, announced or not", async () => {
  const endless = () =>
    new Response(
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      }),
    );
  const announced = () => new Response(new Uint8Array(3_000_000));
  for (const route of [endless, announced]) {
    const { failure, requests } = await failureOf(route, { maxBytes: 1_000_000 });
    assertEquals([failure.kind, failure.transient, requests], ["too_large", false, 1]);
  }
});

Deno.test("a host that hangs costs the time-out, not more", async () => {
  const started = performance.now();
  const { failure } = await failureOf(
    () => new Promise((resolve) => setTimeout(() => resolve(new Response("late")), 400)),
    { timeoutMs: 100, tries: 1 },
  );
  assertEquals(failure.message, "the host took too long");
  assert(performance.now() - started < 3_000);
});
