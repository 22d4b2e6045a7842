// Merchant feeds as shops publish them, and as nobody should.

import fc from "fast-check";
import { assert, assertEquals, assertExists, assertMatch } from "../assert.ts";
import { FeedError, readFeed } from "../../feeds/import.ts";

const BASE = "https://shop.example/feeds/google.xml";

function rss(items: string, head = ""): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>${head}${items}</channel></rss>`;
}

function item(fields: string): string {
  return `<item><g:id>A1</g:id><g:title>Mug</g:title><g:image_link>mug.jpg</g:image_link>${fields}</item>`;
}

function only(xml: string | Uint8Array, base: string | null = BASE) {
  const { products, problems } = readFeed(xml, base, { now: new Date("2026-06-15T12:00:00Z") });
  assertEquals(products.length, 1, JSON.stringify(problems));
  assertExists(products[0]);
  return { product: products[0], problems };
}

function thrownBy(run: () => unknown): FeedError {
  try {
    run();
  } catch (error) {
    assert(error instanceof FeedError, String(error));
    return error;
  }
  throw new Error("nothing was thrown");
}

Deno.test("readFeed reads every field of a Google Merchant item", () => {
  const { product, problems } = only(rss(
    `<item>
      <g:id>SKU-1</g:id>
      <g:title>Cană &amp; farfurie</g:title>
      <g:description><![CDATA[<p>Hand &amp; heart.</p><ul><li>Dishwasher safe</li></ul><script>alert(1)</script>]]></g:description>
      <g:link>/p/1?a=1&amp;b=2</g:link>
      <g:image_link>../img/one.jpg</g:image_link>
      <g:additional_image_link>../img/two.jpg</g:additional_image_link>
      <g:additional_image_link>//cdn.example/three.jpg</g:additional_image_link>
      <g:additional_image_link>../img/one.jpg</g:additional_image_link>
      <g:price>249,00 RON</g:price><g:sale_price>199,00 RON</g:sale_price>
      <g:brand>Atelier</g:brand>
    </item>`,
    "<language>ro-ro</language>",
  ));
  assertEquals(problems, []);
  assertEquals(product, {
    external_id: "SKU-1",
    title: "Cană & farfurie",
    brand: "Atelier",
    description: "Hand & heart.\n\nDishwasher safe",
    price: "249.00",
    sale_price: "199.00",
    currency: "RON",
    image_urls: [
      "https://shop.example/img/one.jpg",
      "https://shop.example/img/two.jpg",
      "https://cdn.example/three.jpg",
    ],
    link: "https://shop.example/p/1?a=1&b=2",
    language: "ro-RO",
  });
});

Deno.test("readFeed reads Atom with its link attribute", () => {
  const { product } = only(
    `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0" xml:lang="de">
    <entry><id>tag:shop,1</id><g:id>7</g:id><title>Becher</title><link rel="alternate" href="/b"/>
    <link rel="enclosure" type="image/png" href="b.png"/><summary>Gut.</summary><g:price>1.249,99 EUR</g:price></entry></feed>`,
  );
  assertEquals(product.external_id, "7");
  assertEquals(product.title, "Becher");
  assertEquals(product.link, "https://shop.example/b");
  assertEquals(product.image_urls, ["https://shop.example/feeds/b.png"]);
  assertEquals(product.description, "Gut.");
  assertEquals([product.price, product.currency, product.language], ["1249.99", "EUR", "de"]);
});

Deno.test("readFeed reads prefixed Atom, RSS 1.0, unprefixed fields and other prefixes of Google's namespace", () => {
  const fields = "<id>1</id><title>Mug</title><image_link>m.jpg</image_link><price>20.00 USD</price>";
  for (
    const xml of [
      `<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><a:entry><a:id>1</a:id>
        <a:title>Mug</a:title><g:image_link>m.jpg</g:image_link><g:price>20.00 USD</g:price></a:entry></a:feed>`,
      `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel/>
        <item>${fields}</item></rdf:RDF>`,
      `<rss><channel><item>${fields}</item></channel></rss>`,
      `<rss xmlns:m="http://base.google.com/ns/1.0"><channel><item>${
        fields.replace(/<(\/?)/g, "<$1m:")
      }</item></channel></rss>`,
    ]
  ) {
    const { product } = only(xml);
    assertEquals([product.external_id, product.title, product.price], ["1", "Mug", "20.00"], xml);
    assertEquals(product.image_urls, ["https://shop.example/feeds/m.jpg"]);
  }
});

Deno.test("readFeed leaves fields of other namespaces alone", () => {
  const { product } = only(
    `<rss xmlns:g="http://base.google.com/ns/1.0" xmlns:c="http://base.google.com/cns/2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <channel><item><dc:title>Not this</dc:title><g:id>1</g:id><title>This</title><c:price>1 USD</c:price>
      <g:price>20 USD</g:price><g:image_link>a.jpg</g:image_link></item></channel></rss>`,
  );
  assertEquals([product.title, product.price], ["This", "20.00"]);
});

Deno.test("readFeed keeps a sale price only where it is lower, in the same currency and holds now", () => {
  const sale = (fields: string) => only(rss(item(`<g:price>100 EUR</g:price>${fields}`)));
  assertEquals(sale("<g:sale_price>80 EUR</g:sale_price>").product.sale_price, "80.00");
  assertEquals(sale("<g:sale_price>100 EUR</g:sale_price>").product.sale_price, null);
  for (const [text, field] of [["120 EUR", "sale_price"], ["80 USD", "sale_price"], ["soon", "sale_price"]]) {
    const { product, problems } = sale(`<g:sale_price>${text}</g:sale_price>`);
    assertEquals([product.price, product.sale_price], ["100.00", null]);
    assertEquals(problems.map((problem) => problem.field), [field!]);
  }
  const during = (span: string) =>
    sale(
      `<g:sale_price>80 EUR</g:sale_price><g:sale_price_effective_date>${span}</g:sale_price_effective_date>`,
    );
  assertEquals(during("2026-06-01T00:00-0800/2026-07-01T00:00-0800").product.sale_price, "80.00");
  assertEquals(during("2026-06-01/2026-06-10").product.sale_price, null);
  assertEquals(during("2027-06-01T13:00+02:00/2027-07-01T13:00+02:00").product.sale_price, null);
  assertEquals(during("all summer").product.sale_price, null);
  assertEquals(during("all summer").problems.length, 1);
});

Deno.test("readFeed reports a price that cannot be read, and keeps the product without one", () => {
  const { product, problems } = only(rss(item("<g:price>19.990 EUR</g:price>")));
  assertEquals([product.price, product.currency], [null, null]);
  assertEquals(problems.map(({ id, field, skipped }) => ({ id, field, skipped })), [
    { id: "A1", field: "price", skipped: false },
  ]);
});

Deno.test("readFeed skips products without id or title and repeated ids, each by its id", () => {
  const { products, problems } = readFeed(
    rss(
      `${item("")}<item><g:title>No id</g:title></item><item><g:id>B</g:id></item>${
        item("<g:brand>2</g:brand>")
      }`,
    ),
    BASE,
  );
  assertEquals(products.map((product) => [product.external_id, product.brand]), [["A1", null]]);
  assertEquals(problems.map(({ id, field, skipped }) => [id, field, skipped]), [
    ["item 2", "id", true],
    ["B", "title", true],
    ["A1", "id", true],
  ]);
});

Deno.test("readFeed reports relative addresses of a feed without an address, and addresses that are not of the web", () => {
  const { product, problems } = only(
    rss(item(
      "<g:additional_image_link>https://cdn.example/a.jpg</g:additional_image_link>" +
        "<g:additional_image_link>file:///etc/passwd</g:additional_image_link><g:link>javascript:alert(1)</g:link>",
    )),
    null,
  );
  assertEquals([product.image_urls, product.link], [["https://cdn.example/a.jpg"], null]);
  assertEquals(problems.map((problem) => problem.field), ["image_link", "image_link", "link"]);
});

Deno.test("readFeed reads the encodings that declarations, byte order marks and transports name", () => {
  const title = "Ceașcă țărănească";
  const text = (encoding: string) =>
    rss(item("")).replace("UTF-8", encoding).replace("Mug", encoding === "ISO-8859-1" ? "Théière" : title);
  const utf16 = (swap: boolean, mark: boolean) => {
    const source = (mark ? "\ufeff" : "") + text("UTF-16");
    const bytes = new Uint8Array(source.length * 2);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < source.length; i++) view.setUint16(i * 2, source.charCodeAt(i), !swap);
    return bytes;
  };
  const latin1 = Uint8Array.from(text("ISO-8859-1"), (letter) => letter.charCodeAt(0));
  assertEquals(only(new TextEncoder().encode("\ufeff" + text("UTF-8"))).product.title, title);
  assertEquals(only(latin1).product.title, "Théière");
  for (const swap of [false, true]) {
    for (const mark of [false, true]) assertEquals(only(utf16(swap, mark)).product.title, title);
  }
  const unmarked = Uint8Array.from(latin1, (byte) => byte);
  const { products } = readFeed(unmarked, BASE, { charset: "iso-8859-1" });
  assertEquals(products[0]?.title, "Théière");
});

Deno.test("readFeed reports products whose letters are not of the feed's encoding, and keeps the others", () => {
  const xml = rss(`${item("")}<item><g:id>B</g:id><g:title>Th#i#re</g:title></item>`);
  const bytes = Uint8Array.from(xml, (letter) => letter === "#" ? 0xe9 : letter.charCodeAt(0));
  const { products, problems } = readFeed(bytes, BASE);
  assertEquals(products.map((product) => product.external_id), ["A1"]);
  assertEquals(problems.map(({ id, skipped }) => [id, skipped]), [["B", true]]);
});

