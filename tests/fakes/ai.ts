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
}

function geminiAnswer(script: string): unknown {
  return {
    candidates: [{
      content: { role: "model", parts: [{ text: JSON.stringify({ script }) }] },
      finishReason: "STOP",
      index: 0,
    }],
    usageMetadata: { promptTokenCount: 210, candidatesTokenCount: 42, totalTokenCount: 252 },
    modelVersion: "gemini-2.5-flash",
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
  const fake = { script: "A fine product. Take it home today." };
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
    return refusal ?? Response.json(gemini ? geminiAnswer(fake.script) : claudeAnswer(fake.script, body));
  });
  return Object.assign(fake, {
    ...server,
    calls,
    faults,
  });
}
