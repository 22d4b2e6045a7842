// HTTP over checked connections: every request, and every redirect, goes to the address that was checked.

import http from "node:http";
import https from "node:https";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { type AddressRules, checkAddress, type CheckedAddress } from "./address_rules.ts";

export interface GuardedRequest {
  rules: AddressRules;
  method?: "GET" | "PUT";
  headers?: Record<string, string>;
  /** Opened once the address was checked, streamed as it is; such a request follows no redirect. */
  body?: () => Readable;
  /** Ends the whole exchange. */
  signal: AbortSignal;
}

const MAX_REDIRECTS = 5;
/** Picture hosts turn away clients that do not call themselves a browser's kin. */
const USER_AGENT = "Mozilla/5.0 (compatible; reelbatch-renderer)";
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Raised after the fifth redirect, or where one leads nowhere. */
export class RedirectRefused extends Error {
  override name = "RedirectRefused";
}

/** The response of a URL, redirects followed. The caller reads or destroys it. */
export async function guardedRequest(address: string, request: GuardedRequest): Promise<IncomingMessage> {
  let url = new URL(address);
  for (let redirects = 0;; redirects++) {
    const checked = await abortable(checkAddress(url, request.rules), request.signal);
    const response = await send(url, { ...request, checked });
    const status = response.statusCode ?? 0;
    if (!REDIRECTS.has(status) || request.body) return response;
    response.destroy();
    if (redirects === MAX_REDIRECTS) throw new RedirectRefused("too many redirects");
    const next = URL.parse(response.headers.location ?? "", url);
    if (!next || !response.headers.location) throw new RedirectRefused("a redirect leads nowhere");
    url = next;
  }
}

function send(url: URL, request: GuardedRequest & { checked: CheckedAddress }): Promise<IncomingMessage> {
  const { checked, signal } = request;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const client = url.protocol === "https:" ? https : http;
  const outgoing = client.request(url, {
    method: request.method ?? "GET",
    headers: { "user-agent": USER_AGENT, "accept-encoding": "identity", ...request.headers },
    // No pool: a kept connection would have been checked for another name.
    agent: false,
    lookup: (_hostname, options, answer) => {
      if (options.all) answer(null, [checked]);
      else answer(null, checked.address, checked.family);
    },
  });
  function abort(): void {
    outgoing.destroy(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
  }
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  outgoing.on("close", () => signal.removeEventListener("abort", abort));
  outgoing.on("error", reject);
  outgoing.on("response", resolve);
  const body = request.body?.();
  if (body) {
    body.on("error", (error) => outgoing.destroy(error));
    outgoing.on("close", () => body.destroy());
    body.pipe(outgoing);
  } else outgoing.end();
  return promise;
}

/** A name server that never answers must not outlive the request. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    work.catch(() => {});
  }
}
