import { computed } from "@preact/signals-core";

/** The part of a signal that callers read and write. */
export interface WritableSignal<T> {
  value: T;
  peek(): T;
}

/** Presents a signal in other terms: `read` converts its value, `write` converts back. */
export function mapSignal<T, S>(
  source: WritableSignal<S>,
  read: (value: S) => T,
  write: (value: T) => S,
): WritableSignal<T> {
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
