// The child programs. Each is in the service's module graph, so that what they import is installed with it,
// and none of them is ever loaded into the service itself.

/** A program's file, and what ties it to the graph. */
export interface Program {
  file: URL;
  graph: () => Promise<unknown>;
}

export const RENDER_WORKER: Program = {
  file: new URL("./worker.ts", import.meta.url),
  graph: () => import("./worker.ts"),
};

export const PICTURE_DECODER: Program = {
  file: new URL("./pictures/picture_decoder.ts", import.meta.url),
  graph: () => import("./pictures/picture_decoder.ts"),
};

export const SPEAKER: Program = {
  file: new URL("./speech/speaker.ts", import.meta.url),
  graph: () => import("./speech/speaker.ts"),
};
