import type { ExcerptRequest } from "../../contract.gen";
import type { HeadWeights } from "../weights/head-weights";
import { encodeWeights } from "../weights/head-weights";
import { toRanges } from "./group-tokens";
import type { MapAxes, ShownMap } from "./shown-map";

/**
 * The two requests for the weights of a shown map: its visible rows, which are quick to compute, and the rows that
 * gather others.
 */
export interface ExcerptParts {
  readonly near: ExcerptRequest;
  /** Null if all rows are visible. */
  readonly far: ExcerptRequest | null;
}

type Which = Pick<ExcerptRequest, "map" | "layer" | "heads">;

export function excerptParts({ queries, keys, without }: ShownMap, which: Which): ExcerptParts {
  const [first, stop] = queries.visibleRows;
  const rows = queries.groups.map(toRanges);
  const rest = { ...which, keys: keys.groups.map(toRanges), without: toRanges(without) };
  const far = [...rows.slice(0, first), ...rows.slice(stop)];
  return {
    near: { ...rest, queries: rows.slice(first, stop) },
    far: far.length > 0 ? { ...rest, queries: far } : null,
  };
}

/** Joins both parts of a head. Rows of a missing far part have no weights. */
export function joinedParts({ queries, keys }: MapAxes, near: HeadWeights, far: HeadWeights | null): HeadWeights {
  const [numQueries, numKeys] = [queries.groups.length, keys.groups.length];
  const [first, stop] = queries.visibleRows;
  if (first === 0 && stop === numQueries) return near;
  const isAlike = !far || far.table === near.table;
  const [values, extent] = isAlike ? [near.codes, numKeys] : [valuesOf(near), numKeys];
  const rest = isAlike ? far?.codes : far && valuesOf(far);
  const all = isAlike ? new Uint16Array(numQueries * extent) : new Float32Array(numQueries * extent);
  all.set(values, first * extent);
  if (rest) {
    all.set(rest.subarray(0, first * extent));
    all.set(rest.subarray(first * extent), stop * extent);
  }
  const size = { numQueries, numKeys };
  if (all instanceof Uint16Array) return { ...near, ...size, codes: all };
  return { ...size, ...encodeWeights(all, near.dtype) };
}

function valuesOf({ codes, table }: HeadWeights): Float32Array {
  return Float32Array.from(codes, (code) => table[code] as number);
}

/**
 * Carries weights over from one shown map to another until the other's own arrive: those of rows and columns that both
 * maps share.
 */
export function carriedOver(weights: HeadWeights, from: MapAxes, to: MapAxes): HeadWeights {
  const [numQueries, numKeys] = [to.queries.groups.length, to.keys.groups.length];
  const codes = new Uint16Array(numQueries * numKeys);
  const [rows, columns] = [sameRows(from.queries, to.queries), sameRows(from.keys, to.keys)];
  for (const [row, before] of rows) {
    for (const [column, beside] of columns) {
      codes[row * numKeys + column] = weights.codes[before * weights.numKeys + beside] as number;
    }
  }
  return { ...weights, numQueries, numKeys, codes };
}

/** The rows that stand for the same positions on both axes. */
function sameRows(from: MapAxes["queries"], to: MapAxes["queries"]): [row: number, before: number][] {
  return to.groups.flatMap((group, row) => {
    const before = from.shownAt[group[0] as number] ?? -1;
    const old = from.groups[before];
    return old && old.length === group.length && old[0] === group[0] && old.at(-1) === group.at(-1)
      ? [[row, before] as [number, number]]
      : [];
  });
}
