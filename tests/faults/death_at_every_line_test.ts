// A batch of three with the worker killed, or an answer lost, at each of its outbound calls in turn.

import { assert, assertEquals } from "../assert.ts";
import type { Fault } from "./fault_proxy.ts";
import { withWorld } from "./world.ts";

/** Batches at once: two cores are busy with starting processes. */
const AT_ONCE = 6;

async function inParallel<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  }));
}

Deno.test({
  name: "a batch survives a death before and after every outbound call, and every lost answer",
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    await withWorld({ renderer: "stand-in" }, async (world) => {
      const undisturbed = await world.run({ faults: [] });
      assertEquals(undisturbed.offences, []);
      const callCount = undisturbed.calls.length;
      assert(callCount > 30, `only ${callCount} calls were seen`);
      const faults: (Fault & { at: number })[] = [];
      for (let at = 0; at < callCount; at++) {
        faults.push({ at, when: "before", what: "kill" }, { at, when: "after", what: "kill" });
        faults.push({ at, when: "after", what: "lose" });
      }
      const offences: string[] = [];
      let struck = 0;
      await inParallel(faults, async (fault) => {
        const outcome = await world.run({ faults: [fault] });
        struck += outcome.struck;
        const call = outcome.calls[fault.at];
        const where =
          `${fault.what} ${fault.when} call ${fault.at} (${call?.method} ${call?.target}${call?.path})`;
        offences.push(...outcome.offences.map((offence) => `${where}: ${offence}`));
      });
      console.log(`${callCount} calls a batch, ${struck} faults struck, ${offences.length} offences`);
      assertEquals(offences, []);
      assert(struck > callCount * 2);
    });
  },
});
