/** A piece of work that waits for its turn. */
interface Waiting {
  readonly run: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** Runs one piece of work at a time: the urgent ones first, each kind in the order in which they came. */
export class LineUp {
  readonly #urgent = new Set<Waiting>();
  readonly #patient = new Set<Waiting>();
  #running = false;

  /** Settles as `run()` does, or rejects once `signal` aborts. Work that aborts before its turn is never run. */
  add<T>(run: () => Promise<T>, signal: AbortSignal, urgent: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const work: Waiting = { run, resolve: resolve as (value: unknown) => void, reject };
      const line = urgent ? this.#urgent : this.#patient;
      line.add(work);
      signal.addEventListener("abort", () => {
        line.delete(work);
        reject(signal.reason);
      });
      void this.#next();
    });
  }

  async #next(): Promise<void> {
    if (this.#running) return;
    const line = this.#urgent.size > 0 ? this.#urgent : this.#patient;
    const [work] = line;
    if (!work) return;
    line.delete(work);
    this.#running = true;
    try {
      work.resolve(await work.run());
    } catch (error) {
      work.reject(error);
    }
    this.#running = false;
    void this.#next();
  }
}
