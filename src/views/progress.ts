import { computed, type ReadonlySignal, type Signal } from "@preact/signals-core";
import { Absent } from "../core/absent";

/**
 * How far a picture is. What is pending for more than half a second is `slow`, and then says so. An error whose `retry`
 * is null is no failure: a part of a capture holds no more.
 */
export type Progress =
  | { readonly state: "pending"; readonly slow: boolean }
  | { readonly state: "ready" }
  | { readonly state: "error"; readonly message: string; readonly retry: (() => void) | null };

export const READY: Progress = { state: "ready" };
export const PENDING: Progress = { state: "pending", slow: false };

/** After this many milliseconds of waiting a view says what it waits for. */
const SLOW_AFTER = 500;

/** Marks something as awaited until `signal` aborts. */
export function startWaiting(progress: Signal<Progress>, signal: AbortSignal): void {
  progress.value = PENDING;
  const timer = setTimeout(() => {
    progress.value = { state: "pending", slow: true };
  }, SLOW_AFTER);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

/** What an error becomes: its message is a sentence for people. What is not there is not asked for again. */
export function failed(error: unknown, retry: () => void): Progress {
  const message = error instanceof Error ? error.message : String(error);
  return { state: "error", message, retry: error instanceof Absent ? null : retry };
}

/** The progress of several pictures taken as one: an error goes first, then whatever is awaited longest. */
export function together(parts: readonly ReadonlySignal<Progress>[]): ReadonlySignal<Progress> {
  return computed(() => {
    const all = parts.map((part) => part.value);
    const pending = all.filter((one) => one.state === "pending");
    return all.find((one) => one.state === "error") ?? pending.find((one) => one.slow) ?? pending[0] ?? READY;
  });
}
