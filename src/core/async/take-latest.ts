export const SUPERSEDED = "A newer request has taken the place of this one.";

/** Lets only the newest request of each lane continue. */
export class TakeLatest {
  readonly #underWay = new Map<string, AbortController>();

  /**
   * Settles as `run` does, or rejects once its signal aborts: because `signal` aborted, or because a newer request came
   * in the lane.
   */
  async run<T>(lane: string, signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.#underWay.get(lane)?.abort(new Error(SUPERSEDED));
    const own = new AbortController();
    this.#underWay.set(lane, own);
    const leave = () => own.abort(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    try {
      const found = await run(own.signal);
      own.signal.throwIfAborted();
      return found;
    } finally {
      signal.removeEventListener("abort", leave);
      if (this.#underWay.get(lane) === own) this.#underWay.delete(lane);
    }
  }
}
