import { BAND } from "../core/layout";
import type { Span } from "../core/viewport";
import { element } from "../dom/element";
import type { Side } from "./columns";
import type { Scene } from "./scene";

/** The axis of each side. */
export const AXES = { query: "queries", key: "keys" } as const;

/** The rows of a side that show single tokens or words; of a short map all. */
export function inSightOf({ lens }: Scene, side: Side, shown: Span): Span {
  const through = lens.value;
  return through?.isRemote ? through[AXES[side]].inSight : shown;
}

/** Brings into sight what a row gathers; false where it gathers nothing. */
export function revealGathered({ lens, movable }: Pick<Scene, "lens" | "movable">, side: Side, row: number): boolean {
  const axis = lens.peek()?.[AXES[side]];
  const group = axis?.groups[row];
  if (!axis || !group || (row >= axis.inSight[0] && row < axis.inSight[1])) return false;
  return movable?.reveal(side, group[group.length >> 1] as number) ?? false;
}

/** Tokens out of sight, by their place: a low row whose name says which. */
export function gatheredElement(name: string, side: Side, row: number): HTMLElement {
  const attributes = { class: "hs-token hs-gathered", role: "option", tabindex: -1, title: `${name}: go there` };
  return element("div", { ...attributes, "aria-label": name, [`data-${side}`]: row });
}

/** Where gathered rows stand, before and after those in sight, with how many tokens there are. */
export function bandsOf({ movable }: Scene, side: Side): { readonly before: HTMLElement; readonly after: HTMLElement } {
  const extent = movable?.extents.value?.[side];
  const [first, stop, rows] = [extent?.first ?? 0, extent?.stop ?? 0, extent?.rows ?? 0];
  return { before: band(first, "before"), after: band(rows - stop, "after") };
}

function band(count: number, where: "before" | "after"): HTMLElement {
  const style = `height: ${BAND}px`;
  const end = where === "before" ? "start of the text" : "end of the text";
  const name = count > 0 ? `${count.toLocaleString("en")} ${where}` : end;
  return element("div", { class: `hs-band hs-${where}`, role: "presentation", style, "data-name": name });
}
