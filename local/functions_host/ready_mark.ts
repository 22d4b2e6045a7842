// The word by which a function's process tells its port.

/** Begins the one line of a child's stdout that is meant for the host. */
export const READY_MARK = "\u0001listening ";
