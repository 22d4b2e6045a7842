// Gemini's `generateContent` and Claude's `messages` on loopback, as far as a structured answer needs them.

import { type FakeService, refuseByFault, serveFake, type ServiceFault } from "./faults.ts";

export interface AiCall {
  provider: "gemini" | "claude";
  model: string;
  body: Record<string, unknown>;
}

export interface FakeAi extends FakeService<AiCall> {
  /** The script of the next answers. */
  script: string;
  /** Whole answers of the next calls, one each, in place of the script. */
  answers: { status?: number; headers?: Record<string, string>; body: unknown }[];
}

function geminiAnswer(script: string): unknown {
  return geminiText(JSON.stringify({ script }));
}

/** Any text as Gemini answers it. */
export function geminiText(text: string, finishReason = "STOP"): unknown {
  return {
    candidates: [{ content: { role: "model", parts: [{ text }] }, finishReason, index: 0 }],
    usageMetadata: { promptTokenCount: 210, candidatesTokenCount: 42, totalTokenCount: 252 },
    modelVersion: "gemini-3.5-flash-lite",
  };
}

/** Any text as Claude answers it. */
export function claudeText(text: string, stop_reason = "end_turn"): unknown {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-haiku-5-5",
    content: text === "" ? [] : [{ type: "text", text }],
    stop_reason,
    stop_sequence: null,
    usage: { input_tokens: 205, output_tokens: 40 },
  };
}

/** Claude answers structured output as text, or by a tool where the client asked for one. */
function claudeAnswer(script: string, body: Record<string, unknown>): unknown {
  const [tool] = (body.tools as { name: string }[] | undefined) ?? [];
  const content = tool
    ? { type: "tool_use", id: "toolu_1", name: tool.name, input: { script } }
    : { type: "text", text: JSON.stringify({ script }) };
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: body.model,
    content: [content],
    stop_reason: tool ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 205, output_tokens: 40 },
  };
}

/** One server for both providers. */
export function startAi(options: { port?: number } = {}): FakeAi {
  const calls: AiCall[] = [];
  const faults: ServiceFault[] = [];
  const fake: Pick<FakeAi, "script" | "answers"> = {
    script: "A fine product. Take it home today.",
    answers: [],
  };
  const server = serveFake(options.port, async (request, stopping) => {
    const { pathname } = new URL(request.url);
    const gemini = /^\/v1beta\/models\/([^:]+):generateContent$/.exec(pathname)?.[1];
    if (!gemini && pathname !== "/v1/messages") return new Response("not found", { status: 404 });
    const body = await request.json();
    const fault = faults.shift();
    const refusal = await refuseByFault(fault, stopping);
    // What is answered with 200 is billed, of use or not.
    if (refusal && !refusal.ok) return refusal;
    calls.push({ provider: gemini ? "gemini" : "claude", model: gemini ?? body.model, body });
    const told = fake.answers.shift();
    if (told) return Response.json(told.body, { status: told.status ?? 200, headers: told.headers ?? {} });
    return refusal ?? Response.json(gemini ? geminiAnswer(fake.script) : claudeAnswer(fake.script, body));
  });
  return Object.assign(fake, {
    ...server,
    calls,
    faults,
  });
}
