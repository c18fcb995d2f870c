import { computed, type ReadonlySignal, type Signal } from "@preact/signals-core";
import type { MapDescription } from "../../contract.gen";
import type { ViewContext } from "../../core/state/context";
import { isLong } from "../../core/weights/map-size";

/** The attention that each key of a layer gathers; null where it could not be measured. */
export interface MeasuredShares {
  readonly map: string;
  readonly layer: number;
  readonly shares: Float64Array | null;
}

/** The keys that a view leaves out. */
export interface LeftOut {
  /** The sinks of the layer, those included that the reader brought back. */
  readonly sinks: ReadonlySignal<readonly number[]>;
  /** All keys that are left out, in ascending order. */
  readonly keys: ReadonlySignal<readonly number[]>;
  readonly measured: Signal<MeasuredShares | null>;
  /** Whether the sinks of a short map are still being measured. */
  readonly isMeasuring: ReadonlySignal<boolean>;
}

/** A key that gathers surplus attention in most causal models. Source: Xiao et al. 2023, arXiv:2309.17453. */
const FIRST = 0;

/** Until a layer is measured, the sinks of the last one stand in, and at first the first key. */
export function leftOut(
  { options }: ViewContext,
  wholeMap: ReadonlySignal<MapDescription | undefined>,
  layer: ReadonlySignal<number>,
  measured: Signal<MeasuredShares | null>,
): LeftOut {
  const { hideSink, sinkShare, keepSinks, exclude } = options.aids;
  const text = computed(() => {
    const now = measured.value;
    if (!hideSink.value) return "[]";
    const shares = now?.map === wholeMap.value?.name ? now?.shares : null;
    return JSON.stringify(
      shares ? [...shares.keys()].filter((key) => (shares[key] as number) > sinkShare.value) : [FIRST],
    );
  });
  // Compared as text, so that a layer with the same sinks makes no new map.
  const sinks = computed<readonly number[]>(() => JSON.parse(text.value));
  const keysText = computed(() => {
    const size = wholeMap.value?.key_tokens.length ?? 0;
    const kept = new Set(keepSinks.value);
    const all = new Set([...sinks.value.filter((key) => !kept.has(key)), ...exclude.value]);
    return JSON.stringify([...all].filter((key) => key < size).sort((a, b) => a - b));
  });
  return {
    sinks,
    keys: computed<readonly number[]>(() => JSON.parse(keysText.value)),
    measured,
    isMeasuring: computed(() => {
      const [now, map] = [measured.value, wholeMap.value];
      if (!hideSink.value || !map || isLong(map)) return false;
      return now?.map !== map.name || now.layer !== layer.value;
    }),
  };
}
