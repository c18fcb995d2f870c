import { computed, type ReadonlySignal } from "@preact/signals-core";

/** How far a picture is. What is pending for more than half a second is `slow`, and then says so. */
export type Progress =
  | { readonly state: "pending"; readonly slow: boolean }
  | { readonly state: "ready" }
  | { readonly state: "error"; readonly message: string; readonly retry: () => void };

export const READY: Progress = { state: "ready" };
export const PENDING: Progress = { state: "pending", slow: false };
export const SLOW: Progress = { state: "pending", slow: true };

/** The progress of several pictures taken as one: an error goes first, then whatever is awaited longest. */
export function together(parts: readonly ReadonlySignal<Progress>[]): ReadonlySignal<Progress> {
  return computed(() => {
    const all = parts.map((part) => part.value);
    const pending = all.filter((one) => one.state === "pending");
    return all.find((one) => one.state === "error") ?? pending.find((one) => one.slow) ?? pending[0] ?? READY;
  });
}
