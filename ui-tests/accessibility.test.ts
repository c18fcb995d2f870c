import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Locator, Page } from "playwright-core";
import { expanded } from "./chain";
import { headToggle, token } from "./controls";
import { PAIR } from "./examples";
import { expect, openNotebook, ready, screenshot, setTheme, test, view } from "./harness";

const KINDS = ["head", "model", "matrix", "neuron", "text", "explorer"] as const;

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds that keeps people out, as "rule: what it is, at which element"; empty when there is nothing. */
async function barriers(root: Locator): Promise<string[]> {
  await root.page().evaluate(AXE);
  return root.evaluate(async (element) => {
    // biome-ignore lint/suspicious/noExplicitAny: axe comes as a script of its own
    const { violations, passes } = await (globalThis as any).axe.run(element);
    if (passes.length < 10) throw new Error(`axe-core looked at ${passes.length} rules only`);
    const serious = violations.filter(
      ({ impact }: { impact: string }) => impact === "serious" || impact === "critical",
    );
    return serious.flatMap(({ id, nodes }: { id: string; nodes: { html: string; failureSummary: string }[] }) =>
      nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  });
}

async function lookAtAll(page: Page): Promise<void> {
  for (const root of await page.locator(".headscope").all()) {
    await ready(root);
    expect(await barriers(root)).toEqual([]);
  }
}

test("assistive software finds its way in every view, light, dark and in high contrast", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 8000 });
  await openNotebook(page, [
    PAIR,
    ...KINDS.map((kind) => `capture.${kind}_view()`.replace("explorer_view", "explorer")),
  ]);
  await expect.poll(() => page.locator(".headscope").count()).toBe(KINDS.length);
  for (const theme of ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"] as const) {
    await setTheme(page, theme);
    await lookAtAll(page);
  }
});

/** Every menu of a view, by the name of its button. */
const MENUS = [/^Aids/, /^Export/, "Keys"] as const;

test("it finds its way also with a chain open, in each menu, and where there is little room", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 9000 });
  const calls = KINDS.map((kind) => `capture.${kind === "explorer" ? 'explorer(tab="neurons"' : `${kind}_view(`})`);
  await openNotebook(page, [`${PAIR}\ncapture.select(layer=2, head=3, query="cat")`, ...calls]);
  for (const width of [1000, 400]) {
    await page.addStyleTag({ content: `.headscope.headscope { width: ${width}px; }` });
    for (const kind of KINDS) {
      const root = view(page, kind);
      await ready(root, 2);
      await expect.poll(() => root.evaluate((element) => element.clientWidth)).toBeLessThanOrEqual(width);
      if (kind === "neuron" || kind === "explorer") await expect.poll(() => expanded(root)).toBe("2");
      expect(await barriers(root), `${kind} at ${width} pixels`).toEqual([]);
      for (const name of MENUS) {
        const button = root.getByRole("button", { name, exact: true });
        await button.click();
        expect(await button.getAttribute("aria-expanded")).toBe("true");
        expect(await barriers(root), `${name} of ${kind} at ${width} pixels`).toEqual([]);
        if (kind === "explorer") await screenshot(root, `menu-${width}-${String(name).replace(/\W/g, "")}`);
        await button.click();
      }
    }
  }
});

test("every control is reached by Tab and every token by arrows, and each says what it is", async ({ page }) => {
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
  for (const name of [
    "Attention",
    "Previous layer",
    "Layer",
    "Next layer",
    "All",
    "Head 0",
    "Head 11",
    "Aids",
    "Keys",
  ]) {
    expect(reached).toContain(name);
  }
  await headToggle(root, 3).focus();
  await token(root, "query", 0).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect.poll(() => root.locator(".hs-readout").textContent()).toMatch(/^cat → /);
  await page.keyboard.press("Enter");
  expect(await token(root, "query", 2).getAttribute("aria-selected")).toBe("true");
  await page.keyboard.press("/");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Find a token");
  await page.keyboard.type("mat");
  await page.keyboard.press("Enter");
  await expect.poll(() => token(root, "query", 6).getAttribute("aria-selected")).toBe("true");
});
