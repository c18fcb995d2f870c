import type { Page } from "playwright-core";
import { cell, headToggle, token } from "./controls";
import { PAIR } from "./examples";
import { expect, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

const KINDS = ["head", "model", "matrix", "neuron", "text", "explorer"] as const;
const CALLS = KINDS.map((kind) => (kind === "explorer" ? "capture.explorer()" : `capture.${kind}_view()`));

/** Every key that types something, twice those that the notebook waits for twice, and those that move or delete. */
const PRINTABLE = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at));
const TWICE = ["d", "d", "0", "0", "i", "i"];
const OTHERS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown"];
const KEYS = [...PRINTABLE, ...TWICE, ...OTHERS, "Shift+ArrowDown", "Delete", "Backspace", "Enter", "Escape"];

/** What a key of the command mode could change. */
function notebookState(page: Page) {
  return page.evaluate(() => {
    const { content, sessionContext } = window.headscopeTestPanel;
    return {
      mode: content.mode,
      cells: content.model?.sharedModel.toJSON().cells.map((one) => [one.cell_type, one.source, one.execution_count]),
      active: content.activeCellIndex,
      selected: content.selectedCells.length,
      hidden: content.widgets.map((one) => one.inputHidden),
      numbered: content.widgets.map((one) => one.editorConfig.lineNumbers),
      kernel: sessionContext.session?.kernel?.id,
      dialogs: document.querySelectorAll(".jp-Dialog").length,
      open: [...window.jupyterapp.shell.widgets("main")].length,
    };
  });
}

test("no plain key that is pressed in a view reaches the notebook", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 5200 });
  await openNotebook(page, [PAIR, ...CALLS]);
  const roots = KINDS.map((kind) => view(page, kind));
  for (const root of roots) await ready(root, 0);
  for (const [at, root] of roots.entries()) {
    await root.focus(); // which makes the cell of the view the active one
    const before = await notebookState(page);
    for (const key of KEYS) await page.keyboard.press(key);
    expect(await notebookState(page), KINDS[at]).toEqual(before);
  }
});

test("nor does one that is pressed on a token, a head or a cell, or after its element is gone", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 2400 });
  await openNotebook(page, [PAIR, "capture.head_view()", "capture.explorer()"]);
  const [head, explorer] = [view(page, "head"), view(page, "explorer")];
  for (const root of [head, explorer]) await ready(root, 0);
  const places = [
    token(head, "query", 2),
    headToggle(head, 3),
    cell(explorer, 2, 3),
    explorer.getByRole("tab").first(),
  ];
  for (const place of places) {
    await place.focus();
    const before = await notebookState(page);
    for (const key of KEYS) {
      // Many keys move the focus, so each is pressed in the same place.
      await place.focus();
      await page.keyboard.press(key);
    }
    expect(await notebookState(page), String(place)).toEqual(before);
  }
  await head.getByRole("button", { name: "Previous layer" }).focus();
  const before = await notebookState(page);
  for (const key of ["Enter", "Enter", "Enter", "Enter", "Enter", "Enter", "x", "b", "d", "d", "0", "0"]) {
    await page.keyboard.press(key);
  }
  await token(head, "query", 2).focus();
  await token(head, "query", 2).evaluate((removed) => removed.remove());
  for (const key of ["x", "b", "d", "d", "0", "0"]) await page.keyboard.press(key);
  expect(await notebookState(page)).toEqual(before);
});
