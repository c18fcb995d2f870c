/**
 * A value that listeners follow. Signals can't cross from one copy of this module to another, and in Jupyter every
 * widget model loads its own copy: what widgets share is a channel.
 */
export interface Channel<T> {
  get(): T;
  set(value: T): void;
  /** Calls `listener` at each change until `signal` aborts. */
  follow(listener: (value: T) => void, signal: AbortSignal): void;
}

export function channel<T>(initial: T): Channel<T> {
  let current = initial;
  const listeners = new Set<(value: T) => void>();
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of [...listeners]) listener(value);
    },
    follow(listener, signal) {
      if (signal.aborted) return;
      listeners.add(listener);
      signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
    },
  };
}
