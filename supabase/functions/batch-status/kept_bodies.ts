// The bodies that this isolate answered with last. The database is asked at every poll, and says by the tag alone that
// one of them is still what this caller would get: what has not changed is neither read, sent nor made again.

/** A body with its tag. */
export interface KeptBody {
  etag: string;
  text: string;
}

export interface KeptBodies {
  find(batchId: string): KeptBody | undefined;
  /** In place of the batch's last one. */
  keep(batchId: string, body: KeptBody): void;
}

/** Characters of them all: some thirty batches of 50 videos, a few of an isolate's 256 MB. */
const MAX_LENGTH = 4_000_000;

export function createKeptBodies(maxLength: number = MAX_LENGTH): KeptBodies {
  // A map is in the order of insertion: the batch that was not asked after for the longest time comes first.
  const bodies = new Map<string, KeptBody>();
  let length = 0;

  function drop(batchId: string): void {
    length -= bodies.get(batchId)?.text.length ?? 0;
    bodies.delete(batchId);
  }

  return {
    find(batchId) {
      const body = bodies.get(batchId);
      if (body) {
        bodies.delete(batchId);
        bodies.set(batchId, body);
      }
      return body;
    },
    keep(batchId, body) {
      drop(batchId);
      bodies.set(batchId, body);
      length += body.text.length;
      for (const oldest of bodies.keys()) {
        if (length <= maxLength) break;
        drop(oldest);
      }
    },
  };
}
