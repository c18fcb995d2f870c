import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { PAIR } from "./examples";
import { expect, openNotebook, openNotebookFile, ROOT, ready, screenshot, setTheme, test, view } from "./harness";

/** What is wrong with where the parts of a view stand, in words; empty when each is seen where it belongs. */
async function faults(root: Locator): Promise<string[]> {
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
    if (boxOf(".hs-body").bottom > boxOf(".hs-statusline").top) found.push("the body covers the status line");
    const lines = element.querySelector(".hs-lines");
    if (lines) {
      const [query, between, key] = [".hs-tokens.hs-query", ".hs-between", ".hs-tokens.hs-key"].map(boxOf) as [
        DOMRect,
        DOMRect,
        DOMRect,
      ];
      if (lines.classList.contains("hs-expanded")) {
        // Keys and weights stay in sight while the chain is scrolled under them, but never over the queries.
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

/** Brings one cell after another into sight, as a reader does who scrolls. */
async function scrollThrough(page: Page, look: (root: Locator) => Promise<void>): Promise<number> {
  const count = await page.evaluate(() => window.headscopeTestPanel.content.widgets.length);
  let seen = 0;
  for (let index = 0; index < count; index++) {
    await page.evaluate((at) => window.headscopeTestPanel.content.scrollToItem(at, "start"), index);
    const root = page.locator(`.jp-Cell[data-windowed-list-index="${index}"] .headscope`);
    for (let nth = 0; nth < (await root.count()); nth++, seen++) await look(root.nth(nth));
  }
  return seen;
}

test("in a window of ordinary height every part of every view stands in its place", async ({ page }) => {
  await page.setViewportSize({ width: 1400, height: 1000 });
  await openNotebookFile(page, join(ROOT, "examples/tour.ipynb"));
  for (const root of await page.locator(".headscope").all()) {
    await ready(root);
    expect(await faults(root)).toEqual([]);
  }
  const seen = await scrollThrough(page, async (root) => {
    await ready(root);
    expect(await faults(root)).toEqual([]);
  });
  expect(seen).toBe(13);
});

test("the parts find their places again when the notebook gets narrow and wide", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=2)", "capture.model_view()"]);
  for (const width of [1280, 560, 760, 1600]) {
    await page.setViewportSize({ width, height: 1400 });
    for (const kind of ["head", "model"] as const) {
      const root = view(page, kind);
      await ready(root);
      await expect.poll(() => faults(root)).toEqual([]);
    }
  }
});

const KINDS = ["head", "model", "matrix", "neuron", "text", "explorer"] as const;
const TABS = ["heads", "matrix", "neurons", "text"];

/** One of each view, with a token pinned, so that the chain is open. */
const EVERY = [
  `${PAIR}
words = "The unbelievably kind cat sat on the mat of its neighbour"
capture = hs.capture(model, tokenizer, words)
capture.select(layer=3, head=2, query=4)`,
  ...KINDS.slice(0, -1).map((kind) => `capture.${kind}_view()`),
  ...TABS.map((tab) => `capture.explorer(tab="${tab}")`),
];

test("every view keeps its parts apart from 400 pixels up, in light and dark", async ({ page }) => {
  await page.setViewportSize({ width: 1800, height: 9000 });
  await openNotebook(page, EVERY);
  const roots = page.locator(".headscope");
  await expect.poll(() => roots.count()).toBe(EVERY.length - 1);
  const names = [...KINDS.slice(0, -1), ...TABS.map((tab) => `explorer-${tab}`)];
  for (const width of [1400, 950, 660, 400]) {
    await page.addStyleTag({ content: `.headscope.headscope { width: ${width}px; }` });
    for (const theme of ["JupyterLab Light", "JupyterLab Dark"] as const) {
      await setTheme(page, theme);
      for (const [nth, name] of names.entries()) {
        const root = roots.nth(nth);
        await ready(root, 3);
        await expect.poll(() => root.evaluate((element) => element.clientWidth)).toBeLessThanOrEqual(width);
        await expect.poll(() => faults(root)).toEqual([]);
        if (width === 660) continue;
        await screenshot(root, `${name}-${width}-${theme.endsWith("Dark") ? "dark" : "light"}`);
      }
    }
  }
});
