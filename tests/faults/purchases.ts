// What was bought from speech and AI services in one batch, and which purchases never reached a checkpoint, and why.

import type { Call } from "./fault_proxy.ts";

/** Purchases that no checkpoint kept, by what took them. */
export interface LostPurchases {
  /** Their worker was killed between the service's answer and the checkpoint, or before the answer came. */
  killed: number;
  /** The service's answer was lost on its way. */
  unheard: number;
  /** Their worker's lease had run out meanwhile. */
  leaseLost: number;
}

/** One call that was served. */
export interface Served {
  body: string;
  answer: string;
  status: number;
  /** The worker that asked: how many were killed before it began. */
  askedBy: number;
  /** Whether it still waits for the answer. */
  isHeard: boolean;
}

export interface Purchases {
  /** Told of every call that was served, with what it answered. */
  onServed(call: Call, served: Served): void;
  /** Told that the worker is killed: what it had heard and not kept is lost. */
  onKill(): void;
  /** Told that the answer of a served call is lost. */
  onAnswerLost(call: Call): void;
  /** Counts the workers that were killed: what one of them asked for, none of the next ones hears. */
  generation(): number;
  bought(): number;
  lost(): LostPurchases;
}

/** The checkpoint's key that keeps what is bought from each service. */
const KEPT_AS: Record<string, "script" | "voiceover"> = { ai: "script", speech: "voiceover" };

export function countPurchases(): Purchases {
  const waiting: Record<"script" | "voiceover", number> = { script: 0, voiceover: 0 };
  const kept = new Set<string>();
  const lost: LostPurchases = { killed: 0, unheard: 0, leaseLost: 0 };
  let generation = 0;
  let bought = 0;
  /** The last worker that was told of a lost lease: it hangs up on what it had asked for. */
  let toldWorker = -1;

  function onReport({ body, answer, askedBy }: Served): void {
    const { p_job_id, p_checkpoint } = JSON.parse(body);
    const { current } = JSON.parse(answer);
    if (!current) toldWorker = askedBy;
    for (const key of ["script", "voiceover"] as const) {
      const value = p_checkpoint?.[key];
      if (!value || waiting[key] === 0) continue;
      // A report that is sent again, because its answer was lost, keeps what is kept already.
      const name = `${p_job_id} ${key} ${JSON.stringify(value)}`;
      if (kept.has(name)) continue;
      kept.add(name);
      waiting[key]--;
      if (!current) lost.leaseLost++;
    }
    if (!current && !p_checkpoint) {
      // A heartbeat was told so while a purchase was under way: its worker gives it up.
      lost.leaseLost += waiting.script + waiting.voiceover;
      waiting.script = waiting.voiceover = 0;
    }
  }

  return {
    onServed(call, served) {
      if (served.status >= 300) return;
      const key = KEPT_AS[call.target];
      if (key) {
        bought++;
        if (served.askedBy !== generation) lost.killed++;
        else if (!served.isHeard && toldWorker === generation) lost.leaseLost++;
        else waiting[key]++;
      } else if (call.path.endsWith("/rpc/report_job")) onReport(served);
    },
    onKill() {
      generation++;
      lost.killed += waiting.script + waiting.voiceover;
      waiting.script = waiting.voiceover = 0;
    },
    onAnswerLost(call) {
      const key = KEPT_AS[call.target];
      if (!key || waiting[key] === 0) return;
      waiting[key]--;
      lost.unheard++;
    },
    generation: () => generation,
    bought: () => bought,
    lost: () => lost,
  };
}
