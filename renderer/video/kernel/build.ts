// Compiles the kernels: `deno run -A renderer/video/kernel/build.ts`. A test holds the committed files to a fresh compile.

import asc from "assemblyscript/asc";

const FOLDER = new URL("./", import.meta.url);
const FLAGS = "-O3 --enable simd --enable relaxed-simd --runtime stub --noAssert --importMemory".split(" ");

/** Each is NAME.as.ts here, and NAME.wasm beside it; what they share is imported. */
export const KERNELS = ["rasteriser", "colour", "denoise"] as const;

/** A kernel's WebAssembly, compiled now. */
export async function compileKernel(name: (typeof KERNELS)[number]): Promise<Uint8Array> {
  let binary: Uint8Array | null = null;
  const { error, stderr } = await asc.main([`${name}.as.ts`, "--outFile", `${name}.wasm`, ...FLAGS], {
    readFile: (file: string) => Deno.readTextFile(new URL(file, FOLDER)).catch(() => null),
    writeFile: (file: string, contents: Uint8Array | string) => {
      if (file.endsWith(".wasm")) binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || !binary) {
    throw new Error(`the kernel does not compile: ${error?.message}\n${stderr.toString()}`);
  }
  return binary;
}

if (import.meta.main) {
  for (const name of KERNELS) {
    await Deno.writeFile(new URL(`${name}.wasm`, FOLDER), await compileKernel(name));
  }
}
