// Speaks to the renderers of RENDERER_URL, and says how one of them refused or missed a call.

import { RenderState } from "./contracts/render_spec.ts";
import { SpeechAnswer } from "./contracts/speech.ts";
import type { CallOptions, RendererClient, RendererTrouble } from "./pipeline/ports.ts";

const CANCEL_TIMEOUT_MS = 3_000;

/** `origins` in the order in which they are tried; all share one bearer secret. */
export function createRendererClient(
  options: { origins: string[]; secret: string; fetch?: typeof fetch },
): RendererClient {
  const call = (url: string, init: { method: string; body?: unknown }, limits: CallOptions) =>
    exchange(url, { ...init, secret: options.secret, send: options.fetch ?? fetch }, limits);
  const address = (at: { origin: string; renderId: string }) => `${at.origin}/v1/renders/${at.renderId}`;
  return {
    origins: options.origins,

    async submit(at, spec, limits) {
      const answer = await call(address(at), { method: "PUT", body: spec }, limits);
      if ("kind" in answer) return answer;
      return answer.status >= 200 && answer.status < 300 ? null : toTrouble(answer);
    },

    async state(at, { waitS, ...limits }) {
      const answer = await call(`${address(at)}?wait_s=${waitS}`, { method: "GET" }, limits);
      if ("kind" in answer) return answer;
      if (answer.status === 404) return "lost";
      if (answer.status !== 200) return toTrouble(answer);
      const state = RenderState.safeParse(answer.body);
      return state.success ? state.data : { kind: "away", reason: "an answer that is no render's state" };
    },

    async cancel(at) {
      const limits = { signal: new AbortController().signal, timeoutMs: CANCEL_TIMEOUT_MS };
      await call(address(at), { method: "DELETE" }, limits);
    },

    async speak(origin, request, limits) {
      const answer = await call(`${origin}/v1/speech`, { method: "POST", body: request }, limits);
      if ("kind" in answer) return answer;
      if (answer.status !== 200) return toTrouble(answer);
      const speech = SpeechAnswer.safeParse(answer.body);
      return speech.success ? speech.data : { kind: "away", reason: "an answer that is no speech" };
    },
  };
}

interface Exchange {
  method: string;
  body?: unknown;
  secret: string;
  send: typeof fetch;
}

/** One call with its answer read whole. Throws only what the caller's own signal says. */
async function exchange(
  url: string,
  { method, body, secret, send }: Exchange,
  limits: CallOptions,
): Promise<{ status: number; headers: Headers; body: unknown } | RendererTrouble> {
  const signal = AbortSignal.any([limits.signal, AbortSignal.timeout(limits.timeoutMs)]);
  const headers: Record<string, string> = { authorization: `Bearer ${secret}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  try {
    const sent = body === undefined ? null : JSON.stringify(body);
    const response = await send(url, { method, headers, signal, body: sent });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) };
  } catch (error) {
    limits.signal.throwIfAborted();
    return {
      kind: "away",
      reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function toTrouble(answer: { status: number; headers: Headers; body: unknown }): RendererTrouble {
  const { status } = answer;
  const body = (answer.body ?? {}) as { code?: unknown; message?: unknown };
  const code = typeof body.code === "string" ? body.code : "";
  const message = typeof body.message === "string" ? body.message : "";
  const seconds = Number(answer.headers.get("retry-after") ?? NaN);
  const retryAfterS = Number.isFinite(seconds) ? Math.max(0, seconds) : null;
  // A 503 with Retry-After is a full queue; without it a proxy that reaches nobody.
  if (status === 429 || (status === 503 && retryAfterS !== null)) return { kind: "busy", retryAfterS };
  if (status >= 500 || [401, 403, 404, 405, 408, 425].includes(status)) {
    return { kind: "away", reason: `${status} ${code} ${message}`.trim() };
  }
  return { kind: "refused", status, code, message };
}
