// Free ports for a stack of one's own, so that the demo runs beside a stack that is up.

const PORTS_OF_A_STACK = 4;

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}

/** The first of four ports in a row that are free now. */
export function freePortBase(): number {
  for (let tries = 0; tries < 200; tries++) {
    const base = 20_000 + Math.floor(Math.random() * 12_000);
    const ports = Array.from({ length: PORTS_OF_A_STACK }, (_, at) => base + at);
    if (ports.every(isFree)) return base;
  }
  throw new Error("There are no four free ports in a row.");
}
