import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { SNAPSHOT_TYPE } from "../src/contract.gen";
import { headToggle, layerControl, pressed, token } from "./controls";
import { MINILM, PAIR } from "./examples";
import {
  command,
  expect,
  kernel,
  openNotebook,
  RESULTS,
  ready,
  reloadNotebook,
  shareJupyterLab,
  test,
  view,
} from "./harness/index";
import { kept, outputs, reopen, saved } from "./saved-notebook";

shareJupyterLab();

const word = (root: Locator) => root.locator(".hs-status").textContent();
const isDirty = (page: Page) => page.evaluate(() => window.headscopeTestPanel.context.model.dirty);

for (const app of ["lab", "notebook"] as const) {
  test(`without its kernel, a saved view is shown as the reader left it, in ${app}`, async ({ page }) => {
    await openNotebook(page, [PAIR, "capture.head_view()"], { app });
    const root = view(page, "head");
    await ready(root, 0);
    await layerControl(root).selectOption("3");
    await headToggle(root, 7).dblclick();
    await ready(root, 3);
    await token(root, "query", 2).click();
    await expect.poll(() => kernel(page, "capture.selection.query")).toBe("2");
    await kept(page, 3);
    await reopen(page, await saved(page), { app, inNewPage: true });

    await ready(root, 3);
    expect(await word(root)).toBe("snapshot");
    expect(await pressed(root)).toBe(1);
    expect(await token(root, "query", 2).getAttribute("aria-selected")).toBe("true");
    await layerControl(root).selectOption("4");
    await ready(root, 4);
    await headToggle(root, 2).click({ modifiers: ["Shift"] });
    await expect.poll(() => pressed(root)).toBe(2);
    expect(await isDirty(page)).toBe(false);
  });
}

const HOSTILE = `
import numpy as np
import headscope as hs

tokens = ["<img src=x onerror=alert(1)>", "</script>", '"', "&amp;", "<b>bold</b>", "\\u0000"]
weights = np.random.default_rng(0).dirichlet(np.full(6, 0.3), (3, 2, 6))
capture = hs.from_attentions(list(weights), tokens, name="<script>alert(2)</script>")
`;

for (const app of ["lab", "notebook"] as const) {
  test(`${app}: an untrusted notebook shows its views, and their contents only as text`, async ({ page }) => {
    await openNotebook(page, [HOSTILE, "capture.head_view(layer=1)", "capture.matrix_view(layer=1)"], { app });
    await ready(view(page, "head"), 1);
    const notebook = await saved(page);
    notebook.metadata.changed = "so that its signature does not fit";
    await reopen(page, notebook, { app });
    const root = view(page, "head");
    await ready(root, 1);
    await ready(view(page, "matrix"), 1);
    const trusted = await page.evaluate(() => window.headscopeTestPanel.content.widgets[1]?.model.trusted);
    expect(trusted).toBe(false);
    expect(await root.locator("img, script, b").count()).toBe(0);
    expect(await root.textContent()).toContain("<script>alert(2)</script>");
    expect(await word(root)).toBe("snapshot");
    await layerControl(root).selectOption("2");
    await ready(root, 2);
    expect(await isDirty(page)).toBe(false);
  });
}

test("after a reload the live view takes over, and the notebook stays unchanged", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view()", "capture.model_view()"]);
  const root = view(page, "head");
  await ready(root, 0);
  await layerControl(root).selectOption("5");
  await ready(root, 5);
  await kept(page, 5);
  await kept(page, 5, 1);
  await reloadNotebook(page);
  await expect.poll(() => word(root)).toBe("live");
  await ready(root, 5);
  expect(await view(page, "head", 1).count()).toBe(0);
  await ready(view(page, "model"));
  expect(await isDirty(page)).toBe(false);
  await layerControl(root).selectOption("2");
  await ready(root, 2);
  await expect.poll(() => kernel(page, "capture.selection.layer")).toBe("2");
  await kept(page, 2);
});

const LARGE = `
import numpy as np
import headscope as hs

weights = [np.random.default_rng(n).dirichlet(np.full(128, 0.2), (12, 128)).astype("f2") for n in range(8)]
capture = hs.from_attentions(weights, [f"t{n}" for n in range(128)])
`;

