import { effect, signal as newSignal, type ReadonlySignal } from "@preact/signals-core";

/** True once `holds` has been true for `milliseconds` without a break, until it is no more or `signal` aborts. */
export function whenOverdue(holds: () => boolean, milliseconds: number, signal: AbortSignal): ReadonlySignal<boolean> {
  const overdue = newSignal(false);
  const stop = effect(() => {
    if (!holds()) {
      overdue.value = false;
      return;
    }
    const timer = setTimeout(() => {
      overdue.value = true;
    }, milliseconds);
    return () => clearTimeout(timer);
  });
  signal.addEventListener("abort", stop, { once: true });
  return overdue;
}
