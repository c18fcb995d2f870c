import { computed, type ReadonlySignal, type Signal, signal as signalOf } from "@preact/signals-core";
import type { Span } from "../../core/look/viewport";
import type { Status } from "../../core/state/context";
import type { HeadWeights } from "../../core/weights/head-weights";
import { effectUntil } from "../../dom/until";
import { type Scene, shownTokens } from "../scene/scene";
import type { ShownHead } from "../scene/shown-heads";

/** A snapshot and a page whose kernel is gone may lack the vectors of a query that nobody chose. */
const HAS_VECTORS: readonly Status[] = ["live", "busy", "page", "file"];

/** A scene that shows a query as if it were pinned while none is, so that a view starts with an example. */
export interface SuggestingScene {
  readonly scene: Scene;
  /** The suggested position, until a query is pinned or the suggestion is closed. */
  readonly suggestion: Signal<number | null>;
  /** Whether nothing is pinned, so that the suggestion is what is shown. */
  isShown(): boolean;
  /** Pins the suggested query. */
  pin(): void;
}

export function suggestingScene(scene: Scene, signal: AbortSignal): SuggestingScene {
  const { selection } = scene.context;
  const suggestion = signalOf<number | null>(null);
  const isOver = signalOf(false);
  const suggested = computed(() => {
    const hasVectors = scene.description.value?.no_vectors[scene.layer.value] === "";
    return isOver.value || !hasVectors ? null : suggestion.value;
  });
  const query = {
    get value() {
      return selection.query.value ?? suggested.value;
    },
    set value(next: number | null) {
      isOver.value = true;
      selection.query.value = next;
    },
    peek: () => selection.query.peek() ?? suggested.peek(),
  };
  effectUntil(signal, () => {
    if (selection.query.value !== null) isOver.value = true;
  });
  // Only the members of a signal that a scene uses.
  const suggesting = { ...selection, query: query as Signal<number | null> };
  return {
    scene: {
      ...scene,
      context: { ...scene.context, selection: suggesting },
      tokens: shownTokens(suggesting, scene.shownMap),
    },
    suggestion,
    isShown: () => selection.query.peek() === null,
    pin() {
      selection.query.value = suggested.peek();
    },
  };
}

/**
 * Suggests the strongest query as soon as there are weights, again if another map or other sentences are shown. Nothing
 * is suggested where a key is pinned: readers want the queries that attend to it.
 */
export function suggestStrongest(
  scene: Scene,
  heads: ReadonlySignal<readonly ShownHead[]>,
  suggestion: Signal<number | null>,
  signal: AbortSignal,
): void {
  let suggestedFor = "";
  effectUntil(signal, () => {
    const [head, shownMap, map] = [heads.value[0], scene.shownMap.value, scene.description.value];
    const what = `${map?.name} ${scene.context.selection.pair.value}`;
    if (!head || !shownMap || !map || what === suggestedFor) return;
    suggestedFor = what;
    const hasVectors = !map.no_vectors[scene.layer.value] && HAS_VECTORS.includes(scene.context.status.peek());
    const isFree = scene.tokens.key.peek() === null;
    const row = hasVectors && isFree ? strongestQuery(head.weights, scene) : null;
    suggestion.value = row === null ? null : (shownMap.queries.groups[row]?.[0] ?? null);
  });
}

/** The row of the query with the largest weight on a key that is neither special nor the first; null if there is none. */
export function strongestQuery(weights: HeadWeights, { description, shownMap, ranges }: Scene): number | null {
  const [map, shown] = [description.peek(), shownMap.peek()];
  if (!map || !shown) return null;
  const rows = listed(ranges.peek().queries, shown.queries.visibleRows, map.query_special);
  const columns = listed(ranges.peek().keys, shown.keys.visibleRows, [0, ...map.key_special]);
  let [best, most] = [null as number | null, 0];
  for (const row of rows) {
    for (const column of columns) {
      const weight = weights.table[weights.codes[row * weights.numKeys + column] as number] as number;
      if (weight > most) [best, most] = [row, weight];
    }
  }
  return best ?? rows[0] ?? null;
}

function listed(range: Span, visible: Span, without: readonly number[]): number[] {
  const left = new Set(without);
  const [start, stop] = [Math.max(range[0], visible[0]), Math.min(range[1], visible[1])];
  return Array.from({ length: Math.max(0, stop - start) }, (_, index) => start + index).filter((row) => !left.has(row));
}
