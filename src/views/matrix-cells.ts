import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { type ExcerptRequest, TILE_BINS } from "../contract.gen";
import { type HeadWeights, weightAt } from "../core/head-weights";
import type { Source } from "../core/source";
import { childOf, effectUntil } from "../dom/until";

/** One cell of some heads of a layer. */
export interface CellWish {
  readonly map: string;
  readonly layer: number;
  readonly heads: readonly number[];
  readonly query: number;
  readonly key: number;
}

/** A pointer that has rested this many milliseconds is meant. */
const REST = 60;

/** The weight of each head in the wanted cell, as it was sent; null until they are there. */
export function watchCell(
  source: Source,
  wanted: ReadonlySignal<CellWish | null>,
  signal: AbortSignal,
): ReadonlySignal<readonly HeadWeights[] | null> {
  const lane = Math.random().toString(36).slice(2);
  const wish = computed(() => JSON.stringify(wanted.value));
  const answer = signalOf<{ readonly wish: string; readonly weights: readonly HeadWeights[] } | null>(null);
  let running: AbortController | null = null;
  const ask = async (request: ExcerptRequest, asked: string, turn: AbortSignal) => {
    try {
      const weights = await source.excerpt(request, lane, turn);
      if (!turn.aborted) answer.value = { wish: asked, weights };
    } catch {
      // The bin's weight is told as long as that of the cell is not known; what ails the source is told of the tiles.
    }
  };
  effectUntil(signal, () => {
    const asked = wish.value;
    const cell = wanted.peek();
    running?.abort();
    running = null;
    if (!cell) return;
    const request = requestOf(cell);
    const known = source.peekExcerpt(request);
    if (!known.includes(undefined)) {
      answer.value = { wish: asked, weights: known as HeadWeights[] };
      return;
    }
    const turn = childOf(signal);
    running = turn;
    const timer = setTimeout(() => void ask(request, asked, turn.signal), REST);
    turn.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  });
  return computed(() => (answer.value?.wish === wish.value ? answer.value.weights : null));
}

function requestOf({ map, layer, heads, query, key }: CellWish): ExcerptRequest {
  const groups = { queries: [[query, query + 1]], keys: [[key, key + 1]] };
  return { map, layer, heads: [...heads], ...groups, without_sink: false };
}

/** The cell of a tile of single tokens, as an excerpt of it would be. */
export function cellOf(tile: HeadWeights, query: number, key: number): HeadWeights {
  const at = (query % TILE_BINS) * tile.numKeys + (key % TILE_BINS);
  const codes = tile.codes.length > 0 ? tile.codes.slice(at, at + 1) : new Uint16Array(1);
  return { ...tile, numQueries: 1, numKeys: 1, codes };
}

/** The only weight of an excerpt of one cell. */
export function only(weights: HeadWeights): number {
  return weightAt(weights, 0, 0);
}
