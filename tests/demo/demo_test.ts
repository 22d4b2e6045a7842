// The demo's own parts: its command line, its picture server, its names, its verdict.

import { assert, assertEquals } from "../assert.ts";
import type { BatchStatus, ProductJob } from "../../tasks/demo/batch.ts";
import { fitColumns } from "../../tasks/demo/display.ts";
import { fileName } from "../../tasks/demo/downloads.ts";
import { readArguments } from "../../tasks/demo/options.ts";
import { startPictureServer } from "../../tasks/demo/picture_server.ts";
import { findFaults, jsonLine } from "../../tasks/demo/report.ts";

function job(changes: Partial<ProductJob>): ProductJob {
  return {
    product_id: "p1",
    job_id: "j1",
    title: "Mug",
    status: "completed",
    progress: "100",
    error: null,
    error_code: null,
    stage: "store",
    result: { video_url: "http://127.0.0.1/v", duration_s: 15, size_bytes: 1 },
    ...changes,
  };
}

function status(jobs: ProductJob[]): BatchStatus {
  return {
    batch_id: "b",
    status: "completed",
    outcome: "succeeded",
    total: jobs.length,
    completed: jobs.filter((row) => row.status === "completed").length,
    failed: jobs.filter((row) => row.status === "failed").length,
    product_jobs: jobs,
  };
}

Deno.test("readArguments takes what the usage lists and names what is wrong", () => {
  assertEquals(readArguments(["--json", "--feed", "f.xml", "--limit", "50", "--duration", "60"]), {
    kind: "run",
    options: { feed: "f.xml", limit: 50, durationS: 60, json: true },
  });
  assertEquals(readArguments([]), {
    kind: "run",
    options: { feed: null, limit: null, durationS: 15, json: false },
  });
  for (
    const args of [
      ["--limit", "1"],
      ["--limit", "51"],
      ["--limit", "2.5"],
      ["--duration", "20"],
      ["--duration", ""],
      ["--x"],
      [
        "y",
      ],
      ["--feed", ""],
      ["--feed"],
    ]
  ) {
    assertEquals([args, readArguments(args).kind], [args, "wrong"]);
  }
});

Deno.test("startPictureServer serves the pictures that were allowed and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/a b.png`, "picture");
  await Deno.writeTextFile(`${folder}/c.png`, "other");
  await Deno.writeTextFile(`${folder}/secret.txt`, "secret");
  const server = startPictureServer();
  const base = server.addressOf(`${folder}/feed.xml`);
  const address = (name: string) => new URL(name, base).href;
  try {
    server.allow([
      address("a b.png"),
      address("secret.txt"),
      address("gone.png"),
      "https://elsewhere.example/c.png",
    ]);
    const taken = await fetch(address("a b.png"));
    assertEquals([taken.status, taken.headers.get("content-type"), await taken.text()], [
      200,
      "image/png",
      "picture",
    ]);
    for (const name of ["c.png", "secret.txt", "gone.png", "/etc/passwd", ""]) {
      const refused = await fetch(address(name));
      await refused.body?.cancel();
      assertEquals([name, refused.status], [name, 404]);
    }
  } finally {
    await server.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("fileName is readable, ordered and safe for any title", () => {
  assertEquals(fileName(job({ title: "Vază „Țărm” ☕ /../x" }), 1), "02_vaza-tarm-x.mp4");
  assertEquals(fileName(job({ title: "☕" }), 0), "01_j1.mp4");
  assert(fileName(job({ title: "long ".repeat(200) }), 49).length < 80);
});

Deno.test("fitColumns fills and cuts to the same width, whatever the script", () => {
  assertEquals(fitColumns("abc", 5), "abc  ");
  assertEquals(fitColumns("abcdef", 5), "abcd…");
  assertEquals(fitColumns("漢字かな", 5), "漢字…");
  assertEquals(fitColumns("a\u001b[2Jb", 6), "a [2Jb");
});

Deno.test("findFaults is empty exactly when every row is as expected, in order, with its file", () => {
  const expected = [{ id: "p1", expected: null }, { id: "p2", expected: "image_unavailable" }];
  const failed = job({
    product_id: "p2",
    job_id: "j2",
    status: "failed",
    error_code: "image_unavailable",
    result: null,
  });
  const outcome = { status: status([job({}), failed]), wallS: 1, files: ["/out/1.mp4", null], failures: [] };
  assertEquals(findFaults(expected, outcome), []);
  const faulty = [
    { ...outcome, files: [null, null] },
    { ...outcome, failures: ["download"] },
    { ...outcome, status: status([failed, job({})]) },
    { ...outcome, status: status([job({})]) },
    { ...outcome, status: status([job({}), { ...failed, error_code: "image_invalid" }]) },
    { ...outcome, status: status([job({}), job({ product_id: "p2" })]) },
  ];
  for (const each of faulty) assert(findFaults(expected, each).length > 0);
  assertEquals(Object.keys(JSON.parse(jsonLine(outcome))), [
    "batch_id",
    "status",
    "outcome",
    "total",
    "completed",
    "failed",
    "wall_s",
    "product_jobs",
    "files",
  ]);
});
