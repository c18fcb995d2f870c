import { randomUUID } from "node:crypto";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { CodeCell } from "@jupyterlab/cells";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { Page } from "playwright-core";
import { plain } from "./kernel";
import { command } from "./lab";
import { type Served, served } from "./served";

export interface OpenOptions {
  /** The application: JupyterLab, or Notebook 7. */
  readonly app?: "lab" | "notebook";
  /** Whether to run every cell, and to fail if one shows an error. */
  readonly run?: boolean;
  /** Another server than the worker's own. */
  readonly server?: Pick<Served, "url" | "root">;
  /** The kernel of a new notebook, by the name of its kernelspec. */
  readonly kernel?: string;
}

/** Opens a new notebook with these code cells, runs them all and waits for the last. */
export async function openNotebook(page: Page, cells: readonly string[], options: OpenOptions = {}): Promise<void> {
  const folder = join((options.server ?? served()).root, randomUUID());
  mkdirSync(folder);
  writeFileSync(join(folder, "notebook.ipynb"), JSON.stringify(notebook(cells, options.kernel)));
  await open(page, `${basename(folder)}/notebook.ipynb`, options);
}

/** Opens a copy of a notebook file, with the files beside it, runs it and waits for its last cell. */
export async function openNotebookFile(page: Page, path: string, options: OpenOptions = {}): Promise<void> {
  const folder = randomUUID();
  cpSync(dirname(path), join((options.server ?? served()).root, folder), { recursive: true });
  await open(page, `${folder}/${basename(path)}`, options);
}

function notebook(cells: readonly string[], kernel = "python3") {
  return {
    cells: cells.map((source, index) => ({
      cell_type: "code",
      id: `cell-${index}`,
      metadata: {},
      source,
      outputs: [],
      execution_count: null,
    })),
    metadata: { kernelspec: { display_name: "Python 3", language: "python", name: kernel } },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

async function open(
  page: Page,
  path: string,
  { app = "lab", run = true, server = served() }: OpenOptions,
): Promise<void> {
  if (app === "lab" && (await isEmpty(page, server.url))) {
    await command(page, "docmanager:open", { path });
    await found(page, path);
    await closeAll(page, path); // JupyterLab has opened a launcher meanwhile.
  } else {
    // A workspace of its own, because JupyterLab would otherwise open what earlier tests left.
    const place = app === "lab" ? `lab/workspaces/${randomUUID()}/tree` : "notebooks";
    await page.goto(`${server.url}/${place}/${path}`);
  }
  await found(page, path);
  if (run) await runAll(page);
}

/** Whether the page has a JupyterLab whose notebook was closed. */
async function isEmpty(page: Page, url: string): Promise<boolean> {
  if (!page.url().startsWith(`${url}/lab`)) return false;
  return page.evaluate(() => window.headscopeTestPanel?.isDisposed ?? false);
}

/**
 * Closes everything that is open in the page's JupyterLab, unsaved, except the notebook at `path`; false if there is no
 * JupyterLab.
 */
export async function closeAll(page: Page, path?: string): Promise<boolean> {
  if (!page.url().startsWith(`${served().url}/lab`)) return false;
  await page.evaluate((path) => {
    for (const widget of [...window.jupyterapp.shell.widgets("main")]) {
      if (path === undefined || (widget as NotebookPanel).context?.path !== path) widget.dispose();
    }
  }, path);
  return true;
}

async function found(page: Page, path: string): Promise<void> {
  await page.waitForFunction(() => window.jupyterapp !== undefined);
  await page.evaluate(findPanel, path);
}

/** Brings a cell to the top of the window. JupyterLab draws only the cells in sight, and a high window draws slowly. */
export async function scrollToCell(page: Page, index: number): Promise<void> {
  await page.evaluate((at) => window.headscopeTestPanel.content.scrollToItem(at, "start"), index);
  // JupyterLab gives a scroll up where a cell above changes its height meanwhile.
  await page.waitForFunction(
    (at) => {
      const { content } = window.headscopeTestPanel;
      if (content.widgets[at]?.isAttached) return true;
      content.scrollToItem(at, "start");
      return false;
    },
    index,
    { polling: 200 },
  );
}

/** Saves the open notebook with its outputs. Returns the file's path. */
export function saveNotebook(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const { context } = window.headscopeTestPanel;
    await context.save();
    return context.path;
  });
}

/** Saves the open notebook and reloads its page. No cell runs, and the kernel keeps running. */
export async function reloadNotebook(page: Page): Promise<void> {
  const path = await saveNotebook(page);
  await page.reload();
  await found(page, path);
}

/** Saves the notebook that `page` shows and opens it on another page too, with the same kernel. */
export async function openSameNotebook(page: Page, another: Page, options: OpenOptions = {}): Promise<void> {
  await open(another, await saveNotebook(page), { ...options, run: false });
}

/** In the page: waits until the notebook at `path` is open and its kernel answers. */
async function findPanel(path: string): Promise<void> {
  const app = window.jupyterapp;
  await app.started;
  await app.restored;
  let panel: NotebookPanel | undefined;
  for (const limit = Date.now() + 150_000; panel === undefined; ) {
    if (Date.now() > limit) throw new Error(`No notebook opened at ${path}`);
    panel = [...app.shell.widgets("main")].find((widget) => (widget as NotebookPanel).context?.path === path) as
      | NotebookPanel
      | undefined;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await panel.context.ready;
  await panel.sessionContext.ready;
  // Before the kernel has introduced itself, Run All runs only one cell.
  await panel.sessionContext.session?.kernel?.info;
  window.headscopeTestPanel = panel;
}

/** Runs every cell of the open notebook; fails with the traceback if one shows an error. */
export async function runAll(page: Page): Promise<void> {
  const error = await page.evaluate(async () => {
    await window.jupyterapp.commands.execute("notebook:run-all-cells");
    for (const { model } of window.headscopeTestPanel.content.widgets as CodeCell[]) {
      if (model.type !== "code") continue;
      for (const output of model.outputs.toJSON()) {
        if (output.output_type === "error") return (output.traceback as string[]).join("\n");
      }
      const source = model.sharedModel.getSource();
      if (source.trim() && model.executionCount === null) return `This cell was not run:\n${source}`;
    }
    return null;
  });
  if (error !== null) throw new Error(plain(error));
}
