// Stands in for ffmpeg: takes all that its inputs give, and then never ends.

const inputs = Deno.args.filter((argument) => argument.startsWith("unix:"));
for (const input of inputs) {
  const connection = await Deno.connect({ transport: "unix", path: input.slice("unix:".length) });
  await connection.readable.pipeTo(new WritableStream());
}
await new Promise((resolve) => setTimeout(resolve, 1_000_000));
