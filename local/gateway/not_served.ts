// What this stand-in does not have: it says so by name, and never answers a wrong 200.

/** Thrown wherever a request asks for something outside of the written list of routes. */
export class NotServed extends Error {
  override name = "NotServed";
}

/** 501, naming what was asked. */
export function notServed(what: string): Response {
  const message = `The local stack does not serve ${what}.`;
  return Response.json({ code: "not_served", error: "not_served", message, msg: message }, { status: 501 });
}
