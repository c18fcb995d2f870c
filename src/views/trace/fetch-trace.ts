import { computed, type ReadonlySignal, signal as signalOf, untracked } from "@preact/signals-core";
import { type Traced, type TracedHead, tracedHead, traceRequest, usuallyLeftOut } from "../../core/reduce/trace";
import { childOf, effectUntil } from "../../dom/until";
import type { Scene } from "../scene/scene";

/** A trace as far as it has arrived. */
export interface Trace {
  readonly map: string;
  readonly traced: Traced;
  /** The heads of each layer; undefined where a layer has not arrived. */
  readonly layers: readonly (readonly TracedHead[] | undefined)[];
  /** Why layers are missing, as a sentence; empty if none failed. */
  readonly problem: string;
  readonly isDone: boolean;
}

/** As many layers are requested at a time. */
const TOGETHER = 4;

/** What is pinned, as far as it can be traced; null for nothing. */
function wantedTrace({ context, wholeMap, leftOut }: Scene) {
  const { selection, options } = context;
  const [map, query, key] = [wholeMap.value, selection.query.value, selection.key.value];
  if (!map || !options.trace.value || (query === null && key === null)) return null;
  const ignored = query !== null && key === null ? [...usuallyLeftOut(map), ...leftOut.keys.value] : [];
  return { map, traced: { query, key, ignored }, layers: options.includeLayers.value };
}

/** Follows the pinned tokens while the trace is open. Layers are requested only then, the shown one first. */
export function watchTrace(scene: Scene, signal: AbortSignal): ReadonlySignal<Trace | null> {
  const trace = signalOf<Trace | null>(null);
  const lane = Math.random().toString(36).slice(2);
  const wanted = computed(() => wantedTrace(scene));
  const name = computed(() => {
    const next = wanted.value;
    return next && JSON.stringify([next.map.name, next.traced, next.layers]);
  });
  let running: AbortController | undefined;
  effectUntil(signal, () => {
    running?.abort();
    if (name.value === null) {
      trace.value = null;
      return;
    }
    const turn = childOf(signal);
    running = turn;
    untracked(() => void run(turn.signal));
  });
  return trace;

  async function run(until: AbortSignal): Promise<void> {
    const next = wanted.peek();
    if (!next) return;
    const { map, traced } = next;
    const shown = scene.layer.peek();
    const waiting = next.layers.filter((layer) => layer < map.num_layers);
    waiting.sort((a, b) => Math.abs(a - shown) - Math.abs(b - shown));
    const layers: (readonly TracedHead[] | undefined)[] = Array(map.num_layers);
    let problem = "";
    const put = (isDone: boolean) => {
      trace.value = { map: map.name, traced, layers: [...layers], problem, isDone };
    };
    put(false);
    const work = async (which: number) => {
      for (let layer = waiting.shift(); layer !== undefined; layer = waiting.shift()) {
        const request = traceRequest(traced, map, layer);
        try {
          const found = await scene.context.source.excerpt(request, `${lane} trace ${which}`, until);
          layers[layer] = found.map((weights) => tracedHead(weights, traced));
        } catch (error) {
          problem ||= (error as Error).message;
        }
        if (until.aborted) return;
        put(false);
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, (_, which) => work(which)));
    if (!until.aborted) put(true);
  }
}
