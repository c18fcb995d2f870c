import type { LineGeometry, LineStyle } from "../../core/look/line-geometry";
import type { PixelBuffer } from "../../core/look/pixel-buffer";
import type { Effort } from "./line-budget";
import type { DrawnHead } from "./plan";
import { drawStrokes } from "./strokes";

export type { DrawnHead };

/**
 * Chosen by measurement (`benchmarks/drawing.mjs`): a layer of 12 heads is drawn within one or two frames of the screen
 * at 128 tokens, and within a tenth of a second at 512.
 */
const EFFORT: Effort = { all: 1 << 19, most: 1 << 20, haze: 1 << 17 };

/** More lines than this per row of pixels cannot be told apart. */
const LINES_PER_ROW = 1.5;

/**
 * Replaces the picture with the lines of some heads. Each is a smooth curve with horizontal ends, as opaque as its
 * weight. Missing weights have no line.
 * If there are too many lines to draw, those too faint to be seen on their own are drawn in bundles that spread evenly
 * between neighbouring tokens. Together they still form a haze of the right opacity.
 * @returns how many lines were drawn one by one.
 */
export function drawLines(
  picture: PixelBuffer,
  heads: readonly DrawnHead[],
  geometry: LineGeometry,
  style: LineStyle,
): number {
  picture.data.fill(0);
  const area = { x: 0, y: 0, width: picture.width, height: picture.height };
  const most = Math.max(EFFORT.most, LINES_PER_ROW * heightOf(geometry) * picture.width);
  return drawStrokes(picture, area, heads, geometry, style, { ...EFFORT, most });
}

/** The height of everything shown, which may exceed that of the picture. */
function heightOf({ queryY, keyY }: LineGeometry): number {
  const y = [...queryY, ...keyY].filter(Number.isFinite);
  return y.length === 0 ? 0 : Math.max(...y) - Math.min(...y);
}
