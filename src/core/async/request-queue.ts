/** A job that waits for its turn. Never rejects. */
type QueuedJob = () => Promise<void>;

/** Runs one job at a time: urgent jobs first, otherwise first come, first served. */
export class RequestQueue {
  readonly #urgent = new Set<QueuedJob>();
  readonly #patient = new Set<QueuedJob>();
  #running = false;

  /** Settles as `run()` does, or rejects once `signal` aborts. A job that is aborted before its turn never runs. */
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
