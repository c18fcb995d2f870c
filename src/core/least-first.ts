import { Pace } from "./weights-pace";

interface Work {
  readonly size: number;
  readonly step: () => void;
}

/**
 * Works side by side, a few milliseconds at a time: that with least to do goes first, even if another has begun. The
 * page has its turns in between.
 */
export class LeastFirst {
  readonly #works = new Set<Work>();
  readonly #pace = new Pace();
  #isRunning = false;

  /** Runs work to its end; `size` says how much it is. Rejects once `signal` aborts: then it is not gone on with. */
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
      await this.#pace.giveWay();
    }
    this.#isRunning = false;
  }

  /** Of several as small, the one that came first. */
  #least(): Work | undefined {
    let least: Work | undefined;
    for (const work of this.#works) if (!least || work.size < least.size) least = work;
    return least;
  }
}
