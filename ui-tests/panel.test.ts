import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Locator, Page } from "playwright-core";
import { headToggle, layerControl } from "./controls";
import { PAIR } from "./examples";
import {
  command,
  expect,
  kernel,
  openNotebook,
  ready,
  runAll,
  setTheme,
  shareJupyterLab,
  test,
  view,
} from "./harness/index";
import { SIZES } from "./sizes";

shareJupyterLab();

const CAPTURES = `
import numpy as np
import headscope as hs

scores = np.random.default_rng(0).normal(size=(4, 3, 6, 6)) * 2
weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
capture = hs.from_attentions(list(weights), "The cat sat on the mat".split(), name="Cat")
other = hs.from_attentions(list(weights[:2, :, :3, :3]), "A dog ran".split(), name="Dog")
`;

const panelOf = (page: Page) => page.locator("#headscope-panel");
const cardOf = (page: Page, name: string) => panelOf(page).getByRole("group", { name, exact: true });
const tabs = (page: Page) => page.locator(".headscope-live-tab");
const names = (page: Page) => panelOf(page).locator(".headscope-card-name").allTextContents();

test("the panel lists captures, shows and changes their selection, and jumps to their cells", async ({ page }) => {
  await openNotebook(page, [
    `${CAPTURES}\ncapture.select(layer=1)`,
    "capture.head_view()",
    ...Array(12).fill("1 + 1"),
    "other.matrix_view()",
  ]);
  await ready(view(page, "head"), 1);
  await command(page, "headscope:show-panel");
  await expect.poll(() => names(page)).toEqual(["Cat", "Dog"]);
  const cat = cardOf(page, "Cat");
  await cat.getByText("6 tokens, 4 layers × 3 heads").waitFor();
  await cat.getByText("The cat sat on the mat").waitFor();
  expect(await layerControl(cat).inputValue()).toBe("1");
  await layerControl(cat).selectOption("3");
  await headToggle(cat, 2).click();
  await ready(view(page, "head"), 3);
  await expect.poll(() => kernel(page, "capture.selection.layer, capture.selection.heads")).toBe("(3, [2])");
  await cat.getByLabel("Query token").focus();
  await cat.getByLabel("Query token").selectOption("1");
  await expect.poll(() => kernel(page, "capture.selection.query")).toBe("1");
  await kernel(page, "capture.select(layer=0, heads=None, query='mat')");
  await expect.poll(() => layerControl(cat).inputValue()).toBe("0");
  await expect.poll(() => cat.getByLabel("Query token").inputValue()).toBe("5");
  expect(await headToggle(cat, 2).getAttribute("aria-pressed")).toBe("true");
  await cardOf(page, "Dog").getByRole("button", { name: "Dog" }).click();
  await expect.poll(() => page.evaluate(() => window.headscopeTestPanel.content.activeCellIndex)).toBe(14);
  await view(page, "matrix").waitFor();
});

test("it opens every view in a tab that is live and in step", async ({ page }) => {
  await openNotebook(page, [CAPTURES, "capture.head_view()"]);
  await ready(view(page, "head"), 0);
  await command(page, "headscope:show-panel");
  const cat = cardOf(page, "Cat");
  const kinds = { explorer: "explorer", model: "model view", matrix: "matrix view", text: "text view" } as const;
  for (const [kind, name] of Object.entries(kinds)) {
    await cat.getByRole("button", { name: `Open the ${name} in a tab` }).click();
    await ready(tabs(page).locator(`[data-view="${kind}"]`));
  }
  await cat.getByRole("button", { name: "Open the neuron view in a tab" }).click();
  await tabs(page).locator('[data-view="neuron"]').getByText("These weights were given").first().waitFor();
  await cat.getByRole("button", { name: "Open the head view in a tab" }).click();
  const head = tabs(page).locator('[data-view="head"]');
  await ready(head, 0);
  await layerControl(head).selectOption("2");
  await ready(view(page, "head"), 2);
  await expect.poll(() => kernel(page, "capture.selection.layer")).toBe("2");
  await cat.getByRole("button", { name: "Open the explorer in a tab" }).click();
  await ready(tabs(page).locator('[data-view="explorer"]'), 2);
  expect(await tabs(page).count()).toBe(6);
});

