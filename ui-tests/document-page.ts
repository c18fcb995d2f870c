import { randomUUID } from "node:crypto";
import { basename, dirname } from "node:path";
import type { Page } from "playwright-core";
import { newFolder, writeAttentionFile } from "./attention-file";
import { later } from "./harness/later";
import { served } from "./harness/served";

export const WORDS = "The cat sat on the mat".split(" ");
export const SIZES = { layers: 3, heads: 4, headDim: 8, tokens: WORDS };
const SHOWN = ".headscope-file .headscope[data-view=explorer]";

export const APPS = ["lab", "notebook"] as const;

/** Opens a file by a double click, and returns the page that shows it. */
export async function openByClick(page: Page, path: string, app: (typeof APPS)[number]): Promise<Page> {
  const name = basename(path);
  if (app === "lab") {
    await openLab(page, dirname(path));
    await listed(page, name).dblclick();
    return page;
  }
  await page.goto(`${served().url}/tree/${dirname(path)}`);
  const opened = later(page.context().waitForEvent("page"));
  await listed(page, name).dblclick();
  return opened;
}

/** Opens JupyterLab at a path, in its own workspace. */
export async function openLab(page: Page, path: string): Promise<void> {
  await page.goto(`${served().url}/lab/workspaces/${randomUUID()}/tree/${path}`);
  await settled(page);
}

export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => window.jupyterapp !== undefined);
  await page.evaluate(async () => void (await window.jupyterapp.restored));
}

export function listed(page: Page, name: string) {
  return page.locator(".jp-DirListing-content").getByText(name, { exact: true });
}

export function shown(page: Page) {
  return page.locator(SHOWN);
}

export function note(page: Page) {
  return page.locator(".headscope-file-note");
}

/** A file whose heads differ, in its own folder. */
export function madeFile(name = "made.attn.safetensors", seed = 1): string {
  const path = `${newFolder()}/${name}`;
  writeAttentionFile(path, SIZES, {}, numbers(seed));
  return path;
}

/** A file of 1024 tokens or more in its own folder. All its thumbnails are grey, and its tensors are zeros. */
export function largeFile(layers: number, length = 1024): string {
  const path = `${newFolder()}/large.attn.safetensors`;
  const tokens = Array.from({ length }, (_, position) => `t${position}`);
  const thumbnails = new Uint8Array(layers * 12 * 64 * 64).fill(127);
  writeAttentionFile(path, { layers, heads: 12, headDim: 64, tokens }, {}, thumbnails);
  return path;
}

/** Float32 numbers from -2 to 2, the same for the same seed. */
export function numbers(seed: number): Uint8Array {
  let state = seed;
  const values = Float32Array.from({ length: 2 * 3 * 4 * 6 * 8 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 30 - 2;
  });
  return new Uint8Array(values.buffer);
}
