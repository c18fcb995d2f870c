/** A page stays smooth while work gives way this often, in milliseconds. */
const TURN = 12;

/** Runs work a few milliseconds at a time: the page has its turns in between, over all the work of one pace. */
export class Pace {
  #started = Date.now();

  /** Runs work to its end. Rejects once `signal` aborts: then the work is not gone on with. */
  async run<T>(work: Generator<void, T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = work.next();
      if (done) return value;
      await this.giveWay();
    }
  }

  /** Resolves once work may go on: at once, or after the page had its turn. */
  async giveWay(): Promise<void> {
    if (Date.now() - this.#started < TURN) return;
    await nextTurn();
    this.#started = Date.now();
  }
}

/** Resolves once the page had its turn. A timer would wait for four milliseconds more, and a second in the background. */
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
