import { computed, type ReadonlySignal, type Signal } from "@preact/signals-core";
import { NotHeldError } from "../../core/state/source";

/**
 * The progress of a picture. After half a second, `pending` becomes `slow` and the view says that it waits. An error
 * whose `retry` is null is no failure: the source holds only a part of the capture.
 */
export type Progress =
  | { readonly state: "pending"; readonly slow: boolean }
  | { readonly state: "ready" }
  | { readonly state: "error"; readonly message: string; readonly retry: (() => void) | null };

export const READY: Progress = { state: "ready" };
export const PENDING: Progress = { state: "pending", slow: false };

/** The view says what it waits for after this many milliseconds. */
const SLOW_AFTER = 500;

/** Marks a picture as pending until `signal` aborts. */
export function startWaiting(progress: Signal<Progress>, signal: AbortSignal): void {
  progress.value = PENDING;
  const timer = setTimeout(() => {
    progress.value = { state: "pending", slow: true };
  }, SLOW_AFTER);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

/**
 * Turns an error, whose message is for users, into progress. A request outside of what the source holds is not retried.
 */
export function failed(error: unknown, retry: () => void): Progress {
  const message = error instanceof Error ? error.message : String(error);
  return { state: "error", message, retry: error instanceof NotHeldError ? null : retry };
}

/** Combines the progress of several pictures into one: errors come first, then slow pictures, then pending ones. */
export function combineProgress(parts: readonly ReadonlySignal<Progress>[]): ReadonlySignal<Progress> {
  return computed(() => {
    const all = parts.map((part) => part.value);
    const pending = all.filter((one) => one.state === "pending");
    return all.find((one) => one.state === "error") ?? pending.find((one) => one.slow) ?? pending[0] ?? READY;
  });
}