test("a capture leaves with its cell's output and with its kernel, and its tab waits for it", async ({
  page,
  guard,
}) => {
  guard.allow(/Could not restore the debugger state/, "JupyterLab's debugger says so of a kernel that restarts");
  await openNotebook(page, [CAPTURES, "capture.head_view()", "other.matrix_view()"]);
  await ready(view(page, "head"), 0);
  await command(page, "headscope:show-panel");
  await expect.poll(() => names(page)).toEqual(["Cat", "Dog"]);
  await cardOf(page, "Cat").getByRole("button", { name: "Open the head view in a tab" }).click();
  await cardOf(page, "Dog").getByRole("button", { name: "Open the text view in a tab" }).click();
  await ready(tabs(page).locator('[data-view="text"]'));
  await page.evaluate(() => {
    window.jupyterapp.shell.activateById(window.headscopeTestPanel.id);
    window.headscopeTestPanel.content.activeCellIndex = 1;
  });
  await command(page, "notebook:clear-cell-output");
  await expect.poll(() => names(page)).toEqual(["Dog"]);
  await page.getByRole("tab", { name: "Heads: Cat" }).click();
  const kept = tabs(page).locator('[data-view="head"]');
  await layerControl(kept).selectOption("3");
  await ready(kept, 3);
  await expect.poll(() => kernel(page, "capture.selection.layer")).toBe("3");
  await page.getByRole("tab", { name: "Text: Dog" }).click();
  await page.evaluate(() => window.headscopeTestPanel.sessionContext.restartKernel());
  await expect.poll(() => names(page)).toEqual([]);
  await panelOf(page).getByText("No open notebook shows a capture").waitFor();
  await expect.poll(() => tabs(page).getByText("run the cell that makes it").count()).toBe(2);
  await runAll(page);
  await expect.poll(() => names(page)).toEqual(["Cat", "Dog"]);
  await ready(tabs(page).locator('[data-view="text"]'));
  await command(page, "application:toggle-left-area");
  await expect.poll(() => page.locator(".headscope-card").count()).toBe(0);
});

test("tabs and panel come back after a reload", async ({ page }) => {
  await openNotebook(page, [`${CAPTURES}\ncapture.select(layer=2)`, "capture.head_view()"]);
  await ready(view(page, "head"), 2);
  await command(page, "headscope:show-panel");
  await cardOf(page, "Cat").getByRole("button", { name: "Open the matrix view in a tab" }).click();
  await ready(tabs(page).locator('[data-view="matrix"]'), 2);
  await page.evaluate(() => window.headscopeTestPanel.context.save());
  await saved(page);
  await page.reload();
  await page.waitForFunction(() => window.jupyterapp !== undefined);
  const matrix = tabs(page).locator('[data-view="matrix"]');
  await ready(matrix, 2);
  await panelOf(page).waitFor();
  await layerControl(matrix).selectOption("1");
  await ready(view(page, "head"), 1);
});

test("the panel works by keyboard alone", async ({ page }) => {
  await openNotebook(page, [CAPTURES, "capture.head_view()"]);
  await ready(view(page, "head"), 0);
  await page.keyboard.press("Alt+Shift+H");
  await expect.poll(() => focusedName(page)).toBe("Cat");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await ready(view(page, "head"), 1);
});

