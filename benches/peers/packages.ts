// The peers' packages, as far as they are used here. They are in this folder's own import map and lock (deno.json), so that
// nobody who works on the project downloads them: hence names that the checker does not follow, and shapes written down.

/** A package of this folder's import map. */
async function load<T>(name: string): Promise<T> {
  return await import(name) as T;
}

export interface Pool {
  query<Row = Record<string, unknown>>(
    query: string | { name?: string; text: string; values: unknown[] },
  ): Promise<{ rows: Row[] }>;
  end(): Promise<void>;
}

interface Pg {
  default: {
    Pool: new (
      options: { connectionString: string; max: number; options?: string },
    ) => Pool;
  };
}

interface GraphileWorker {
  Logger: new (factory: () => () => void) => unknown;
  makeWorkerUtils(options: Record<string, unknown>): Promise<{
    migrate(): Promise<void>;
    addJobs(
      jobs: { identifier: string; payload: unknown; queueName: string }[],
    ): Promise<unknown>;
    release(): Promise<void>;
  }>;
  run(options: Record<string, unknown>): Promise<{ stop(): Promise<void> }>;
}

export interface PgBossInstance {
  on(event: "error", listen: (error: Error) => void): void;
  start(): Promise<unknown>;
  stop(options: { graceful: boolean; close?: boolean }): Promise<void>;
  createQueue(name: string, options?: Record<string, unknown>): Promise<void>;
  insert(
    name: string,
    jobs: { data: Record<string, unknown>; group?: { id: string } }[],
  ): Promise<string[] | null>;
  fetch(
    name: string,
    options?: { groupConcurrency?: number },
  ): Promise<{ id: string }[]>;
  complete(name: string, id: string): Promise<unknown>;
}

interface PgBoss {
  PgBoss: new (options: Record<string, unknown>) => PgBossInstance;
}

export interface DbosClient {
  enqueue(
    options: Record<string, unknown>,
    ...args: unknown[]
  ): Promise<unknown>;
  destroy(): Promise<void>;
}

interface Dbos {
  DBOS: {
    setConfig(options: Record<string, unknown>): void;
    registerWorkflow<Args extends unknown[]>(
      run: (...args: Args) => Promise<void>,
      options: { name: string },
    ): (...args: Args) => Promise<void>;
    runStep(
      step: () => Promise<void>,
      options: { name: string },
    ): Promise<void>;
    registerQueue(
      name: string,
      options: Record<string, unknown>,
    ): Promise<unknown>;
    launch(): Promise<void>;
    shutdown(): Promise<void>;
  };
  DBOSClient: { create(options: Record<string, unknown>): Promise<DbosClient> };
}

export const loadPg = () => load<Pg>("pg");
export const loadGraphileWorker = () => load<GraphileWorker>("graphile-worker");
export const loadPgBoss = () => load<PgBoss>("pg-boss");
export const loadDbos = () => load<Dbos>("@dbos-inc/dbos-sdk");
