/** The length of a slice in milliseconds. A page stays smooth while computations yield this often. */
const TURN = 12;

/**
 * Runs work in slices of a few milliseconds and yields to the page between them. All work that shares an instance
 * shares its slices.
 */
export class TimeSlicer {
  #started = Date.now();

  /** Runs work to its end. Rejects once `signal` aborts and leaves the rest of the work undone. */
  async run<T>(work: Generator<void, T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = work.next();
      if (done) return value;
      await this.yieldIfDue();
    }
  }

  /** Resolves once work may continue: at once, or after the page had its turn. */
  async yieldIfDue(): Promise<void> {
    if (Date.now() - this.#started < TURN) return;
    await nextTurn();
    this.#started = Date.now();
  }
}

/** Resolves once the page had its turn. A timer would add four milliseconds, and a second in a background tab. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

interface ScheduledJob {
  readonly size: number;
  readonly step: () => void;
}

/**
 * Runs several jobs side by side in slices of a few milliseconds and yields to the page between them. The smallest job
 * runs first, even if a larger one has begun.
 */
export class Scheduler {
  readonly #works = new Set<ScheduledJob>();
  readonly #pace = new TimeSlicer();
  #isRunning = false;

  /** Runs a job of the given size to its end. Rejects once `signal` aborts and leaves the rest of the job undone. */
  run<T>(steps: Generator<void, T>, size: number, signal: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const end = () => {
        this.#works.delete(work);
        signal.removeEventListener("abort", giveUp);
      };
      const giveUp = () => {
        end();
        reject(signal.reason);
      };
      const step = () => {
        try {
          const { done, value } = steps.next();
          if (!done) return;
          resolve(value);
        } catch (error) {
          reject(error);
        }
        end();
      };
      const work = { size, step };
      this.#works.add(work);
      signal.addEventListener("abort", giveUp, { once: true });
      void this.#go();
    });
  }

  async #go(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let work = this.#least(); work; work = this.#least()) {
      work.step();
      await this.#pace.yieldIfDue();
    }
    this.#isRunning = false;
  }

  /** The smallest job; among equals, the one that came first. */
  #least(): ScheduledJob | undefined {
    let least: ScheduledJob | undefined;
    for (const work of this.#works) if (!least || work.size < least.size) least = work;
    return least;
  }
}