test("the panel fits a narrow sidebar and is accessible", async ({ page }) => {
  await openNotebook(page, [
    PAIR,
    "capture.head_view(layer=3)",
    `import numpy as np, headscope as hs
words = ("internationalisation " * 30).split()
wide = hs.from_attentions([np.full((32, 30, 30), 1 / 30)] * 40, words, name="an-organisation/a-model-with-a-very-long-name-instruct")
wide.head_view(heads=[0], query=3)`,
  ]);
  await ready(view(page, "head", 0), 3);
  await ready(view(page, "head", 1), 0);
  await command(page, "headscope:show-panel");
  await expect.poll(async () => (await names(page)).length).toBe(2);
  for (const theme of ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"] as const) {
    await setTheme(page, theme);
    expect(await barriers(panelOf(page))).toEqual([]);
  }
  expect(await overflow(panelOf(page))).toBe(0);
});

test("its heading stays in sight, and its lists show whole words", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view()", "hs.capture(model, tokenizer, 'The cat sat').head_view()"]);
  await ready(view(page, "head"), 0);
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    await command(page, "headscope:show-panel");
    await expect.poll(async () => (await names(page)).length).toBe(2);
    const title = panelOf(page).getByRole("heading", { name: "Headscope", exact: true });
    const fromTop = async () => ((await title.boundingBox())?.y ?? 0) - ((await panelOf(page).boundingBox())?.y ?? 0);
    for (const end of [0, 10_000]) {
      await panelOf(page).evaluate((panel, end) => panel.scrollTo({ top: end }), end);
      expect(await fromTop(), `${width} px`).toBe(0);
    }
    const attention = panelOf(page).getByLabel("Attention", { exact: true }).first();
    await attention.selectOption({ label: "B → A" });
    expect(await cutWords(panelOf(page).locator("select")), `${width} px`).toEqual([]);
    expect(await overflow(panelOf(page))).toBe(0);
  }
});

test("Notebook 7 has the panel too, without tabs", async ({ page }) => {
  await openNotebook(page, [CAPTURES, "capture.head_view()"], { app: "notebook" });
  await ready(view(page, "head"), 0);
  await command(page, "headscope:show-panel");
  const cat = cardOf(page, "Cat");
  await layerControl(cat).selectOption("2");
  await ready(view(page, "head"), 2);
  expect(await cat.getByRole("group", { name: "Open in a tab" }).count()).toBe(0);
});

/** JupyterLab saves the layout some time after it has changed. */
async function saved(page: Page): Promise<void> {
  await expect
    .poll(() =>
      page.evaluate(async () => {
        const { workspaces } = window.jupyterapp.serviceManager;
        const name = decodeURIComponent(location.pathname.split("/workspaces/")[1]?.split("/")[0] ?? "default");
        const { data } = await workspaces.fetch(name);
        return Object.keys(data).some((key) => key.startsWith("headscope-views:"));
      }),
    )
    .toBe(true);
}

function focusedName(page: Page): Promise<string | null> {
  return page.evaluate(() => document.activeElement?.textContent ?? null);
}

/** The violations that axe-core finds; empty if there are none. */
async function barriers(root: Locator): Promise<string[]> {
  await root.page().evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  return root.evaluate(async (element) => {
    // biome-ignore lint/suspicious/noExplicitAny: axe comes as a script of its own
    const { violations, passes } = await (globalThis as any).axe.run(element);
    if (passes.length < 8) throw new Error(`axe-core looked at ${passes.length} rules only`);
    return violations.map(
      ({ id, nodes }: { id: string; nodes: { html: string; failureSummary: string }[] }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join("; ")}`,
    );
  });
}

/** The lists that are narrower than their widest choice. */
function cutWords(lists: Locator): Promise<string[]> {
  return lists.evaluateAll((all) =>
    (all as HTMLSelectElement[]).flatMap((list) => {
      const whole = list.cloneNode(true) as HTMLSelectElement;
      whole.style.cssText = "position: absolute; max-width: none; flex: none; width: auto";
      list.after(whole);
      const missing = whole.offsetWidth - list.offsetWidth;
      whole.remove();
      return missing > 1 ? [`${list.ariaLabel}: ${missing} px`] : [];
    }),
  );
}

/** How much wider the content is than the panel, in CSS pixels. */
function overflow(target: Locator): Promise<number> {
  return target.evaluate((element) => element.scrollWidth - element.clientWidth);
}
