import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { VectorRequest } from "../contract.gen";
import { bandOf } from "../core/vectors";
import { type Chain, chainOf } from "../core/vectors-chain";
import type { Span } from "../core/viewport";
import type { LineArea } from "./lines";
import { type ChainColumn, columnsOf } from "./neuron-columns";
import { type VectorAnswer, watchVectors } from "./neuron-vectors";
import type { Progress } from "./progress";
import type { Scene } from "./scene";

/** The chain of the expanded query, as it is shown. */
export interface ShownChain {
  /** The query's row among those that are shown. */
  readonly row: number;
  readonly answer: VectorAnswer;
  readonly chain: Chain;
  readonly columns: readonly ChainColumn[];
  /** The position of a key by its row: a word stands for its first token. */
  readonly keyAt: (row: number) => number;
  /** The rows of keys that do not gather those out of sight. */
  readonly keysInSight: Span;
  /** Whether rows are left out or stand for several tokens. */
  readonly isPlain: boolean;
}

export interface Expansion {
  /** Why the layer has no queries and keys; empty where it has. */
  readonly reason: ReadonlySignal<string>;
  /** The row of the expanded query; null while none is. */
  readonly row: ReadonlySignal<number | null>;
  readonly shown: ReadonlySignal<ShownChain | null>;
  readonly progress: ReadonlySignal<Progress>;
}

/** A query is expanded while it is pinned; pointing at another one shows that one's chain. */
export function followExpansion(scene: Scene, { focus }: LineArea, signal: AbortSignal): Expansion {
  const reason = computed(() => scene.info.value?.no_vectors[scene.layer.value] ?? "");
  const row = computed(() => {
    const pinned = scene.tokens.query.value;
    return pinned === null || reason.value !== "" ? null : focus.value.tokens.query;
  });
  const wanted = computed(() => wish(scene, row.value));
  const { answer, progress } = watchVectors(scene.context.source, wanted, signal);
  const chain = computed(() => {
    const [found, position] = [answer.value, positionOf(scene, row.value)];
    if (!found || position === null || found.map !== scene.info.value?.name) return null;
    const [start, stop] = found.vectors.rows;
    return position >= start && position < stop ? chainOf(found.vectors, position) : null;
  });
  const shown = computed(() => {
    const [found, lens] = [answer.value, scene.lens.value];
    if (!chain.value || !found || !lens || row.value === null) return null;
    return {
      row: row.value,
      answer: found,
      chain: chain.value,
      columns: columnsOf(found.vectors.rule, found.vectors),
      keyAt: (key: number) => lens.keys.groups[key]?.[0] ?? 0,
      keysInSight: lens.keys.inSight,
      isPlain: lens.queries.isPlain && lens.keys.isPlain,
    };
  });
  return { reason, row, shown, progress };
}

function positionOf(scene: Scene, row: number | null): number | null {
  return row === null ? null : (scene.lens.value?.queries.groups[row]?.[0] ?? null);
}

function wish(scene: Scene, row: number | null): VectorRequest | null {
  const [position, lens, [head]] = [positionOf(scene, row), scene.lens.value, scene.heads.value];
  if (position === null || !lens || head === undefined) return null;
  const queries = bandOf(position, lens.queries.shownAt.length, lens.keys.shownAt.length);
  return { map: lens.info.name, layer: scene.layer.value, head, queries };
}
