import { addBands, BAND, type Bands, type Grain } from "./bands";
import type { Coverage } from "./coverage";
import type { CurvePoint } from "./curve";
import type { HazeSums } from "./haze-sums";
import type { Stretch, Stretches } from "./stretches";

/** Lines that are too faint to be seen one by one, bundled in three ways. */
export interface Haze {
  /** Lines that leave one query for neighbouring keys: true to the lines near the queries. */
  readonly fromQueries: Bands;
  /** Lines from neighbouring queries to neighbouring keys: half way, they have long mingled with others. */
  readonly between: Bands;
  /** Lines that reach one key from neighbouring queries: true to the lines near the keys. */
  readonly toKeys: Bands;
}

/** Up to this part of the way down to their other ends, lines show which token they share. */
const MEETING = 0.06;

/** A bundle below this opacity adds nothing to any pixel. */
const NEGLIGIBLE = 1e-5;

/** Adds the haze as it is around the point of the curve, over as many columns and rows as the grain has. */
export function addHaze(coverage: Coverage, haze: Haze, point: CurvePoint, halfWidth: number, grain: Grain): void {
  const { fraction, slope } = point;
  if (fraction < MEETING) addBands(coverage, haze.fromQueries, point, halfWidth, grain);
  else if (fraction < 1 - MEETING) addBands(coverage, haze.between, point, halfWidth, grain);
  else addBands(coverage, haze.toKeys, { fraction: 1 - fraction, slope }, halfWidth, grain);
}

/** Haze of weights that are summed over the same tiles of tokens as the stretches. */
export function hazeOf(sums: HazeSums, queries: Stretches, keys: Stretches, opacity: number): Haze {
  return {
    fromQueries: bandsOf(sums.fromQueries, queries.points, keys.tiles, keys.tiles.length, 1, opacity),
    between: bandsOf(sums.between, queries.halves, keys.halves, keys.halves.length, 1, opacity),
    toKeys: bandsOf(sums.toKeys, keys.points, queries.tiles, 1, keys.points.length, opacity),
  };
}

/**
 * Lines from `starts` to `ends`. The weight of the next start is `startStride` entries further on, that of the next end
 * `endStride`.
 */
function bandsOf(
  weights: Float64Array,
  starts: readonly Stretch[],
  ends: readonly Stretch[],
  startStride: number,
  endStride: number,
  opacity: number,
): Bands {
  const least = NEGLIGIBLE / opacity;
  const bands = new Float64Array(BAND * count(weights, least));
  let at = 0;
  for (let j = 0; j < ends.length; j++) {
    const end = ends[j] as Stretch;
    for (let i = 0; i < starts.length; i++) {
      const weight = weights[i * startStride + j * endStride] as number;
      if (weight < least) continue;
      const start = starts[i] as Stretch;
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
