import { decimal, tag } from "../../core/look/markup";
import { partRows, positionStep, textParts } from "../../core/look/text-parts";
import type { TokenLayout } from "../../core/look/token-layout";
import { AXES, type Side } from "../../core/state/side";
import type { Scene } from "../../views/scene/scene";
import { textWidth } from "../paper/letters";
import { groupOf, type MarkedPart, textAt } from "../paper/marks";
import type { Style } from "../paper/style";

/** Fewer rows are counted at a glance. */
const UNCOUNTED = 6;
const SIZE = 9;
/** The width of the names of parts, which are written along their rows. */
const NAMES = 16;

/** Beside a column of tokens: the named parts of the text, with a rule between them, and positions. */
export function gutterPart(scene: Scene, side: Side, layout: TokenLayout, style: Style): MarkedPart {
  const [map, axis] = [scene.wholeMap.value, scene.shownMap.value?.[AXES[side]]];
  if (!map || !axis) return { marks: "", width: 0, height: layout.height };
  const [first, last] = scene.ranges.value[AXES[side]];
  const visibleRows = [Math.max(axis.visibleRows[0], first), Math.min(axis.visibleRows[1], last)] as const;
  const shown = { ...axis, visibleRows };
  const y = side === "query" ? layout.queryY : layout.keyY;
  const numbers = positionsOf(shown);
  const parts = partRows(textParts(map, side), shown);
  const digits = Math.max(0, ...numbers.map(({ position }) => textWidth(position.toLocaleString("en"), SIZE)));
  const names = parts.length > 0 ? NAMES : 0;
  const width = digits + names + (digits + names > 0 ? 6 : 0);
  const isQuery = side === "query";
  const look = { size: SIZE, fill: style.quiet, anchor: isQuery ? ("end" as const) : undefined };
  const numberX = isQuery ? width - 4 : 4;
  const nameX = isQuery ? names / 2 : width - names / 2;
  const marks = [
    ...numbers.map(({ row, position }) => textAt(numberX, y[row] as number, position.toLocaleString("en"), look)),
    ...parts.flatMap(({ name, start, stop }) => {
      const [top, bottom] = [
        (y[start] as number) - layout.rowHeight / 2,
        (y[stop - 1] as number) + layout.rowHeight / 2,
      ];
      const turn = `translate(${decimal(nameX)} ${decimal((top + bottom) / 2)}) rotate(${isQuery ? -90 : 90})`;
      const isFitting = textWidth(name, 10) <= bottom - top;
      const written = isFitting ? textAt(0, 0, name, { size: 10, anchor: "middle", fill: style.quiet }) : "";
      const edge = { x1: isQuery ? 0 : width, x2: isQuery ? width : 0, y1: top, y2: top, stroke: style.border };
      return [written && tag("g", { transform: turn }, written), start > visibleRows[0] ? tag("line", edge) : ""];
    }),
  ];
  return { marks: groupOf({ "font-family": style.sans }, marks), width, height: layout.height };
}

/** The rows of round positions. */
function positionsOf({
  groups,
  names,
  visibleRows: [start, stop],
}: {
  readonly groups: readonly (readonly number[])[];
  readonly names: ReadonlyMap<number, string>;
  readonly visibleRows: readonly [number, number];
}): { readonly row: number; readonly position: number }[] {
  if (stop - start < UNCOUNTED) return [];
  const step = positionStep(stop - start);
  return Array.from({ length: stop - start }, (_, index) => start + index).flatMap((row) => {
    const position = groups[row]?.[0];
    return position === undefined || names.has(row) || position % step !== 0 ? [] : [{ row, position }];
  });
}
