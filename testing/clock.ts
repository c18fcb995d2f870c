import { afterEach, beforeEach, onTestFinished, vi } from "vitest";

/** Stops the clock for each test of a file: only `passTime` moves it. Timers keep running. */
export function stopClock(): void {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());
}

/** Moves the stopped clock on, as if work had taken that many milliseconds. */
export function passTime(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

/**
 * Moves the clock on by a second whenever it is read, until the test ends, so that work yields to the page after every
 * step.
 */
export function jumpClock(): void {
  let now = Date.now();
  const clock = vi.spyOn(Date, "now").mockImplementation(() => {
    now += 1000;
    return now;
  });
  onTestFinished(() => clock.mockRestore());
}

/** Resolves after one turn of the event loop. Work that yields to the page continues at most once meanwhile. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
