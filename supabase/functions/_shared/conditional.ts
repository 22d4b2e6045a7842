// Conditional GET by entity tag (RFC 9110, sections 8.8.3 and 13.1.2).

import { HttpError } from "./errors.ts";

/** An answer with its tag: `body` is null where the database saw that the asker has it. */
export interface Tagged<Body> {
  etag: string;
  body: Body | null;
}

/** Tags that the database could have made: an MD5. Others cannot match and are not sent along. */
const OWN_TAG = /^[0-9a-f]{32}$/;
/** More tags than any honest cache holds of one page. */
const MAX_TAGS = 50;

/** What `If-None-Match` names: opaque tags without their quotes, or `["*"]`. Weak tags compare like strong ones. */
export function readIfNoneMatch(request: Request): string[] {
  const header = (request.headers.get("if-none-match") ?? "").trim();
  if (header === "*") return ["*"];
  const tags: string[] = [];
  const member = /[\s,]*(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?=,|$)/gy;
  for (let match = member.exec(header); match !== null; match = member.exec(header)) {
    if (OWN_TAG.test(match[1] ?? "") && tags.length < MAX_TAGS) tags.push(match[1] ?? "");
  }
  return tags;
}

/** 304 where the asker named the tag, else 200 with the body's JSON; null is a body that the asker must have. */
export function answerTagged(
  { etag, text }: { etag: string; text: string | null },
  known: string[],
): Response {
  const headers = { etag: `"${etag}"`, "cache-control": "private, no-cache" };
  if (known.includes("*") || known.includes(etag)) return new Response(null, { status: 304, headers });
  if (text === null) throw new HttpError("internal", { cause: new Error("no body for an unknown tag") });
  return new Response(text, { headers: { ...headers, "content-type": "application/json" } });
}
