import type { AnyModel } from "@anywidget/types";
import { effect, signal as newSignal, type ReadonlySignal, type Signal } from "@preact/signals-core";
import type { Status } from "../core/context";
import { hasEnded } from "../core/endings";

/**
 * A signal that is one with a synced trait: writing it saves the trait, a change from the kernel writes it. Where the
 * kernel has ended, by `status`, the trait changes in this page alone.
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
    // ipywidgets would log an error, not throw one.
    if (!hasEnded(status.peek())) model.save_changes();
  });
  ended.addEventListener("abort", () => {
    stop();
    model.off(`change:${name}`, changed);
  });
  return value;
}

/** Traits are JSON: lists are equal when their elements are. */
function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
