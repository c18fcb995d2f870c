import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { SNAPSHOT_TYPE, type Snapshot } from "../src/contract.gen";
import { headToggle, layerControl, pressed, token } from "./controls";
import { PAIR } from "./examples";
import {
  expect,
  kernel,
  openNotebook,
  openNotebookFile,
  RESULTS,
  ready,
  reloadNotebook,
  saveNotebook,
  screenshot,
  test,
  view,
} from "./harness";

const word = (root: Locator) => root.locator(".hs-status").textContent();
const isDirty = (page: Page) => page.evaluate(() => window.headscopeTestPanel.context.model.dirty);

interface Output {
  readonly data: { readonly [SNAPSHOT_TYPE]: Snapshot; readonly "image/png"?: string };
}

interface Saved {
  metadata: Record<string, unknown>;
  readonly cells: readonly { readonly outputs: readonly Output[] }[];
}

/** The notebook as it is on the disk, once it is saved. */
async function saved(page: Page): Promise<Saved> {
  return JSON.parse(readFileSync(join(served().root, await saveNotebook(page)), "utf8")) as Saved;
}

const outputs = ({ cells }: Saved) => cells.flatMap((cell) => cell.outputs).filter(({ data }) => data?.[SNAPSHOT_TYPE]);

/** Waits until the notebook holds the page's own snapshot of its first view, at `layer`. */
async function kept(page: Page, layer: number, nth = 0): Promise<void> {
  const seen = async () => {
    const snapshot = outputs(await saved(page))[nth]?.data[SNAPSHOT_TYPE];
    return [snapshot?.drawn_by, snapshot?.state.layer];
  };
  await expect.poll(seen, { timeout: 20_000, interval: 300 }).toEqual(["page", layer]);
}

/** Opens the saved notebook as a file of its own, with a kernel that knows nothing of it. No cell is run. */
async function reopen(page: Page, notebook: Saved, options: { app?: "lab" | "notebook" } = {}): Promise<void> {
  const folder = join(RESULTS, `snapshot-${randomUUID()}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "saved.ipynb");
  writeFileSync(path, JSON.stringify(notebook));
  await openNotebookFile(page, path, { ...options, run: false });
}

for (const app of ["lab", "notebook"] as const) {
  test(`a saved view is shown as it was left, without its kernel, in ${app}`, async ({ page }) => {
    await openNotebook(page, [PAIR, "capture.head_view()"], { app });
    const root = view(page, "head");
    await ready(root, 0);
    await layerControl(root).selectOption("3");
    await headToggle(root, 7).dblclick();
    await ready(root, 3);
    await token(root, "query", 2).click();
    await expect.poll(() => kernel(page, "capture.selection.query")).toBe("2");
    await kept(page, 3);
    await reopen(page, await saved(page), { app });

    await ready(root, 3);
    expect(await word(root)).toBe("snapshot");
    expect(await pressed(root)).toBe(1);
    expect(await token(root, "query", 2).getAttribute("aria-selected")).toBe("true");
    await layerControl(root).selectOption("4");
    await ready(root, 4);
    await headToggle(root, 2).click();
    await expect.poll(() => pressed(root)).toBe(2);
    expect(await isDirty(page)).toBe(false);
    await screenshot(page, `snapshot-${app}`);
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
  test(`${app}: a notebook that is not trusted shows its views, and what is in them as text alone`, async ({
    page,
  }) => {
    await openNotebook(page, [HOSTILE, "capture.head_view(layer=1)", "capture.matrix_view()"], { app });
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
    await screenshot(page, `snapshot-untrusted-${app}`);
  });
}

test("after a reload the live view takes over, and the notebook stays as it was", async ({ page }) => {
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

test("a snapshot that holds some layers says which, and calmly what it lacks", async ({ page }) => {
  await openNotebook(page, [LARGE, "capture.head_view(layer=4)", "capture.explorer()"]);
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
  await screenshot(root, "snapshot-lacks");
  await layerControl(root).selectOption("4");
  await ready(root, 4);
  expect(await root.getByRole("alert").textContent()).toBe("");
  await ready(view(page, "explorer"), 4);
  await screenshot(view(page, "explorer"), "snapshot-explorer");
});

const TOO_LARGE = `
import numpy as np
import headscope as hs

weights = np.random.default_rng(0).dirichlet(np.full(700, 0.1), (1, 12, 700)).astype("f2")
capture = hs.from_attentions(list(weights), [f"t{n}" for n in range(700)])
`;

import { served } from "./harness/served";

test("what is too large for a snapshot is a picture, and what is damaged a sentence", async ({ page }) => {
  await openNotebook(page, [TOO_LARGE, "capture.head_view()", "capture.text_view()"]);
  await ready(view(page, "head"), 0);
  const notebook = await saved(page);
  const [first, second] = outputs(notebook);
  expect(first?.data[SNAPSHOT_TYPE].parts).toEqual([]);
  Object.assign(second?.data ?? {}, { [SNAPSHOT_TYPE]: { view: "head", maps: [{ num_layers: 1e9 }] } });
  await reopen(page, notebook);
  await page.getByText("The notebook keeps a picture of this view").waitFor();
  await page.getByText("The notebook's snapshot of this view can't be shown").waitFor();
  expect(await page.getByRole("img", { name: "Picture of the view" }).count()).toBe(2);
  expect(await view(page, "head").count()).toBe(0);
  await screenshot(page, "snapshot-too-large");
});

test("with snapshots turned off, a notebook holds none", async ({ page }) => {
  await openNotebook(page, [`${PAIR}\nhs.settings.snapshot_bytes = 0`, "capture.head_view()"]);
  await ready(view(page, "head"), 0);
  expect(outputs(await saved(page))).toEqual([]);
});

test("each view's snapshot is shown by its own renderer, with what it was left at", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 2600 });
  const cells = [
    "capture.matrix_view(head=5, scale='sqrt')",
    "capture.neuron_view(layer=2, head=3, query='cat')",
    "capture.text_view()",
    "capture.model_view(detail=True)",
    "capture.explorer(tab='matrix')",
  ];
  await openNotebook(page, [PAIR, ...cells]);
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
    await screenshot(view(page, kind), `snapshot-view-${kind}`);
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

/** Closes the notebook and opens it as one that starts no kernel, as a reader may choose. */
async function openWithoutKernel(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { docRegistry, commands } = window.jupyterapp;
    const panel = window.headscopeTestPanel;
    const { path } = panel.context;
    await panel.sessionContext.shutdown();
    panel.dispose();
    docRegistry.getKernelPreference = () => ({ shouldStart: false, canStart: false });
    window.headscopeTestPanel = await commands.execute("docmanager:open", { path });
    await window.headscopeTestPanel.context.ready;
  });
  expect(await page.evaluate(() => window.headscopeTestPanel.sessionContext.session)).toBeNull();
}

test("without any kernel a saved view is shown, and what was moved just before saving", async ({ page, guard }) => {
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
  await screenshot(page, "snapshot-no-kernel");
});
