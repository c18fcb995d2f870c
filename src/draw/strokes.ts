import type { LineGeometry, LineStyle } from "../core/lines";
import { CoarseDrawing } from "./coarse";
import { drawFinely } from "./fine";
import type { Area, Picture } from "./picture";
import { Pixels } from "./pixels";
import { type DrawnHead, planStrokes } from "./plan";
import type { Effort } from "./threshold";

/** A picture is drawn finely if it has so few lines and rows, times its width in pixels. */
const FINE = 1 << 22;

/**
 * Draws the lines of some heads into an empty area of the picture, column after column of pixels. The geometry is
 * measured from the area's corner. Returns how many lines were drawn one by one.
 */
export function drawStrokes(
  picture: Picture,
  area: Area,
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
