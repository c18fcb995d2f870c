/** Runs work once for all callers that wait for it, and aborts it when none of them waits any more. */
export class SingleFlight<T> {
  readonly #running = new Map<
    string,
    { readonly result: Promise<T>; readonly end: AbortController; waiting: number }
  >();

  /** Begins the work of this name, or joins it if it is running. Rejects once `signal` aborts. */
  async join(name: string, begin: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const work = this.#running.get(name) ?? this.#begin(name, begin);
    work.waiting++;
    return new Promise<T>((resolve, reject) => {
      const giveUp = () => {
        reject(signal.reason);
        if (--work.waiting > 0) return;
        this.#running.delete(name);
        work.end.abort(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      const settled = () => signal.removeEventListener("abort", giveUp);
      work.result.then(resolve, reject).finally(settled);
    });
  }

  #begin(name: string, begin: (signal: AbortSignal) => Promise<T>) {
    const end = new AbortController();
    const work = { result: begin(end.signal), end, waiting: 0 };
    this.#running.set(name, work);
    const done = () => {
      if (this.#running.get(name) === work) this.#running.delete(name);
    };
    work.result.then(done, done);
    return work;
  }
}
