// Compiles the kernel: `deno run -A renderer/video/kernel/build.ts`. A test holds the committed file to a fresh compile.

import asc from "assemblyscript/asc";

const FOLDER = new URL("./", import.meta.url);

/** The kernel's WebAssembly, compiled now. */
export async function compileKernel(): Promise<Uint8Array> {
  const source = await Deno.readTextFile(new URL("rasteriser.as.ts", FOLDER));
  let binary: Uint8Array | null = null;
  const flags = ["-O3", "--enable", "simd", "--runtime", "stub", "--noAssert", "--importMemory"];
  const { error, stderr } = await asc.main(["rasteriser.ts", "--outFile", "rasteriser.wasm", ...flags], {
    readFile: (name: string) => name === "rasteriser.ts" ? source : null,
    writeFile: (name: string, contents: Uint8Array | string) => {
      if (name.endsWith(".wasm")) binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || !binary) {
    throw new Error(`the kernel does not compile: ${error?.message}\n${stderr.toString()}`);
  }
  return binary;
}

if (import.meta.main) {
  await Deno.writeFile(new URL("rasteriser.wasm", FOLDER), await compileKernel());
}