Deno.test("readFeed refuses entities of a document type, and expands nothing", () => {
  const laughs =
    `<?xml version="1.0"?><!-- <!DOCTYPE ok> --><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>${
      rss(item("<g:brand>&b;</g:brand>")).replace(/^<\?xml.*?\?>/, "")
    }`;
  assertMatch(thrownBy(() => readFeed(laughs, BASE)).message, /entities of its own/);
  const external = laughs.replace(/\[.*?\]/, 'SYSTEM "file:///etc/passwd"');
  assertEquals(only(external).product.brand, "&b;");
});

Deno.test("readFeed resolves XML's own, HTML's and numeric entities outside of CDATA", () => {
  const { product } = only(rss(item("<g:brand>R&amp;D &#8211; caf&eacute; &#x1F600;</g:brand>")));
  assertEquals(product.brand, "R&D – café 😀");
  const { product: raw } = only(rss(item("<g:description><![CDATA[1 < 2 &amp; 3]]></g:description>")));
  assertEquals(raw.description, "1 < 2 & 3");
});

Deno.test("readFeed keeps what can be read of a truncated or broken feed, and names the rest", () => {
  const broken = rss(`${item("")}<item><g:id>B</g:id><g:title>Broken</g:titel></item>
    <item><g:id>C</g:id><g:title>Salt & pepper</g:title><g:image_link>c.jpg?a=1&b=2</g:image_link></item>
    <item><g:id>D</g:id><g:title>Cut`).replace(/<\/channel>.*$/s, "");
  const { products, problems } = readFeed(broken, BASE);
  assertEquals(products.map((product) => product.title), ["Mug", "Salt & pepper"]);
  assertEquals(products[1]?.image_urls, ["https://shop.example/feeds/c.jpg?a=1&b=2"]);
  assertEquals(problems.map(({ id, skipped }) => [id, skipped]), [["B", true], ["D", true]]);
});

