// A database that is killed: every function says so at once, and goes on when it is back.

import { assert, assertEquals, eventually } from "../assert.ts";
import { ownStack } from "../support/stack.ts";

Deno.test("while Postgres is gone every function answers 503 unavailable, and afterwards as before", async () => {
  const stack = await ownStack({ restartAfter: { postgres: 3 } });
  try {
    const { data } = await stack.demo.auth.getSession();
    const asUser = { authorization: `Bearer ${data.session?.access_token}` };
    const asPeer = { apikey: stack.env.SUPABASE_SECRET_KEY ?? "", "content-type": "application/json" };
    const id = crypto.randomUUID();
    const calls: [string, RequestInit][] = [
      [`/batch-status/${id}`, { headers: asUser }],
      ["/batch-status", { headers: asUser }],
      [`/batch-generate/${id}/cancel`, { method: "POST", headers: asUser }],
      ["/process-next", { method: "POST", headers: asPeer, body: JSON.stringify({ batch_id: id }) }],
    ];
    const send = async ([path, init]: [string, RequestInit]) => {
      const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1${path}`, init);
      const text = await response.text();
      return {
        status: response.status,
        code: JSON.parse(text).code,
        retry: response.headers.get("retry-after"),
        text,
      };
    };
    const before = await Promise.all(calls.map(send));
    assertEquals(before.map(({ status }) => status), [404, 200, 404, 202]);

    const { postgres } = JSON.parse(await Deno.readTextFile(`${stack.dataDir}/processes.json`));
    for (const pid of postgres) Deno.kill(pid, "SIGKILL");
    await eventually(async () => (await send(calls[1]!)).status !== 200, { what: "Postgres is gone" });
    for (const answer of await Promise.all(calls.map(send))) {
      assertEquals([answer.status, answer.code], [503, "unavailable"]);
      assert(Number(answer.retry) >= 1, `Retry-After: ${answer.retry}`);
      assert(!/postgres|ECONN|127\.0\.0\.1|SQL/i.test(answer.text), answer.text);
    }

    await eventually(async () => (await send(calls[1]!)).status === 200, {
      timeoutMs: 30_000,
      what: "it is back",
    });
    assertEquals((await Promise.all(calls.map(send))).map(({ status }) => status), [404, 200, 404, 202]);
  } finally {
    await stack.stop();
  }
});
