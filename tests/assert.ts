// Assertions with types over Deno's std, and one way to wait for a condition.

import * as std from "@std/assert";

/** Fails unless the condition holds; narrows. */
export function assert(condition: unknown, message?: string): asserts condition {
  std.assert(condition, message);
}

/** Deep equality. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  std.assertEquals(actual, expected, message);
}

export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  std.assertNotEquals(actual, expected, message);
}

/** Fails on null and undefined; narrows. */
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  std.assertExists(actual, message);
}

export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  std.assertMatch(actual, expected, message);
}

/** The rejection, for further looks at it. */
export async function assertRejects(
  run: () => Promise<unknown>,
  message = "expected a rejection",
): Promise<Error> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error(message);
}

/** Waits until `condition` gives something truthy, and gives that; fails after `timeoutMs`. */
export async function eventually<T>(
  condition: () => Promise<T> | T,
  options: { timeoutMs?: number; everyMs?: number; what?: string } = {},
): Promise<NonNullable<T>> {
  const end = performance.now() + (options.timeoutMs ?? 10_000);
  while (true) {
    const value = await condition();
    if (value) return value as NonNullable<T>;
    if (performance.now() > end) throw new Error(`never came true: ${options.what ?? condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 50));
  }
}
