import { css } from "../../core/look/colors";
import type { LineGeometry, LineStyle } from "../../core/look/line-geometry";
import { attributesText, decimal, tag } from "../../core/look/markup";
import type { HeadWeights } from "../../core/weights/head-weights";
import { paintOf } from "../../dom/paint";
import type { ShownHead } from "../scene/shown-heads";

/** A line with a lower opacity than this is invisible, so pictures leave it out. */
export const FAINTEST = 1 / 512;

interface Line {
  readonly query: number;
  readonly key: number;
  readonly opacity: number;
}

/** The visible lines as paths in one group per head, the strongest on top. Null if there are more than `most`. */
export function linesMarks(
  heads: readonly ShownHead[],
  geometry: LineGeometry,
  style: LineStyle,
  most: number,
): string | null {
  let total = 0;
  const groups: string[] = [];
  for (const { head, color, weights } of heads) {
    const lines = linesOf(weights, geometry, style, most - total);
    if (!lines) return null;
    total += lines.length;
    const stroke = { stroke: paintOf(css(color))?.color, "stroke-width": 2 * style.halfWidth, fill: "none" };
    const paths = lines.map((line) => path(line, geometry));
    if (paths.length > 0) groups.push(`<g${attributesText({ id: `head-${head}`, ...stroke })}>${paths.join("\n")}</g>`);
  }
  return groups.join("\n");
}

function linesOf(
  { codes, table, numKeys }: HeadWeights,
  { queryY, keyY }: LineGeometry,
  style: LineStyle,
  most: number,
): readonly Line[] | null {
  const lines: Line[] = [];
  const isMeant = (position: number, only: number | null, y: Float32Array) =>
    (only ?? position) === position && Number.isFinite(y[position]);
  for (let query = 0; query < queryY.length; query++) {
    if (!isMeant(query, style.query, queryY)) continue;
    for (let key = 0; key < keyY.length; key++) {
      const opacity = Math.min(1, (table[codes[query * numKeys + key] as number] as number) * style.opacity);
      if (!(opacity >= FAINTEST) || !isMeant(key, style.key, keyY)) continue;
      lines.push({ query, key, opacity });
    }
    if (lines.length > most) return null;
  }
  return lines.sort((a, b) => a.opacity - b.opacity);
}

/** The curve of `draw/lines/curve.ts`: its control points are at one and two thirds of the width. */
function path({ query, key, opacity }: Line, { queryY, keyY, left, right }: LineGeometry): string {
  const [start, end] = [decimal(queryY[query] as number), decimal(keyY[key] as number)];
  const [third, twoThirds] = [left + (right - left) / 3, left + (2 * (right - left)) / 3].map(decimal);
  const d = `M${decimal(left)} ${start}C${third} ${start} ${twoThirds} ${end} ${decimal(right)} ${end}`;
  return tag("path", { d, "stroke-opacity": opacity < 1 ? opacity.toFixed(4) : undefined });
}
