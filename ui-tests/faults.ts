import type { Locator } from "playwright-core";

/** Layout faults of a view, in words; empty if every part is visible in its place. */
export async function faults(root: Locator): Promise<string[]> {
  return root.evaluate((element) => {
    const found: string[] = [];
    const boxOf = (selector: string) => element.querySelector(selector)?.getBoundingClientRect() ?? new DOMRect();
    const outer = element.getBoundingClientRect();
    const parts = [".hs-toolbar", ".hs-ask", ".hs-body", ".hs-statusline"];
    if (element.getAttribute("data-view") !== "text") parts.push("canvas");
    for (const part of parts) {
      const { width, height, left, top, right, bottom } = boxOf(part);
      if (width < 8 || height < 8) found.push(`${part} is ${width} x ${height} pixels`);
      if (part !== "canvas" && (left < outer.left || right > outer.right || top < outer.top || bottom > outer.bottom))
        found.push(`${part} reaches beyond the view`);
    }
    if (boxOf(".hs-toolbar").bottom > boxOf(".hs-body").top) found.push("the toolbar covers the body");
    const isFloating = element.querySelector(".hs-statusline[data-floating]") !== null;
    if (boxOf(".hs-body").bottom > boxOf(".hs-statusline").top && !isFloating)
      found.push("the body covers the status line");
    const lines = element.querySelector(".hs-lines");
    if (lines) {
      const [query, between, key] = [".hs-tokens.hs-query", ".hs-between", ".hs-tokens.hs-key"].map(boxOf) as [
        DOMRect,
        DOMRect,
        DOMRect,
      ];
      if (lines.classList.contains("hs-expanded")) {
        // Keys and weights stay in sight while the chain scrolls under them, but never over the queries.
        if (query.right > key.left + 1) found.push("the key tokens cover the query tokens");
      } else {
        if (query.right > between.left + 1) found.push("the query tokens reach into the lines");
        if (between.right > key.left + 1) found.push("the lines reach into the key tokens");
      }
      if (Math.abs(query.top - key.top) > 1) found.push("the columns of tokens do not start at the same height");
      if (!getComputedStyle(lines).getPropertyValue("--hs-query-width")) found.push("the computed style is stale");
    }
    if (found.length > 0) found.push(`of ${outer.width} x ${outer.height} pixels`);
    return found;
  });
}
