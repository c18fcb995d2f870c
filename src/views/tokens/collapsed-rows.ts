import { OTHER_ROWS_HEIGHT } from "../../core/look/token-layout";
import type { Span } from "../../core/look/viewport";
import { AXES, type Side } from "../../core/state/side";
import { element } from "../../dom/element";
import type { Scene } from "../scene/scene";

/** The rows of a side that show single tokens or words; all rows of a short map. */
export function visibleRows({ shownMap }: Scene, side: Side, shown: Span): Span {
  const current = shownMap.value;
  return current?.isRemote ? current[AXES[side]].visibleRows : shown;
}

/** Brings the tokens of a gathered row into sight; false if the row gathers nothing. */
export function revealCollapsed(
  { shownMap, rowWindow }: Pick<Scene, "shownMap" | "rowWindow">,
  side: Side,
  row: number,
): boolean {
  const axis = shownMap.peek()?.[AXES[side]];
  const group = axis?.groups[row];
  if (!axis || !group || (row >= axis.visibleRows[0] && row < axis.visibleRows[1])) return false;
  return rowWindow?.reveal(side, group[group.length >> 1] as number) ?? false;
}

/** A low row for tokens out of sight. Its name says which. */
export function collapsedElement(name: string, side: Side, row: number): HTMLElement {
  const attributes = { class: "hs-token hs-gathered", role: "option", tabindex: -1, title: `${name}: go there` };
  return element("div", { ...attributes, "aria-label": name, [`data-${side}`]: row });
}

/** The areas of gathered rows, before and after the visible rows, with their numbers of tokens. */
export function collapsedBands(
  { rowWindow }: Scene,
  side: Side,
): { readonly before: HTMLElement; readonly after: HTMLElement } {
  const extent = rowWindow?.extents.value?.[side];
  const [first, stop, rows] = [extent?.first ?? 0, extent?.stop ?? 0, extent?.rows ?? 0];
  return { before: band(first, "before"), after: band(rows - stop, "after") };
}

function band(count: number, where: "before" | "after"): HTMLElement {
  const style = `height: ${OTHER_ROWS_HEIGHT}px`;
  const end = where === "before" ? "start of the text" : "end of the text";
  const name = count > 0 ? `${count.toLocaleString("en")} ${where}` : end;
  return element("div", { class: `hs-band hs-${where}`, role: "presentation", style, "data-name": name });
}
