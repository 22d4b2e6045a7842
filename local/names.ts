// The names by which processes are known: in processes.json, in `--restart-after`, in logs.

export const PART_NAMES = ["postgres", "gateway", "functions", "renderer"] as const;
export type PartName = (typeof PART_NAMES)[number];

/** The functions that are served, by folder. */
export const FUNCTION_NAMES = ["batch-generate", "process-next", "batch-status"] as const;

/** Begins a line of the functions host's stdout that tells its children's pids, as JSON by name. */
export const CHILDREN_MARK = "\u0001children ";
