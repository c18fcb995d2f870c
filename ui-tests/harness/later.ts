/**
 * A promise that the test awaits later. If the test fails before, this promise is rejected too when its page closes,
 * which would be reported as a second error, of no test.
 */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
