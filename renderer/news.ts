// Waiting for something to change: the long poll's other half.

export interface News {
  /** Lets everybody who waits look again. */
  tell(): void;
  /** Resolved when `holds` does, or when the time is over. */
  until(holds: () => boolean, timeoutMs: number): Promise<void>;
}

export function createNews(): News {
  const waiting = new Set<() => void>();
  return {
    tell() {
      for (const look of [...waiting]) look();
    },
    async until(holds, timeoutMs) {
      if (holds()) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => {
        if (holds()) resolve();
      };
      const timer = setTimeout(resolve, timeoutMs);
      waiting.add(look);
      await promise;
      clearTimeout(timer);
      waiting.delete(look);
    },
  };
}
