// The harness's own accounts: what is bought is put to the worker that asked for it.

import { assertEquals } from "../assert.ts";
import { startFaultProxy } from "./fault_proxy.ts";

Deno.test("a purchase that a worker asked for in the moment of its death is its own, not the next one's", async () => {
  const proxy = startFaultProxy(
    {
      ai: () => Promise.resolve(new Response("a script")),
      supabase: () => Promise.resolve(new Response("{}")),
    },
    { faults: [{ at: 0, when: "before", what: "kill" }], kill: () => {} },
  );
  try {
    const first = proxy.openOrigins();
    await fetch(`${first.supabase}/rest/v1/rpc/claim_job`).then((response) => response.text()).catch(
      () => {},
    );
    const second = proxy.openOrigins();
    // Sent before the kill, served behind it.
    await fetch(`${first.ai}/v1/models`).then((response) => response.text());
    assertEquals(proxy.purchases.lost(), { killed: 1, unheard: 0, leaseLost: 0 });
    await fetch(`${second.ai}/v1/models`).then((response) => response.text());
    assertEquals(proxy.purchases.lost(), { killed: 1, unheard: 0, leaseLost: 0 });
    assertEquals(proxy.purchases.bought(), 2);
  } finally {
    await proxy.stop();
  }
});
