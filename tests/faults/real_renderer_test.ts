// The harness with the real renderer: three batches of three videos at once (ten in the long form), their workers killed
// where a render changes hands; the faults of the others are random, and their seed is printed.

import { assert, assertEquals } from "../assert.ts";
import type { Call, Fault } from "./fault_proxy.ts";
import { randomFaults, randomFrom } from "./random_faults.ts";
import { withWorld } from "./world.ts";

const IS_LONG = Deno.env.get("TEST_LONG") === "1";
const RANDOM_RUNS = IS_LONG ? 7 : 0;
const SEED = Number(Deno.env.get("FAULTS_SEED") ?? Date.now() % 2 ** 31);

/** The n-th call that this is true of. */
function nth(count: number, isIt: (call: Call) => boolean): (call: Call) => boolean {
  let seen = 0;
  return (call) => isIt(call) && ++seen === count;
}

const submits = ({ target, method }: Call) => target === "renderer" && method === "PUT";
const asks = ({ target, method }: Call) => target === "renderer" && method === "GET";
const signsResult = ({ path }: Call) => /\/object\/sign\/.*\.mp4$/.test(path);
const completes = ({ path }: Call) => path.endsWith("/rpc/complete_job");

const CHOSEN: { name: string; faults: Fault[] }[] = [
  {
    name: "killed as soon as the render was taken, and its answer lost the next time",
    faults: [
      { at: nth(1, submits), when: "after", what: "kill" },
      { at: nth(2, asks), when: "after", what: "lose" },
    ],
  },
  {
    name: "killed in the middle of a render, and twice before the finished one is stored",
    faults: [
      { at: nth(2, asks), when: "after", what: "kill" },
      { at: nth(1, signsResult), when: "before", what: "kill" },
      { at: nth(1, signsResult), when: "after", what: "kill" },
    ],
  },
  {
    name: "killed before, and unheard after, the completion",
    faults: [
      { at: nth(1, completes), when: "before", what: "kill" },
      { at: nth(2, completes), when: "after", what: "lose" },
    ],
  },
];

Deno.test({
  name: `${3 + RANDOM_RUNS} batches survive with the real renderer: every video made once (seed ${SEED})`,
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    const runs = [
      ...CHOSEN,
      ...Array.from({ length: RANDOM_RUNS }, (_, n) => ({
        name: `random ${SEED + n}`,
        faults: randomFaults(8, randomFrom(SEED + n)),
      })),
    ];
    await withWorld({ renderer: "real", settings: { lease_s: 4 }, limitMs: 280_000 }, async (world) => {
      const outcomes: { name: string; struck: number; offences: string[] }[] = [];
      // Three at once: the others wait for their turn.
      const queue = [...runs];
      await Promise.all(Array.from({ length: 3 }, async () => {
        for (let run = queue.shift(); run; run = queue.shift()) {
          const { struck, offences } = await world.run({ faults: run.faults });
          outcomes.push({ name: run.name, struck, offences });
        }
      }));
      assertEquals(outcomes.flatMap(({ name, offences }) => offences.map((each) => `${name}: ${each}`)), []);
      const struck = outcomes.reduce((sum, each) => sum + each.struck, 0);
      const planned = CHOSEN.reduce((sum, { faults }) => sum + faults.length, 0);
      assert(struck >= planned, `${struck} faults struck`);
    });
  },
});
