import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { VectorRequest } from "../../contract.gen";
import { type Chain, chainOf } from "../../core/attend/chain";
import type { Span } from "../../core/look/viewport";
import { bandOf } from "../../core/weights/vectors";
import type { Progress } from "../fetch/progress";
import type { LineArea } from "../head/head-lines";
import type { Scene } from "../scene/scene";
import { type ChainColumn, chainStepsOf } from "./chain-steps";
import { type VectorAnswer, watchVectors } from "./fetch-vectors";

/** The chain of the expanded query, and how it is shown. */
export interface ShownChain {
  /** The query's row among the shown rows. */
  readonly row: number;
  readonly answer: VectorAnswer;
  readonly chain: Chain;
  readonly columns: readonly ChainColumn[];
  /** The key position of a row. A word stands for its first token. */
  readonly keyAt: (row: number) => number;
  /** The rows of keys that do not gather others. */
  readonly keysInSight: Span;
  /** Whether each row is one token and none is left out. */
  readonly isPlain: boolean;
}

export interface ExpandedQuery {
  /** Why the layer has no queries and keys; empty if it has them. */
  readonly reason: ReadonlySignal<string>;
  /** The row of the expanded query; null if there is none. */
  readonly row: ReadonlySignal<number | null>;
  readonly shown: ReadonlySignal<ShownChain | null>;
  readonly progress: ReadonlySignal<Progress>;
}

/** A query is expanded while it is pinned. Pointing at another query shows the other's chain. */
export function followExpandedQuery(scene: Scene, { focus }: LineArea, signal: AbortSignal): ExpandedQuery {
  const reason = computed(() => scene.description.value?.no_vectors[scene.layer.value] ?? "");
  const row = computed(() => {
    const pinned = scene.tokens.query.value;
    return pinned === null || reason.value !== "" ? null : focus.value.tokens.query;
  });
  const requested = computed(() => vectorRequest(scene, row.value));
  const { answer, progress } = watchVectors(scene.context.source, requested, signal);
  const chain = computed(() => {
    const [found, position] = [answer.value, positionOf(scene, row.value)];
    if (!found || position === null || found.map !== scene.description.value?.name) return null;
    const [start, stop] = found.vectors.rows;
    return position >= start && position < stop ? chainOf(found.vectors, position) : null;
  });
  const shown = computed(() => {
    const [found, shownMap] = [answer.value, scene.shownMap.value];
    if (!chain.value || !found || !shownMap || row.value === null) return null;
    return {
      row: row.value,
      answer: found,
      chain: chain.value,
      columns: chainStepsOf(found.vectors.rule, found.vectors),
      keyAt: (key: number) => shownMap.keys.groups[key]?.[0] ?? 0,
      keysInSight: shownMap.keys.visibleRows,
      isPlain: shownMap.queries.isPlain && shownMap.keys.isPlain,
    };
  });
  return { reason, row, shown, progress };
}

function positionOf(scene: Scene, row: number | null): number | null {
  return row === null ? null : (scene.shownMap.value?.queries.groups[row]?.[0] ?? null);
}

function vectorRequest(scene: Scene, row: number | null): VectorRequest | null {
  const [position, shownMap, [head]] = [positionOf(scene, row), scene.shownMap.value, scene.heads.value];
  if (position === null || !shownMap || head === undefined) return null;
  const queries = bandOf(position, shownMap.queries.shownAt.length, shownMap.keys.shownAt.length);
  return { map: shownMap.description.name, layer: scene.layer.value, head, queries };
}