test("a snapshot of some layers says which, and offers no retry for the others", async ({ page }) => {
  await openNotebook(page, [`${LARGE}\ncapture.select(layer=4)`, "capture.head_view()", "capture.explorer()"]);
  const root = view(page, "head");
  await ready(root, 4);
  await kept(page, 4);
  const notebook = await saved(page);
  for (const output of outputs(notebook)) expect(JSON.stringify(output).length).toBeLessThan(1_000_000);
  await reopen(page, notebook);
  await ready(root, 4);
  expect(await word(root)).toMatch(/^snapshot: layers [34]–[45] of 8; run the cell for the rest$/);
  await layerControl(root).selectOption("0");
  await expect
    .poll(() => root.getByRole("alert").textContent())
    .toMatch(/holds layers .* of 8, not layer 0\. Run the cell/);
  expect(await root.getByRole("button", { name: "Try again" }).count()).toBe(0);
  await layerControl(root).selectOption("4");
  await ready(root, 4);
  expect(await root.getByRole("alert").textContent()).toBe("");
  await ready(view(page, "explorer"), 4);
});

const TOO_LARGE = `
import numpy as np
import headscope as hs

weights = np.random.default_rng(0).dirichlet(np.full(700, 0.1), (1, 12, 700)).astype("f2")
capture = hs.from_attentions(list(weights), [f"t{n}" for n in range(700)])
`;

test("a view too large for a snapshot is a picture, and a damaged snapshot a sentence", async ({ page }) => {
  await openNotebook(page, [TOO_LARGE, "capture.head_view()", "capture.text_view()"]);
  await ready(view(page, "head"), 0);
  const notebook = await saved(page);
  const [first, second] = outputs(notebook);
  expect(first?.data[SNAPSHOT_TYPE].parts).toEqual([]);
  Object.assign(second?.data ?? {}, { [SNAPSHOT_TYPE]: { view: "head", maps: [{ num_layers: 1e9 }] } });
  await reopen(page, notebook);
  await page.getByText("The notebook keeps only a picture of this view").waitFor();
  await page.getByText("The notebook's snapshot of this view can't be shown").waitFor();
  expect(await page.getByRole("img", { name: "Picture of the view" }).count()).toBe(2);
  expect(await view(page, "head").count()).toBe(0);
});

test("with snapshots turned off, a notebook holds none", async ({ page }) => {
  await openNotebook(page, [`${PAIR}\nhs.settings.snapshot_bytes = 0`, "capture.head_view()"]);
  await ready(view(page, "head"), 0);
  expect(outputs(await saved(page))).toEqual([]);
});

test("a saved widget state shows the layer to which Python moved", async ({ page }) => {
  await openNotebook(page, [`${PAIR}\nhs.settings.snapshot_bytes = 0`, "capture.head_view()"]);
  await ready(view(page, "head"), 0);
  await kernel(page, "capture.select(layer=2)");
  await ready(view(page, "head"), 2);
  await command(page, "@jupyter-widgets/jupyterlab-manager:saveWidgetState");
  await reopen(page, await saved(page));
  await ready(view(page, "head"), 2);
});

test("each view's snapshot has its own renderer, and shows the view as the reader left it", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 2600 });
  const cells = [
    "capture.matrix_view(head=5, scale='sqrt')",
    "capture.neuron_view(layer=2, head=3, query='cat')",
    "capture.text_view()",
    "capture.model_view(detail=True)",
    "capture.explorer(tab='matrix')",
  ];
  await openNotebook(page, [`${PAIR}\ncapture.select(layer=2)`, ...cells]);
  const kinds = ["matrix", "neuron", "text", "model", "explorer"] as const;
  for (const kind of kinds) await ready(view(page, kind), 2);
  for (const nth of kinds.keys()) await kept(page, 2, nth);
  const notebook = await saved(page);
  for (const [nth, { data }] of outputs(notebook).entries()) {
    writeFileSync(join(RESULTS, `snapshot-picture-${kinds[nth]}.png`), Buffer.from(data["image/png"] ?? "", "base64"));
  }
  await reopen(page, notebook);
  for (const kind of kinds) {
    await ready(view(page, kind), 2);
    expect(await word(view(page, kind))).toBe("snapshot");
  }
});

