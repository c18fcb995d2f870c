import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { cell, choose, layerControl, status, token } from "./controls";
import {
  command,
  expect,
  kernel,
  kernelRuns,
  later,
  openNotebook,
  RESULTS,
  ROOT,
  ready,
  setSetting,
  setTheme,
  shareJupyterLab,
  test,
  view,
} from "./harness/index";

shareJupyterLab();

const SCHEMA: { properties: Record<string, { title: string }> } = JSON.parse(
  readFileSync(join(ROOT, "schema/settings.json"), "utf8"),
);

const CAPTURE = `
import numpy as np, time
import headscope as hs

scores = np.random.default_rng(0).normal(size=(4, 3, 6, 6)) * 2
weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
capture = hs.from_attentions(list(weights), "The cat sat on the mat".split(), name="Cat")
`;

const notification = (page: Page, text: string) => page.locator(".Toastify__toast").getByText(text);

test("settings reach live views at once, and do not override choices", async ({ page }) => {
  await openNotebook(page, [
    CAPTURE,
    "free = capture.matrix_view(); free",
    "given = capture.matrix_view(scale='log', color_map='lagoon'); given",
  ]);
  const [free, given] = [view(page, "matrix", 0), view(page, "matrix", 1)];
  await ready(free);
  await ready(given);
  await set(page, "colorScale", "sqrt");
  await set(page, "colorMap", "blues");
  await set(page, "threshold", 0.2);
  await set(page, "theme", "dark");
  await expect.poll(() => free.getByLabel("Scale", { exact: true }).inputValue()).toBe("sqrt");
  await expect.poll(() => colorMap(free)).toBe("blues");
  await expect.poll(() => status(free).textContent()).toContain("weights from 0.200");
  await expect.poll(() => free.getAttribute("data-background")).toBe("dark");
  expect(await given.getByLabel("Scale", { exact: true }).inputValue()).toBe("log");
  await expect
    .poll(() => kernel(page, "free.scale, free.color_map, free.threshold, free.theme"))
    .toBe("('sqrt', 'blues', 0.2, 'auto')");
  expect(await colorMap(given)).toBe("lagoon");
  expect(await kernel(page, "given.scale, given.color_map")).toBe("('log', 'lagoon')");

  await choose(free, "Scale", "linear");
  await set(page, "colorScale", "log");
  await choose(free, "Colour map", "greys");
  await set(page, "colorMap", "heat");
  await set(page, "threshold", 0);
  await expect.poll(() => status(free).textContent()).not.toContain("weights from");
  expect(await free.getByLabel("Scale", { exact: true }).inputValue()).toBe("linear");
  await expect.poll(() => kernel(page, "free.scale, free.color_map, free.threshold")).toBe("('linear', 'greys', None)");
});

test("a view that is made later starts with the settings", async ({ page }) => {
  await openNotebook(page, [CAPTURE, "capture.matrix_view()"], { run: false });
  await set(page, "colorScale", "sqrt");
  await command(page, "notebook:run-all-cells");
  const root = view(page, "matrix");
  await ready(root);
  expect(await root.getByLabel("Scale", { exact: true }).inputValue()).toBe("sqrt");
});

test("a page caches no more weights than the settings allow", async ({ page }) => {
  const large = `
size = 256
weights = [np.random.default_rng(layer).dirichlet(np.full(size, 0.1), (6, size)).astype("f2") for layer in range(4)]
large = hs.from_attentions(weights, [f"t{i}" for i in range(size)], name="Large")
asked = []
store = large.head_view(heads=[0]).store
store.on_msg(lambda _widget, content, _buffers: asked.append(content["request"]["layer"]))
large.head_view(heads=[0])`;
  await openNotebook(page, [CAPTURE, large]);
  const root = view(page, "head");
  await ready(root, 0);
  const show = async (layer: number) => {
    await layerControl(root).selectOption(String(layer));
    await ready(root, layer);
  };
  for (const layer of [1, 2, 3, 0]) await show(layer);
  await kernel(page, "asked.clear()");
  for (const layer of [1, 2, 3, 0]) await show(layer);
  expect(await kernel(page, "asked")).toBe("[]");
  await set(page, "cacheSize", 1);
  for (const layer of [1, 2, 3, 0]) await show(layer);
  expect(await kernel(page, "len(asked) > 0")).toBe("True");
});

