import { computed, type ReadonlySignal } from "@preact/signals-core";

/** The room of a part of a view beside or below which something of `taken` pixels stands. */
export function lessRoom(room: ReadonlySignal<number>, taken: number): ReadonlySignal<number> {
  return computed(() => Math.max(160, room.value - taken));
}
