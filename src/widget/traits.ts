import type { AnyModel } from "@anywidget/types";
import { effect, signal as newSignal, type ReadonlySignal, type Signal } from "@preact/signals-core";
import type { Status } from "../core/state/context";
import { hasEnded } from "../core/state/kernel-messages";

/**
 * A signal that mirrors a synced trait: writing the signal saves the trait, and a change from the kernel writes the
 * signal. Once `status` says that the kernel has ended, the trait changes only in this page.
 */
export function traitSignal<T extends object, K extends keyof T & string>(
  model: AnyModel<T>,
  name: K,
  ended: AbortSignal,
  status: ReadonlySignal<Status>,
): Signal<T[K]> {
  const value = newSignal(model.get(name));
  const changed = () => {
    if (!same(value.peek(), model.get(name))) value.value = model.get(name);
  };
  model.on(`change:${name}`, changed);
  const stop = effect(() => {
    if (same(value.value, model.get(name))) return;
    model.set(name, value.value);
    // ipywidgets would log an error instead of throwing one.
    if (!hasEnded(status.peek())) model.save_changes();
  });
  ended.addEventListener("abort", () => {
    stop();
    model.off(`change:${name}`, changed);
  });
  return value;
}

/** Traits are JSON: lists are equal if their elements are. */
function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
