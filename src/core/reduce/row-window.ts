import type { Span } from "../look/viewport";
import type { Axis } from "./axis";

/** The most rows that gather all others, on either side of the visible rows. */
export const GATHERED = 16;

/** The visible rows of an axis: `size` rows from that of `position` on, or the last ones. */
export function rowWindowOf({ groups, shownAt }: Axis, position: number, size: number): Span {
  const first = Math.max(0, Math.min(rowFrom(shownAt, position, groups.length), groups.length - size));
  return [first, Math.min(groups.length, first + size)];
}

/** The row of a position, or of the next position that is shown. */
export function rowFrom(shownAt: Int32Array, position: number, rows: number): number {
  for (let at = Math.max(0, position); at < shownAt.length; at++) {
    const row = shownAt[at] as number;
    if (row >= 0) return row;
  }
  return rows;
}

/**
 * Returns the axis with the given visible rows. All other rows are gathered by position; no gathered row crosses row
 * `cut`.
 */
export function gatherRows(axis: Axis, [first, stop]: Span, cut: number | null = null): Axis {
  if (stop - first >= axis.groups.length) return axis;
  const before = stretches(0, first, cut, true);
  const after = stretches(stop, axis.groups.length, cut, false);
  const single = Array.from({ length: stop - first }, (_, row): Span => [first + row, first + row + 1]);
  const rows = [...before, ...single, ...after];
  const groups = rows.map(([from, to]) => axis.groups.slice(from, to).flat());
  const shownAt = new Int32Array(axis.shownAt.length).fill(-1);
  for (const [row, group] of groups.entries()) for (const position of group) shownAt[position] = row;
  const names = new Map<number, string>();
  for (const [row, [from, to]] of rows.entries()) {
    const isGathered = row < before.length || row >= before.length + single.length;
    const own = to - from === 1 ? axis.names.get(from) : undefined;
    if (own !== undefined) names.set(row, own);
    else if (isGathered && to - from > 1) names.set(row, placeName(groups[row] as number[]));
  }
  const visibleRows: Span = [before.length, before.length + single.length];
  return { groups, shownAt, isPlain: false, visibleRows, names };
}

/**
 * Cuts rows into stretches of nearly equal length. The first key draws so much attention that it gets a stretch of its
 * own.
 */
function stretches(start: number, stop: number, cut: number | null, hasFirst: boolean): Span[] {
  const count = stop - start;
  if (count <= GATHERED) return Array.from({ length: count }, (_, row): Span => [start + row, start + row + 1]);
  const edges = new Set([start, stop]);
  const [from, parts] = hasFirst ? [start + 1, GATHERED - 1] : [start, GATHERED];
  for (let part = 0; part < parts; part++) edges.add(from + Math.floor(((stop - from) * part) / parts));
  if (cut !== null && cut > start && cut < stop) edges.add(cut);
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.slice(1).map((end, at): Span => [sorted[at] as number, end]);
}

function placeName(positions: readonly number[]): string {
  const [first, last] = [positions[0] as number, positions.at(-1) as number];
  return `tokens ${first.toLocaleString("en")}–${last.toLocaleString("en")}`;
}
