// The offline voice as the service calls it: each request in a process of its own, a few at a time.

import { z } from "zod";
import { SpeechAnswer, type SpeechRequest } from "../../supabase/functions/_shared/contracts/speech.ts";
import { runChild } from "../child_command.ts";
import { invalidRequest, ServiceError, unavailable } from "../errors.ts";
import { SPEAKER } from "../programs.ts";

const Answer = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), answer: SpeechAnswer }),
  z.object({ ok: z.literal(false), path: z.string(), message: z.string() }),
]);

const TIMEOUT_MS = 60_000;
const MEMORY_MB = 1024;
const BUSY_RETRY_S = 2;

/** Speaks one text; more than `waiting` texts beyond `parallel` are refused with 503. */
export function createSpeech(limits: { parallel: number; waiting: number }) {
  const line: (() => void)[] = [];
  let busy = 0;

  async function takeTurn(): Promise<void> {
    if (busy < limits.parallel) {
      busy++;
      return;
    }
    if (line.length >= limits.waiting) throw unavailable("The offline voice is busy.", BUSY_RETRY_S);
    const { promise, resolve } = Promise.withResolvers<void>();
    line.push(resolve);
    await promise;
  }

  function passTurn(): void {
    const next = line.shift();
    if (next) next();
    else busy--;
  }

  return async function speak(request: SpeechRequest): Promise<SpeechAnswer> {
    await takeTurn();
    try {
      return await speakInProcess(request);
    } finally {
      passTurn();
    }
  };
}

async function speakInProcess(request: SpeechRequest): Promise<SpeechAnswer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let output: Awaited<ReturnType<typeof runChild>>;
  try {
    output = await runChild({
      program: SPEAKER,
      permissions: ["--allow-read", "--allow-write", "--allow-env", "--allow-sys"],
      memoryMb: MEMORY_MB,
      stdin: "piped",
    }, { signal: timeout, input: JSON.stringify(request) });
  } catch (cause) {
    if (!timeout.aborted) throw cause;
    throw new ServiceError(503, "unavailable", {
      message: "The voice took too long.",
      retryAfterS: 5,
      cause,
    });
  }
  if (!output.success) throw new Error(`the voice's process failed: ${output.stderr.slice(-500)}`);
  const answer = Answer.parse(JSON.parse(output.stdout));
  if (!answer.ok) throw invalidRequest([{ path: answer.path, message: answer.message }]);
  return answer.answer;
}