const LISTENING = `
import threading
from headscope.widgets.subshells import SubshellWidget

arrived = threading.Event()
handle = SubshellWidget._handle_msg

def listening(self, msg):
    handle(self, msg)
    if "layer" in msg["content"]["data"].get("state", {}):
        arrived.set()

SubshellWidget._handle_msg = listening
`;

test("views are answered while a cell runs, or after it, as the settings say", async ({ page }) => {
  await openNotebook(page, [LISTENING, CAPTURE, "capture.head_view()"]);
  const root = view(page, "head");
  await ready(root, 0);
  const duringCell = async (layer: number) => {
    await kernel(page, "arrived.clear()");
    const cell = await kernelRuns(page, "arrived.wait(30), capture.selection.layer");
    await layerControl(root).selectOption(String(layer));
    return cell.result;
  };
  expect(await duringCell(1)).toBe("(True, 1)");
  await set(page, "subshells", false);
  await expect.poll(() => kernel(page, "capture.head_view().store.subshells")).toBe("False");
  expect(await duringCell(2)).toBe("(True, 1)");
  await expect.poll(() => kernel(page, "capture.selection.layer")).toBe("2");
  await set(page, "subshells", true);
  await expect.poll(() => kernel(page, "capture.head_view().store.subshells")).toBe("True");
  expect(await duringCell(3)).toBe("(True, 3)");
});

test("commands act on the current view: layers, export, Python", async ({ page }) => {
  const other = "other = hs.from_attentions(list(weights), list('abcdef'), name='Other'); other.matrix_view()";
  await openNotebook(page, [CAPTURE, "capture.head_view(layer=1)", other, "1 + 1"]);
  const [root, last] = [view(page, "head"), view(page, "matrix")];
  await ready(root, 1);
  await ready(last, 0);
  await page.keyboard.press("Alt+PageDown");
  await ready(last, 1);
  await select(page, 1);
  await page.keyboard.press("Alt+PageDown");
  await ready(root, 2);
  await page.keyboard.press("Alt+PageUp");
  await ready(root, 1);
  expect(await last.getAttribute("data-layer")).toBe("1");
  await token(root, "query", 1).click();
  await command(page, "headscope:copy-as-python");
  await notification(page, "Copied capture.head_view(layer=1, query=1)").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("capture.head_view(layer=1, query=1)");
  const files = { svg: /^<svg|^<\?xml/, png: /PNG/, html: /<html/i };
  for (const [format, begins] of Object.entries(files)) {
    const downloading = later(page.waitForEvent("download"));
    await command(page, "headscope:export", { format });
    const file = await downloading;
    expect(file.suggestedFilename()).toBe(`Cat-head-layer-1.${format}`);
    const path = join(RESULTS, file.suggestedFilename());
    await file.saveAs(path);
    expect((await readFile(path, "latin1")).slice(0, 200)).toMatch(begins);
    await notification(page, `Saved ${file.suggestedFilename()}`).waitFor();
  }
});

for (const app of ["lab", "notebook"] as const) {
  test(`${app}: the palette finds the commands, and runs them on the current view`, async ({ page }) => {
    await openNotebook(page, [CAPTURE, "capture.head_view()"], { app });
    const root = view(page, "head");
    await ready(root, 0);
    await command(page, "apputils:activate-command-palette");
    const palette = page.locator(".lm-CommandPalette");
    await palette.locator("input").fill("Headscope");
    const labels = palette.locator(".lm-CommandPalette-itemLabel");
    const found = ["Show the Headscope panel", "Next layer", "Previous layer", "Copy the view as Python"];
    for (const format of ["SVG", "PNG", "HTML page"]) found.push(`Export the view as ${format}`);
    const opens = ["explorer", "head view", "model view", "matrix view", "neuron view", "text view"];
    const tabs = opens.map((view) => `Open the ${view} in a tab`);
    if (app === "lab") found.push("Headscope: Open the selected cell's view in a tab", ...tabs);
    await expect.poll(() => labels.allTextContents()).toEqual(expect.arrayContaining(found));
    expect(await labels.getByText("in a tab").count()).toBe(app === "lab" ? 7 : 0);
    await labels.getByText("Next layer").click();
    await ready(root, 1);
  });
}

