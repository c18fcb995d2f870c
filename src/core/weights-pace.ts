/** A page stays smooth while work gives way this often, in milliseconds. */
const TURN = 12;

/** Runs work to its end, and gives way to the page every few milliseconds. Rejects once `signal` aborts. */
export async function paced<T>(work: Generator<void, T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  for (let started = Date.now(); ; ) {
    const { done, value } = work.next();
    if (done) return value;
    if (Date.now() - started < TURN) continue;
    await nextTurn();
    signal.throwIfAborted();
    started = Date.now();
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
