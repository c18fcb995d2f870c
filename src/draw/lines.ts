import type { LineGeometry, LineStyle } from "../core/lines";
import type { Picture } from "./picture";
import type { DrawnHead } from "./plan";
import { drawStrokes } from "./strokes";
import type { Effort } from "./threshold";

export type { DrawnHead };

/**
 * Chosen by measurement (`benchmarks/drawing.mjs`) for a layer of 12 heads to be drawn within a frame or two of the
 * screen, at 128 tokens, and within a tenth of a second at 512.
 */
const EFFORT: Effort = { all: 1 << 19, most: 1 << 20, haze: 1 << 17 };

/** More lines than this for each row of pixels can't be told from each other. */
const LINES_PER_ROW = 1.5;

/**
 * Replaces the picture by the lines of some heads: each a smooth curve with horizontal ends, as opaque as its weight
 * says. Missing weights have no line.
 *
 * Where there are too many lines to draw, the ones too faint to be seen alone are drawn in bundles that spread evenly
 * between neighbouring tokens: many of them are still seen as a haze of the right opacity.
 *
 * @returns how many lines were drawn one by one.
 */
export function drawLines(
  picture: Picture,
  heads: readonly DrawnHead[],
  geometry: LineGeometry,
  style: LineStyle,
): number {
  picture.data.fill(0);
  const area = { x: 0, y: 0, width: picture.width, height: picture.height };
  const most = Math.max(EFFORT.most, LINES_PER_ROW * heightOf(geometry) * picture.width);
  return drawStrokes(picture, area, heads, geometry, style, { ...EFFORT, most });
}

/** The height of all that is shown. It may be more than the picture's. */
function heightOf({ queryY, keyY }: LineGeometry): number {
  const y = [...queryY, ...keyY].filter(Number.isFinite);
  return y.length === 0 ? 0 : Math.max(...y) - Math.min(...y);
}
