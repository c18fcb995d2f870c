import type { Page } from "playwright-core";
import { formatWeight } from "../src/core/look/format";
import { headToggle, layerControl, status, token } from "./controls";
import { expect, kernel, openNotebook, ready, setTheme, test, view } from "./harness/index";
import { longCapture } from "./long-capture";

const TOKENS = 4096;

/** Runs a cell that continues until the returned function is called, in the same kernel. */
async function keepBusy(page: Page): Promise<() => Promise<void>> {
  const code = `
from pathlib import Path
running = Path("running")
running.touch()
while running.exists():
    sum(range(20_000))
`;
  await page.evaluate((code) => {
    const kernel = window.headscopeTestPanel.sessionContext.session?.kernel;
    document.body.dataset.cell = "running";
    kernel?.requestExecute({ code, store_history: false }).done.then(() => {
      document.body.dataset.cell = "done";
    });
  }, code);
  return () =>
    page.evaluate(async () => {
      const { contents } = window.jupyterapp.serviceManager;
      const { path } = window.headscopeTestPanel.context;
      await contents.delete(`${path.split("/").slice(0, -1).join("/")}/running`);
      await window.headscopeTestPanel.sessionContext.session?.kernel?.info;
    });
}

test("two views of 4,096 tokens of a real model scroll and switch while a cell runs in their kernel", async ({
  page,
}) => {
  await openNotebook(page, [
    longCapture(TOKENS),
    "capture.select(layer=3, heads=[0, 2])\ncapture.head_view()",
    "capture.matrix_view()",
  ]);
  const head = view(page, "head");
  await ready(head, 3);
  const [gives, beyond] = JSON.parse(
    await kernel(
      page,
      `import json; w = capture.weights(7, 2, queries=2500).reshape(-1)
print(json.dumps([float(w[2490]), float(w[:2400].sum())]))`,
    ),
  );
  const release = await keepBusy(page);
  await layerControl(head).selectOption("7");
  await ready(head, 7);
  await headToggle(head, 0).click({ modifiers: ["Shift"] });
  const map = head.getByRole("scrollbar");
  await map.focus();
  for (let step = 0; step < 3; step++) await page.keyboard.press("PageDown");
  await expect.poll(() => map.getAttribute("aria-valuenow")).toBe("120");
  await ready(head, 7);
  await map.click({ position: { x: 5, y: Math.round(((await map.boundingBox())?.height ?? 0) * (2500 / TOKENS)) } });
  await ready(head, 7);
  const first = Number(await map.getAttribute("aria-valuenow"));
  expect(first).toBeGreaterThan(2400);
  expect(first).toBeLessThan(2500);
  const row = 16 + 2500 - first;
  await token(head, "query", row).hover();
  await token(head, "key", row - 10).hover();
  await expect.poll(() => status(head).textContent()).toContain("layer 7");
  expect(await status(head).textContent()).toContain("live");
  const matrix = view(page, "matrix");
  await matrix.scrollIntoViewIfNeeded();
  await ready(matrix, 7);
  await matrix.getByRole("application").focus();
  for (const key of ["+", "+", "+", "Shift+ArrowRight", "Shift+ArrowDown"]) {
    await page.keyboard.press(key);
    await ready(matrix, 7);
  }
  expect(await matrix.locator(".hs-zoom-times").textContent()).toBe("3.4×");
  await page.keyboard.press("]");
  await ready(matrix, 8);
  await page.keyboard.press("[");
  await ready(matrix, 7);
  expect(await page.locator("body").getAttribute("data-cell")).toBe("running");
  await release();
  await expect.poll(() => page.locator("body").getAttribute("data-cell")).toBe("done");
  await kernel(page, "capture.select(query=2500, key=2490)");
  await expect.poll(() => status(head).textContent()).toContain(formatWeight(gives));
  expect(beyond).toBeGreaterThan(0);
});

test("every other view of 4,096 tokens arrives whole when it comes into sight, in light and dark", async ({ page }) => {
  await openNotebook(page, [
    `${longCapture(TOKENS)}\ncapture.select(layer=3, head=2, query=2500)`,
    "capture",
    "capture.text_view()",
    "capture.neuron_view()",
    "capture.model_view()",
  ]);
  for (const theme of ["JupyterLab Light", "JupyterLab Dark"] as const) {
    await setTheme(page, theme);
    for (const kind of ["explorer", "text", "neuron", "model"] as const) {
      const root = view(page, kind);
      await root.scrollIntoViewIfNeeded();
      await ready(root, 3);
      await expect.poll(() => root.getAttribute("data-beyond")).toBeNull();
    }
  }
});
