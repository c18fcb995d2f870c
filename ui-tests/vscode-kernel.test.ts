import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Frame, Locator, Page } from "playwright-core";
import { MESSAGE_BYTES } from "../src/contract.gen";
import { layerControl, status } from "./controls";
import { PAIR } from "./examples";
import { expect, later, openVscode, RESULTS, ready, test, view } from "./harness/index";

/** Too large to be sent whole in the background: a layer has 12 heads of 400 x 400 weights. */
const LARGE = `
import os, time
import numpy as np
import headscope as hs

weights = [np.random.default_rng(n).dirichlet(np.full(400, 0.02), (12, 400)).astype("f2") for n in range(6)]
capture = hs.from_attentions(weights, [f"t{n}" for n in range(400)])
`;

test("while a cell runs, views show what they have and say that the kernel is busy", async ({ page }) => {
  const notebook = await openVscode(page, [LARGE, "capture.head_view(heads=[2])"]);
  const root = view(notebook.frame, "head");
  for (const layer of [1, 0]) {
    await layerControl(root).selectOption(String(layer));
    await ready(root, layer);
  }
  const go = join(await notebook.kernel("print(os.getcwd())"), "go");
  const cell = later(notebook.run('while not os.path.exists("go"): time.sleep(0.05)'));
  await layerControl(root).selectOption("1");
  await ready(root, 1);
  await layerControl(root).selectOption("3");
  await expect.poll(() => status(root).textContent()).toContain("kernel busy");
  expect(await root.getAttribute("data-state")).toBe("pending");
  writeFileSync(go, "");
  await cell;
  await ready(root, 3);
  await expect.poll(() => status(root).textContent()).toContain("live");
  await expect.poll(() => notebook.kernel("capture.selection.layer")).toBe("3");
});

test("a view comes back when the notebook's tab is opened again, after only its own cell is run", async ({ page }) => {
  const before = await openVscode(page, [PAIR, "capture.head_view()", "capture.matrix_view()"]);
  await ready(view(before.frame, "matrix"), 0);
  await layerControl(view(before.frame, "head")).selectOption("3");
  await expect.poll(() => before.kernel("capture.selection.layer")).toBe("3");

  const after = await before.reopen();
  await expect.poll(() => pictures(after.frame).count()).toBe(2);
  await after.run("capture.head_view()");
  const head = view(after.frame, "head");
  await ready(head, 3);
  await layerControl(head).selectOption("5");
  await ready(head, 5);
  await expect.poll(() => after.kernel("capture.selection.layer")).toBe("5");
  await after.run("capture.explorer()");
  await ready(view(after.frame, "explorer"), 5);
  await after.kernel("capture.selection.layer = 2");
  for (const root of [head, view(after.frame, "explorer")]) await ready(root, 2);
});

/** The still pictures that stand in place of views. */
const pictures = (frame: Frame) => frame.locator(".output > img");

test("a local kernel ends with its notebook's tab, and the saved pictures show by themselves", async ({ page }) => {
  const before = await openVscode(page, [PAIR, "capture.head_view(layer=2)", "capture.matrix_view()"], {
    kernel: "local",
  });
  await ready(view(before.frame, "matrix"), 0);
  expect(await pictures(before.frame).count()).toBe(0);

  const after = await before.reopen();
  await expect.poll(() => pictures(after.frame).count()).toBe(2);
  const shown = await pictures(after.frame).evaluateAll((all) =>
    all.every((one) => (one as HTMLImageElement).naturalWidth > 300 && one.clientHeight > 100),
  );
  expect(shown).toBe(true);
  expect(await after.frame.locator(".headscope").count()).toBe(0);

  for (const cell of [PAIR, "capture.head_view(layer=4)"]) await after.run(cell);
  await ready(view(after.frame, "head"), 4);
  expect(await pictures(after.frame).count()).toBe(2);
});

/** Follows, from now on, the size in bytes of the largest message with weights that the webview receives. */
async function watchMessages(frame: Frame): Promise<() => Promise<number>> {
  await frame.evaluate(() => {
    let largest = 0;
    addEventListener("message", ({ data }) => {
      const bytes =
        data.type === "binary-message" ? data.data.length : data.type === "message" ? data.data.length * 0.75 : 0;
      largest = Math.max(largest, bytes);
    });
    Object.assign(window, { largest: () => largest });
  });
  return () => frame.evaluate(() => (window as unknown as { largest(): number }).largest());
}

test("no message to the page is larger than the contract allows", async ({ page }) => {
  const notebook = await openVscode(page, [LARGE]);
  const largest = await watchMessages(notebook.frame);
  await notebook.run("capture.explorer()");
  const root = view(notebook.frame, "explorer");
  await ready(root, 0);
  await layerControl(root).selectOption("4");
  await ready(root, 4);
  await notebook.kernel("capture.selection.layer = 2");
  await ready(root, 2);
  const most = await largest();
  expect(most).toBeGreaterThan(MESSAGE_BYTES / 2);
  expect(most).toBeLessThan(MESSAGE_BYTES + 16 * 1024);
});

async function exported(page: Page, root: Locator, entry: string): Promise<string> {
  const item = root.getByRole("button", { name: entry, exact: true });
  if (!(await item.isVisible())) await root.getByRole("button", { name: "Export" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), item.click()]);
  const path = join(RESULTS, `vscode-${download.suggestedFilename()}`);
  await download.saveAs(path);
  return path;
}

test("files are passed to VS Code to save, and Python saves what the page draws", async ({ page }) => {
  const notebook = await openVscode(page, [PAIR, "view = capture.head_view(layer=2, heads=[1, 3])\nview"]);
  const root = view(notebook.frame, "head");
  await ready(root, 2);
  expect(readFileSync(await exported(page, root, "SVG"), "utf8")).toContain("</svg>");
  expect(
    readFileSync(await exported(page, root, "PNG (2x)"))
      .subarray(1, 4)
      .toString(),
  ).toBe("PNG");
  await expect.poll(() => root.getByRole("status").textContent()).toMatch(/^VS Code asks where to save .*\.png$/);
  const file = await exported(page, root, "HTML page: all layers");
  await root.getByRole("button", { name: "Export" }).click();
  await root.getByRole("button", { name: "Copy as Python" }).click();
  await expect
    .poll(() => root.getByRole("status").textContent())
    .toBe("Copied capture.head_view(layer=2, heads=[1, 3])");
  expect(await notebook.frame.evaluate(() => navigator.clipboard.readText())).toBe(
    "capture.head_view(layer=2, heads=[1, 3])",
  );

  const said = await notebook.kernel('view.save("figure.png", scale=1)\n0');
  expect(said).not.toContain("will be written");
  expect(await notebook.kernel('open("figure.png", "rb").read(4)')).toContain("PNG");

  await page.goto(pathToFileURL(file).href);
  await ready(view(page, "head"), 2);
});
