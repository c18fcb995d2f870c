import type { LineGeometry, LineStyle } from "../../core/look/line-geometry";
import type { PixelArea, PixelBuffer } from "../../core/look/pixel-buffer";
import { CoarseDrawing } from "./coarse";
import { drawFinely } from "./fine";
import type { Effort } from "./line-budget";
import { Pixels } from "./pixels";
import { type DrawnHead, planStrokes } from "./plan";

/** A picture is drawn finely if its lines and rows, times its width in pixels, are at most this. */
const FINE = 1 << 22;

/**
 * Draws the lines of some heads into an empty area of the picture, column by column. The geometry is relative to the
 * area's corner. Returns how many lines were drawn one by one.
 */
export function drawStrokes(
  picture: PixelBuffer,
  area: PixelArea,
  heads: readonly DrawnHead[],
  geometry: LineGeometry,
  style: LineStyle,
  effort: Effort,
): number {
  const plan = planStrokes(heads, geometry, style, effort);
  const pixels = new Pixels(picture, area);
  if ((plan.lines + heads.length * area.height) * area.width <= FINE) {
    drawFinely(pixels, area, heads, plan, geometry, style.halfWidth, effort.most);
  } else {
    new CoarseDrawing(heads, plan, geometry, style.halfWidth, area.height).draw(pixels, area);
  }
  return plan.lines;
}
