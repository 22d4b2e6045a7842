// What every queue does here: take batches, run a job that does nothing, once for each of their items, and say that all is done.

/** Items of a batch. */
export const BATCH_SIZE = 50;

/** What a round needs: so many batches, one after another inside each, by so many workers at once. */
export interface Load {
  batches: number;
  workers: number;
}

export interface Contender {
  name: string;
  /** Puts one more batch into its queue; no worker runs. Its number is 0 … batches - 1 of the round. */
  enqueue(batch: number, load: Load): Promise<void>;
  /** Starts workers, and stops them when every job has run. `job` is the work: it does nothing but take the time. */
  drain(load: Load, job: Job): Promise<void>;
  /** Jobs that its own tables do not call done. */
  countOpen(): Promise<number>;
  close(): Promise<void>;
}

/** The job that does nothing: it notes when it began. */
export interface Job {
  run(): void;
  /** Resolves when as many have run as were asked for. */
  all: Promise<void>;
  begunAt: number[];
}

export function createJob(count: number): Job {
  const { promise, resolve } = Promise.withResolvers<void>();
  const begunAt: number[] = [];
  return {
    begunAt,
    all: promise,
    run: () => {
      begunAt.push(performance.now());
      if (begunAt.length === count) resolve();
    },
  };
}