test("the View menu has them, and the default view opens if none is named", async ({ page }) => {
  await openNotebook(page, [CAPTURE, "capture.head_view()"]);
  await ready(view(page, "head"), 0);
  await page.locator(".lm-MenuBar-item").getByText("View", { exact: true }).click();
  await page.locator(".lm-Menu-item").getByText("Headscope", { exact: true }).hover();
  await page.locator(".lm-Menu-item").getByText("Open the model view in a tab").waitFor();
  await page.locator(".lm-Menu-item").getByText("Open the explorer in a tab").click();
  const explorer = page.locator('.headscope-live-tab [data-view="explorer"]');
  await ready(explorer);
  await cell(explorer, 2, 1).click();
  await ready(view(page, "head"), 2);
  await set(page, "defaultView", "text");
  await command(page, "headscope:open-view");
  await ready(page.locator('.headscope-live-tab [data-view="text"]'));
  await command(page, "headscope:next-layer");
  await ready(view(page, "head"), 3);
});

test("without a view commands are disabled, and say so when they are called", async ({ page }) => {
  await openNotebook(page, ["1 + 1"]);
  const ids = ["next-layer", "previous-layer", "export", "copy-as-python", "open-view"].map((id) => `headscope:${id}`);
  const enabled = () => page.evaluate((ids) => ids.map((id) => window.jupyterapp.commands.isEnabled(id)), ids);
  expect(await enabled()).toEqual(ids.map(() => false));
  await command(page, "headscope:export");
  await notification(page, "There is no Headscope view here").waitFor();
});

test("a shortcut is changed to other keys", async ({ page }) => {
  await openNotebook(page, [CAPTURE, "capture.head_view()"]);
  const root = view(page, "head");
  await ready(root, 0);
  const next = { command: "headscope:next-layer", selector: "body" };
  const shortcuts = [
    { ...next, keys: ["Alt PageDown"], disabled: true },
    { ...next, keys: ["Alt Shift L"] },
  ];
  await setSetting(page, "@jupyterlab/shortcuts-extension:shortcuts", "shortcuts", shortcuts);
  const keys = () =>
    page.evaluate(() =>
      window.jupyterapp.commands.keyBindings
        .filter(({ command }) => command === "headscope:next-layer")
        .map(({ keys }) => keys.join()),
    );
  await expect.poll(keys).toEqual(["Alt Shift L"]);
  await page.keyboard.press("Alt+PageDown");
  await page.keyboard.press("Alt+Shift+L");
  await ready(root, 1);
  await expect.poll(() => kernel(page, "capture.selection.layer")).toBe("1");
});

test("settings can be found in the editor", async ({ page }) => {
  await openNotebook(page, [CAPTURE, "capture.head_view()"]);
  await setTheme(page, "JupyterLab Dark");
  await command(page, "settingeditor:open", { query: "Headscope" });
  const titles = Object.values(SCHEMA.properties).map(({ title }) => title);
  expect(titles).toContain("Scale");
  const shown = async () => {
    const texts = await Promise.all(titles.map((title) => page.getByText(title, { exact: true }).count()));
    return titles.filter((_, at) => texts[at]);
  };
  await expect.poll(shown).toEqual(titles);
});

const colorMap = (root: Locator) => root.getByLabel("Colour map", { exact: true }).inputValue();

async function select(page: Page, index: number): Promise<void> {
  await page.evaluate((index) => {
    window.headscopeTestPanel.content.activeCellIndex = index;
  }, index);
}

function set(page: Page, name: string, value: unknown): Promise<void> {
  return setSetting(page, "headscope:settings", name, value);
}
