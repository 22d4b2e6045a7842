// What more than one kernel does with bytes, in AssemblyScript with SIMD.
// @ts-nocheck: AssemblyScript's types and intrinsics, not TypeScript's
// deno-lint-ignore-file

/** Products of two bytes, in 16 bit, divided by 255 and rounded exactly. */
export function divided(products: v128): v128 {
  const rounded = i16x8.add(products, i16x8.splat(128));
  return i16x8.shr_u(i16x8.add(rounded, i16x8.shr_u(rounded, 8)), 8);
}
