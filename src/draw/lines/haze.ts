import { addBands, BAND_COLUMNS, type Bands, type Grain } from "./bands";
import type { Coverage } from "./coverage";
import type { CurvePoint } from "./curve";
import type { HazeSums } from "./haze-sums";
import type { RowStretch, RowStretches } from "./stretches";

/** Lines that are too faint to be drawn one by one, bundled in three ways. */
export interface Haze {
  /** Bundles from one query to neighbouring keys, which are accurate near the queries. */
  readonly fromQueries: Bands;
  /** Bundles from neighbouring queries to neighbouring keys, for the middle, where lines have long mingled. */
  readonly between: Bands;
  /** Bundles from neighbouring queries to one key, which are accurate near the keys. */
  readonly toKeys: Bands;
}

/** Up to this fraction of their way down, lines visibly belong to the token that they share. */
const MEETING = 0.06;

/** A bundle below this opacity is invisible. */
const NEGLIGIBLE = 1e-5;

/** Adds the haze around a point of the curve, over the columns and rows of the grain. */
export function addHaze(coverage: Coverage, haze: Haze, point: CurvePoint, halfWidth: number, grain: Grain): void {
  const { fraction, slope } = point;
  if (fraction < MEETING) addBands(coverage, haze.fromQueries, point, halfWidth, grain);
  else if (fraction < 1 - MEETING) addBands(coverage, haze.between, point, halfWidth, grain);
  else addBands(coverage, haze.toKeys, { fraction: 1 - fraction, slope }, halfWidth, grain);
}

/** Makes haze from weights that were summed over the same tiles of tokens as the stretches. */
export function hazeOf(sums: HazeSums, queries: RowStretches, keys: RowStretches, opacity: number): Haze {
  return {
    fromQueries: bandsOf(sums.fromQueries, queries.points, keys.tiles, keys.tiles.length, 1, opacity),
    between: bandsOf(sums.between, queries.halves, keys.halves, keys.halves.length, 1, opacity),
    toKeys: bandsOf(sums.toKeys, keys.points, queries.tiles, 1, keys.points.length, opacity),
  };
}

/**
 * Bundles from `starts` to `ends`. The weights of consecutive starts are `startStride` entries apart, those of
 * consecutive ends `endStride`.
 */
function bandsOf(
  weights: Float64Array,
  starts: readonly RowStretch[],
  ends: readonly RowStretch[],
  startStride: number,
  endStride: number,
  opacity: number,
): Bands {
  const least = NEGLIGIBLE / opacity;
  const bands = new Float64Array(BAND_COLUMNS * count(weights, least));
  let at = 0;
  for (let j = 0; j < ends.length; j++) {
    const end = ends[j] as RowStretch;
    for (let i = 0; i < starts.length; i++) {
      const weight = weights[i * startStride + j * endStride] as number;
      if (weight < least) continue;
      const start = starts[i] as RowStretch;
      bands[at++] = start.middle;
      bands[at++] = end.middle - start.middle;
      bands[at++] = start.half;
      bands[at++] = end.half - start.half;
      bands[at++] = weight * opacity;
    }
  }
  return bands;
}

function count(weights: Float64Array, least: number): number {
  let bundles = 0;
  for (let index = 0; index < weights.length; index++) if ((weights[index] as number) >= least) bundles++;
  return bundles;
}
