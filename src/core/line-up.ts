/** A piece of work that waits for its turn. Never rejects. */
type Work = () => Promise<void>;

/** Runs one piece of work at a time: the urgent ones first, each kind in the order in which they came. */
export class LineUp {
  readonly #urgent = new Set<Work>();
  readonly #patient = new Set<Work>();
  #running = false;

  /** Settles as `run()` does, or rejects once `signal` aborts. Work that aborts before its turn is never run. */
  add<T>(run: () => Promise<T>, signal: AbortSignal, urgent: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const line = urgent ? this.#urgent : this.#patient;
      const giveUp = () => {
        line.delete(work);
        reject(signal.reason);
      };
      const work = async () => {
        try {
          resolve(await run());
        } catch (error) {
          reject(error);
        }
        signal.removeEventListener("abort", giveUp);
      };
      line.add(work);
      signal.addEventListener("abort", giveUp, { once: true });
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
    await work();
    this.#running = false;
    void this.#next();
  }
}