test("a notebook that keeps the state of widgets too shows its snapshot once, not a widget without a kernel", async ({
  page,
}) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=1)"]);
  await ready(view(page, "head"), 1);
  await kept(page, 1);
  const notebook = await saved(page);
  const state = await kernel(page, "import ipywidgets, json\nprint(json.dumps(ipywidgets.Widget.get_manager_state()))");
  notebook.metadata.widgets = { "application/vnd.jupyter.widget-state+json": JSON.parse(state) };
  await reopen(page, notebook);
  const root = view(page, "head");
  await ready(root, 1);
  expect(await word(root)).toBe("snapshot");
  await layerControl(root).selectOption("2");
  await ready(root, 2);
  expect(await page.locator(".headscope").count()).toBe(1);
});

/** Closes the notebook and opens it without starting a kernel, as a reader may choose. */
async function openWithoutKernel(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { docRegistry, commands } = window.jupyterapp;
    const panel = window.headscopeTestPanel;
    const { path } = panel.context;
    await panel.sessionContext.shutdown();
    panel.dispose();
    const preference = docRegistry.getKernelPreference;
    docRegistry.getKernelPreference = () => ({ shouldStart: false, canStart: false });
    window.headscopeTestPanel = await commands.execute("docmanager:open", { path });
    await window.headscopeTestPanel.context.ready;
    docRegistry.getKernelPreference = preference;
  });
  expect(await page.evaluate(() => window.headscopeTestPanel.sessionContext.session)).toBeNull();
}

test("without any kernel a saved view is shown, with changes made just before saving", async ({ page, guard }) => {
  guard.allow(
    /reading 'kernel'[\s\S]*jupyterlab-manager/,
    "ipywidgets asks a notebook without a kernel for its kernel",
  );
  guard.allow(/Could not restore the debugger state/, "the debugger was asking the kernel that the test ends");
  await openNotebook(page, [PAIR, "capture.head_view()"]);
  const root = view(page, "head");
  await ready(root, 0);
  await kept(page, 0);
  await layerControl(root).selectOption("2");
  await ready(root, 2);
  const notebook = await saved(page);
  expect(outputs(notebook)[0]?.data[SNAPSHOT_TYPE].state.layer).toBe(2);
  await reopen(page, notebook);
  await openWithoutKernel(page);
  await ready(root, 2);
  await layerControl(root).selectOption("1");
  await ready(root, 1);
  expect(await word(root)).toBe("snapshot");
});

const TEXTS = `${MINILM}
captures = hs.capture_batch(model, tokenizer, ["The cat sat", "The dog lay on the mat", "A bird sang"])
`;

test("of several texts, the notebook keeps the chosen one and says which it is", async ({ page }) => {
  await openNotebook(page, [TEXTS, "captures"]);
  const root = view(page, "explorer");
  const shown = () => root.locator(".hs-shown").textContent();
  const name = async () => outputs(await saved(page))[0]?.data[SNAPSHOT_TYPE].name;
  await ready(root);
  expect(await shown()).toContain("text 1 of 3: The cat sat");
  await page.locator(".widget-dropdown select").selectOption({ label: "1: The dog lay on the mat" });
  await expect.poll(shown).toContain("text 2 of 3: The dog lay on the mat");
  await expect.poll(name, { timeout: 20_000, interval: 300 }).toContain("text 2 of 3: The dog lay on the mat");
  await layerControl(root).selectOption("4");
  await ready(root, 4);
  await kept(page, 4);
  const notebook = await saved(page);
  expect(outputs(notebook)[0]?.data[SNAPSHOT_TYPE].maps[0]?.query_tokens).toContain("dog");
  await reopen(page, notebook, { inNewPage: true });
  await ready(root, 4);
  expect(await word(root)).toContain("snapshot");
  expect(await shown()).toContain("text 2 of 3: The dog lay on the mat");
  expect(await root.textContent()).toContain("dog");
  expect(await isDirty(page)).toBe(false);
});
