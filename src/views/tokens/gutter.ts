import { partRows, positionStep, textParts } from "../../core/look/text-parts";
import { OTHER_ROWS_HEIGHT } from "../../core/look/token-layout";
import type { Axis } from "../../core/reduce/axis";
import { AXES, type Side } from "../../core/state/side";
import { element } from "../../dom/element";
import type { Scene } from "../scene/scene";

/** Fewer rows are counted at a glance. */
const UNCOUNTED = 6;

/** The named parts of the text beside a column of tokens, with a rule between them, and positions. */
export function gutterOf(scene: Scene, side: Side): HTMLElement[] {
  const [map, shownMap] = [scene.wholeMap.value, scene.shownMap.value];
  if (!map || !shownMap) return [];
  const axis = inRange(shownMap[AXES[side]], scene.ranges.value[AXES[side]]);
  const [start] = axis.visibleRows;
  const above = scene.rowWindow?.extents.value ? OTHER_ROWS_HEIGHT : 0;
  const place = (row: number, rows: number) => `--hs-from: ${row - start}; --hs-rows: ${rows}; --hs-above: ${above}px`;
  const parts = partRows(textParts(map, side), axis).map((part) => {
    const style = place(part.start, part.stop - part.start);
    const name = element("span", {}, part.name);
    const kind = part.start > start ? "hs-part hs-boundary" : "hs-part";
    return element("div", { class: kind, "aria-hidden": "true", title: part.name, style }, name);
  });
  return [...parts, ...positions(axis, place)];
}

/** Numbers beside rows of round positions. */
function positions({ groups, names, visibleRows }: Axis, place: (row: number, rows: number) => string): HTMLElement[] {
  const [start, stop] = visibleRows;
  if (stop - start < UNCOUNTED) return [];
  const step = positionStep(stop - start);
  return Array.from({ length: stop - start }, (_, index) => start + index).flatMap((row) => {
    const position = groups[row]?.[0];
    if (position === undefined || names.has(row) || position % step !== 0) return [];
    const attributes = { class: "hs-position", "aria-hidden": "true", style: place(row, 1) };
    return [element("div", attributes, position.toLocaleString("en"))];
  });
}

function inRange(axis: Axis, [start, stop]: readonly [number, number]): Axis {
  const { visibleRows } = axis;
  return { ...axis, visibleRows: [Math.max(visibleRows[0], start), Math.min(visibleRows[1], stop)] };
}
