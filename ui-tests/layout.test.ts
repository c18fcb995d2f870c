import { PAIR } from "./examples";
import { faults } from "./faults";
import {
  expect,
  expectPicture,
  openNotebook,
  ready,
  scrollToCell,
  setTheme,
  shareJupyterLab,
  test,
  view,
} from "./harness/index";

shareJupyterLab();

test("the parts stay in their places when the notebook gets narrow and wide", async ({ page }) => {
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

/** One of each view, with a pinned token, so that the chain is open. */
const EVERY = [
  `${PAIR}
words = "The unbelievably kind cat sat on the mat of its neighbour"
capture = hs.capture(model, tokenizer, words)
capture.select(layer=3, head=2, query=4)`,
  ...KINDS.slice(0, -1).map((kind) => `capture.${kind}_view()`),
  ...TABS.map((tab) => `capture.explorer(tab="${tab}")`),
];

/** The widths at which views are compared with their baselines, and the views. */
const COMPARED: Readonly<Record<number, readonly string[]>> = {
  950: [...KINDS.slice(0, -1), "explorer-heads"],
  400: ["explorer-heads"],
};

test("from 400 pixels up, no view's parts overlap and every view matches its baselines, in light and dark", async ({
  page,
}) => {
  await page.setViewportSize({ width: 1800, height: 2500 });
  await openNotebook(page, EVERY);
  const names = [...KINDS.slice(0, -1), ...TABS.map((tab) => `explorer-${tab}`)];
  for (const width of [1400, 950, 660, 400]) {
    const style = await page.addStyleTag({ content: `.headscope.headscope { width: ${width}px; }` });
    for (const theme of ["JupyterLab Light", "JupyterLab Dark"] as const) {
      await setTheme(page, theme);
      for (const [nth, name] of names.entries()) {
        await scrollToCell(page, nth + 1);
        const root = page.locator(`.jp-Cell[data-windowed-list-index="${nth + 1}"] .headscope`);
        await ready(root, 3);
        await expect.poll(() => root.evaluate((element) => element.clientWidth)).toBeLessThanOrEqual(width);
        await expect.poll(() => faults(root)).toEqual([]);
        if (!COMPARED[width]?.includes(name)) continue;
        await expectPicture(root, `${name}-${width}-${theme.endsWith("Dark") ? "dark" : "light"}`);
      }
    }
    await style.evaluate((element) => (element as HTMLStyleElement).remove());
  }
});
