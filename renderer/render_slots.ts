// The renders in their order, and the slots in which they run.

import { change, isFinal, type Render } from "./render.ts";

export interface RenderSlots {
  get(id: string): Render | undefined;
  all(): Render[];
  /** Puts a render at the end of the line, in place of a former one of its id. */
  add(render: Render): void;
  /** Forgets a render, unless another one has taken its place. */
  forget(render: Render): void;
  /** Starts what may run. */
  pump(): void;
  /** True where one more render would find neither a slot nor a place in the line. */
  isFull(): boolean;
  counts(): { running: number; queued: number };
  /** Starts nothing any more. */
  close(): void;
}

/** `run` makes a render and never throws. */
export function createRenderSlots(
  options: { capacity: number; queue: number; now: () => number; run: (render: Render) => Promise<void> },
): RenderSlots {
  const renders = new Map<string, Render>();
  /** The last run of an id: one that starts again waits until its former self is gone. */
  const endings = new Map<string, Promise<void>>();
  let running = 0;
  let closed = false;
  const queued = () => [...renders.values()].filter((render) => render.status === "queued");

  function pump(): void {
    while (!closed && running < options.capacity) {
      const [next] = queued();
      if (next) start(next);
      else return;
    }
  }

  function start(render: Render): void {
    running++;
    change(render, { status: "running", startedAt: options.now() });
    const ending = runAfter(render, endings.get(render.id)).finally(() => {
      running--;
      if (endings.get(render.id) === ending) endings.delete(render.id);
      pump();
    });
    endings.set(render.id, ending);
    render.ending = ending;
  }

  async function runAfter(render: Render, former: Promise<void> | undefined): Promise<void> {
    await former;
    if (!isFinal(render)) await options.run(render);
  }

  return {
    get: (id) => renders.get(id),
    all: () => [...renders.values()],
    add(render) {
      renders.delete(render.id);
      renders.set(render.id, render);
    },
    forget(render) {
      if (renders.get(render.id) === render) renders.delete(render.id);
    },
    pump,
    isFull: () => running >= options.capacity && queued().length >= options.queue,
    counts: () => ({ running, queued: queued().length }),
    close() {
      closed = true;
    },
  };
}
