import { computed, type Signal } from "@preact/signals-core";

/** What reads and writes like a signal. */
export interface Cell<T> {
  value: T;
  peek(): T;
}

/** A signal in other terms: `read` and `write` translate. */
export function mappedCell<T, S>(source: Signal<S>, read: (value: S) => T, write: (value: T) => S): Cell<T> {
  const shown = computed(() => read(source.value));
  return {
    get value() {
      return shown.value;
    },
    set value(next) {
      source.value = write(next);
    },
    peek: () => shown.peek(),
  };
}
