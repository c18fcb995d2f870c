import { computed, type ReadonlySignal, signal as signalOf } from "@preact/signals-core";
import { type ExcerptRequest, TILE_BINS } from "../../contract.gen";
import type { Source } from "../../core/state/source";
import { type HeadWeights, weightAt } from "../../core/weights/head-weights";
import { childOf, effectUntil } from "../../dom/until";

/** One cell of some heads of a layer. */
export interface CellRequest {
  readonly map: string;
  readonly layer: number;
  readonly heads: readonly number[];
  readonly query: number;
  readonly key: number;
}

/** The pointer must rest this many milliseconds on a cell before its weight is requested. */
const REST = 60;

/** The weight of each head in the requested cell, as it was sent; null until it arrives. */
export function watchCell(
  source: Source,
  requested: ReadonlySignal<CellRequest | null>,
  signal: AbortSignal,
): ReadonlySignal<readonly HeadWeights[] | null> {
  const lane = Math.random().toString(36).slice(2);
  const requestText = computed(() => JSON.stringify(requested.value));
  const answer = signalOf<{ readonly requestText: string; readonly weights: readonly HeadWeights[] } | null>(null);
  let running: AbortController | null = null;
  const ask = async (request: ExcerptRequest, asked: string, turn: AbortSignal) => {
    try {
      const weights = await source.excerpt(request, lane, turn);
      if (!turn.aborted) answer.value = { requestText: asked, weights };
    } catch {
      // Until the cell's weight is known, the readout shows that of its bin. The tiles report errors of the source.
    }
  };
  effectUntil(signal, () => {
    const asked = requestText.value;
    const cell = requested.peek();
    running?.abort();
    running = null;
    if (!cell) return;
    const request = requestOf(cell);
    const known = source.peekExcerpt(request);
    if (!known.includes(undefined)) {
      answer.value = { requestText: asked, weights: known as HeadWeights[] };
      return;
    }
    const turn = childOf(signal);
    running = turn;
    const timer = setTimeout(() => void ask(request, asked, turn.signal), REST);
    turn.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  });
  return computed(() => (answer.value?.requestText === requestText.value ? answer.value.weights : null));
}

function requestOf({ map, layer, heads, query, key }: CellRequest): ExcerptRequest {
  const groups = { queries: [[query, query + 1]], keys: [[key, key + 1]] };
  return { map, layer, heads: [...heads], ...groups, without: [] };
}

/** The cell of a tile of single tokens, in the form of an excerpt. */
export function cellOfTile(tile: HeadWeights, query: number, key: number): HeadWeights {
  const at = (query % TILE_BINS) * tile.numKeys + (key % TILE_BINS);
  const codes = tile.codes.length > 0 ? tile.codes.slice(at, at + 1) : new Uint16Array(1);
  return { ...tile, numQueries: 1, numKeys: 1, codes };
}

/** The only weight of an excerpt of one cell. */
export function onlyWeight(weights: HeadWeights): number {
  return weightAt(weights, 0, 0);
}