Deno.test("readFeed refuses what is no feed with a message for people", () => {
  for (const text of ["", "hello", "<html><body/></html>", "{}", rss(""), "<rss>", "<a>".repeat(100_000)]) {
    assert(thrownBy(() => readFeed(text, BASE)).message.length > 10);
  }
});

Deno.test("readFeed survives names of prototypes, control characters and unpaired surrogates", () => {
  const { product } = only(
    rss(item("<toString>y</toString><g:brand>a&#7;b&#x85;</g:brand>")),
  );
  assertEquals(product.brand?.isWellFormed(), true);
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u001f]/.test(product.brand ?? ""));
  const { products, problems } = readFeed(
    rss(`${item("")}<item><g:id>P</g:id><__proto__>1</__proto__></item>`),
    BASE,
  );
  assertEquals([products.length, problems[0]?.id], [1, "P"]);
});

Deno.test("readFeed reads 5,000 products with long descriptions in seconds", () => {
  const words = "A long &amp; honest &lt;b&gt;description&lt;/b&gt; of a mug. ".repeat(20);
  const items = Array.from(
    { length: 5000 },
    (_, at) =>
      item(`<g:description>${words}</g:description><g:price>20 EUR</g:price>`).replace("A1", `A${at}`),
  ).join("");
  const start = performance.now();
  assertEquals(readFeed(rss(items), BASE).products.length, 5000);
  assert(performance.now() - start < 10_000);
});

Deno.test("readFeed gives for any text products or a FeedError, never another error", () => {
  const part = fc.constantFrom(
    "<rss>",
    "</rss>",
    "<channel>",
    "<item>",
    "</item>",
    "<g:id>",
    "</g:id>",
    "1",
    "<![CDATA[",
    "]]>",
    "&",
    "&#0;",
    "<!--",
    "-->",
    "<g:title>t</g:title>",
    "<!DOCTYPE rss>",
    "<?xml version='1.0'?>",
    "<g:price>1,2 EUR</g:price>",
    "<id/>",
    "\u0000",
    "\ud800",
  );
  const text = fc.oneof(fc.array(part, { maxLength: 25 }).map((parts) => parts.join("")), fc.string());
  fc.assert(
    fc.property(text, (xml) => {
      try {
        for (const product of readFeed(xml, BASE).products) assert(product.external_id && product.title);
      } catch (error) {
        assert(error instanceof FeedError, `${error}`);
      }
    }),
    { numRuns: 2000 },
  );
});
