// Instantiates a committed kernel over a memory of its caller's.

/** The exports of `NAME.wasm`. The files are a few kilobytes: reading them at once costs less than waiting. */
export function instantiateKernel<Exports>(
  name: "rasteriser" | "colour" | "denoise",
  memory: WebAssembly.Memory,
): Exports {
  const module = new WebAssembly.Module(Deno.readFileSync(new URL(`${name}.wasm`, import.meta.url)));
  const env = {
    memory,
    abort: () => {
      throw new Error("the kernel stopped");
    },
  };
  return new WebAssembly.Instance(module, { env }).exports as unknown as Exports;
}
