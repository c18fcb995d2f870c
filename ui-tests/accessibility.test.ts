import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Locator, Page } from "playwright-core";
import { expanded } from "./chain";
import { headToggle, token } from "./controls";
import { PAIR } from "./examples";
import { expect, openNotebook, ready, scrollToCell, setTheme, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

const KINDS = ["head", "model", "matrix", "neuron", "text", "explorer"] as const;

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * The violations that axe-core finds, as "rule: description, at element"; empty if there are none. Fails if fewer than
 * `rules` rules apply.
 */
async function barriers(root: Locator, rules = 10): Promise<string[]> {
  if (await root.page().evaluate(() => !("axe" in globalThis))) await root.page().evaluate(AXE);
  return root.evaluate(async (element, rules) => {
    // biome-ignore lint/suspicious/noExplicitAny: axe comes as a script of its own
    const { violations, passes } = await (globalThis as any).axe.run(element, { resultTypes: ["violations"] });
    if (passes.length < rules) throw new Error(`axe-core looked at ${passes.length} rules only`);
    const serious = violations.filter(
      ({ impact }: { impact: string }) => impact === "serious" || impact === "critical",
    );
    return serious.flatMap(({ id, nodes }: { id: string; nodes: { html: string; failureSummary: string }[] }) =>
      nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  }, rules);
}

/** Looks at one view after another. The cell of the first kind follows the first cell. */
async function lookAtAll(
  page: Page,
  look: (root: Locator, kind: (typeof KINDS)[number]) => Promise<void>,
): Promise<void> {
  for (const [nth, kind] of KINDS.entries()) {
    await scrollToCell(page, nth + 1);
    const root = view(page, kind);
    await ready(root);
    await look(root, kind);
  }
}

test("every view is accessible, in light, dark and high contrast", async ({ page }) => {
  await openNotebook(page, [
    PAIR,
    ...KINDS.map((kind) => `capture.${kind}_view()`.replace("explorer_view", "explorer")),
  ]);
  for (const theme of ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"] as const) {
    await setTheme(page, theme);
    await lookAtAll(page, async (root, kind) => expect(await barriers(root), kind).toEqual([]));
  }
});

/** Every menu of a view, by the name of its button. */
const MENUS = [/^Simplify/, /^Export/, "Help"] as const;

const openMenu = (root: Locator) => root.locator(".hs-menu, .hs-help").locator("visible=true");

test("a view stays accessible with an open chain, with open menus, and in a narrow place", async ({ page }) => {
  const calls = KINDS.map((kind) => `capture.${kind === "explorer" ? 'explorer(tab="neurons"' : `${kind}_view(`})`);
  await openNotebook(page, [`${PAIR}\ncapture.select(layer=2, head=3, query="cat")`, ...calls]);
  for (const width of [1000, 400]) {
    const style = await page.addStyleTag({ content: `.headscope.headscope { width: ${width}px; }` });
    await lookAtAll(page, async (root, kind) => {
      await ready(root, 2);
      await expect.poll(() => root.evaluate((element) => element.clientWidth)).toBeLessThanOrEqual(width);
      if (kind === "neuron" || kind === "explorer") await expect.poll(() => expanded(root)).toBe("2");
      expect(await barriers(root), `${kind} at ${width} pixels`).toEqual([]);
      for (const name of MENUS) {
        const button = root.getByRole("button", { name, exact: true });
        await button.click();
        expect(await button.getAttribute("aria-expanded")).toBe("true");
        expect(await barriers(openMenu(root), 7), `${name} of ${kind} at ${width} pixels`).toEqual([]);
        await button.click();
      }
    });
    await style.evaluate((element) => (element as HTMLStyleElement).remove());
  }
});

test("Tab reaches every control and arrows every token, and each has a name", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=2, heads=[3])"]);
  const root = page.locator(".headscope");
  await ready(root, 2);
  const reached: string[] = [];
  await root.focus();
  for (let step = 0; step < 40; step++) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      const at = document.activeElement;
      if (!at?.closest(".headscope")) return null;
      return at.getAttribute("aria-label") ?? at.textContent;
    });
    if (name === null) break;
    reached.push(name);
  }
  for (const name of ["Attention", "Previous layer", "Layer", "Next layer", "All", "Head 0", "Simplify", "Help"]) {
    expect(reached).toContain(name);
  }
  await headToggle(root, 3).focus();
  await token(root, "query", 0).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect.poll(() => root.locator(".hs-readout").textContent()).toMatch(/^cat \[2\] → /);
  await page.keyboard.press("Enter");
  expect(await token(root, "query", 2).getAttribute("aria-selected")).toBe("true");
  await page.keyboard.press("/");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Find a token");
  await page.keyboard.type("mat");
  await page.keyboard.press("Enter");
  await expect.poll(() => token(root, "query", 6).getAttribute("aria-selected")).toBe("true");
});
