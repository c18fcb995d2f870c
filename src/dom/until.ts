import { effect } from "@preact/signals-core";

/** Runs `run` now, and again whenever a signal that it read changes, until `signal` aborts. */
export function effectUntil(signal: AbortSignal, run: () => void): void {
  if (signal.aborted) return;
  signal.addEventListener("abort", effect(run), { once: true });
}

/** A controller that also aborts when `signal` does, for work that may end before its owner. */
export function childOf(signal: AbortSignal): AbortController {
  const child = new AbortController();
  if (signal.aborted) child.abort(signal.reason);
  // The child's signal removes the listener, so that a long-lived owner does not accumulate them.
  signal.addEventListener("abort", () => child.abort(signal.reason), { once: true, signal: child.signal });
  return child;
}
