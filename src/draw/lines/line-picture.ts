import type { LineGeometry, LineStyle } from "../../core/look/line-geometry";
import { MAX_ROW_HEIGHT, type TokenLayout } from "../../core/look/token-layout";
import type { DrawnHead } from "./plan";
import { type Ends, HALF_WIDTH, type LineStrength } from "./strength";

/** Everything that determines the lines of all tokens. A new object means that they are drawn again. */
export interface LinesPicture<H extends DrawnHead = DrawnHead> {
  readonly strength: LineStrength<H>;
  readonly layout: TokenLayout;
  /** In CSS pixels. */
  readonly width: number;
}

/** Where lines are in an image of `ratio` pixels per CSS pixel, whose first row is row `top` of the picture. */
export function geometryOf(
  { layout, width }: Omit<LinesPicture, "strength">,
  ratio: number,
  top: number,
): LineGeometry {
  return {
    queryY: layout.queryY.map((y) => y * ratio - top),
    keyY: layout.keyY.map((y) => y * ratio - top),
    left: 0,
    right: width * ratio,
  };
}

/** The style of the lines of `picture.strength.heads`. */
export function styleOf({ strength, layout }: LinesPicture, ends: Ends, ratio: number): LineStyle {
  const halfWidth = HALF_WIDTH * ratio * Math.sqrt(layout.rowHeight / MAX_ROW_HEIGHT);
  return { opacity: strength.factor(ends), halfWidth, query: ends.query, key: ends.key };
}
