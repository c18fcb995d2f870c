import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Frame, Page } from "playwright-core";
import type { KernelOptions } from "../vscode/messages";
import type { ThemeName } from "../vscode/themes";
import type {} from "../vscode/workbench";
import { plain } from "./kernel";
import { served } from "./served";

/** A notebook in the VS Code host. */
export class VscodeNotebook {
  constructor(
    readonly page: Page,
    /** The webview with the outputs. */
    readonly frame: Frame,
    readonly options: VscodeOptions,
    kernel: KernelOptions | null,
  ) {
    this.#kernel = kernel;
  }

  /** The kernel; null after it has ended with the tab. The next cell starts another. */
  #kernel: KernelOptions | null;

  /** Runs a cell, and fails with its traceback if it fails. Its outputs appear once it is done. */
  async run(code: string): Promise<void> {
    await this.#execute(code, true);
  }

  /** Runs code in the kernel without a cell. Returns what it printed and the value of its last line. */
  kernel(code: string): Promise<string> {
    return this.#execute(code, false);
  }

  async setTheme(theme: ThemeName): Promise<void> {
    await this.page.evaluate((theme) => window.workbench.setTheme(theme), theme);
    await this.frame.locator(`body[data-vscode-theme-name="${theme}"]`).waitFor({ state: "attached" });
  }

  /** Closes the notebook's tab and opens it again. A local kernel ends with the tab. */
  async reopen(): Promise<VscodeNotebook> {
    const isLocal = this.options.kernel === "local";
    await this.page.evaluate((isLocal) => window.workbench.closeTab(isLocal), isLocal);
    if (isLocal && this.#kernel) await endKernel(this.#kernel);
    await this.page.evaluate(() => window.workbench.openWebview());
    return new VscodeNotebook(this.page, await webviewOf(this.page), this.options, isLocal ? null : this.#kernel);
  }

  async #execute(code: string, isCell: boolean): Promise<string> {
    if (!this.#kernel) {
      this.#kernel = await startKernel();
      await this.page.evaluate((kernel) => window.workbench.connect(kernel), this.#kernel);
    }
    const { text, error } = await this.page.evaluate(({ code, isCell }) => window.workbench.execute(code, isCell), {
      code,
      isCell,
    });
    if (error) throw new Error(plain(error));
    return text.trim();
  }
}

export interface VscodeOptions {
  readonly theme?: ThemeName;
  /** Whose kernel runs the notebook: that of a Jupyter server, which lives on when the tab closes, or VS Code's own. */
  readonly kernel?: "server" | "local";
  /** Where the cells run: in a notebook, or in the Interactive Window, which appends them and follows the newest. */
  readonly window?: "notebook" | "interactive";
}

/** Opens the VS Code host with its own kernel, and runs these cells one after another. */
export async function openVscode(
  page: Page,
  cells: readonly string[],
  options: VscodeOptions = {},
): Promise<VscodeNotebook> {
  const { theme = "Default Light Modern" } = options;
  const address = new URL(served().vscode);
  const webview = new URL("/webview.html", address);
  webview.hostname = "localhost";
  for (const { origin } of [address, webview]) {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  }
  await page.goto(new URL("/workbench.html", address).href);
  const kernel = await startKernel();
  const isInteractive = options.window === "interactive";
  await page.evaluate((options) => window.openWorkbench(options), {
    kernel,
    theme,
    isInteractive,
    webview: webview.href,
  });
  const notebook = new VscodeNotebook(page, await webviewOf(page), options, kernel);
  for (const cell of cells) await notebook.run(cell);
  return notebook;
}

/**
 * Opens the Interactive Window with the kernel of its own, and runs the cells of a Python file there as VS Code does:
 * without the lines that begin them, one below the other, after it has told the kernel the file's path.
 */
export async function openInteractive(page: Page, file: string): Promise<VscodeNotebook> {
  const [, ...cells] = file.split(/^# ?%%.*\n/m);
  const opened = await openVscode(page, [], { kernel: "local", window: "interactive" });
  await opened.kernel('import os; __file__ = os.path.abspath("views.py")');
  for (const cell of cells) await opened.run(cell);
  return opened;
}

async function webviewOf(page: Page): Promise<Frame> {
  const frame = await (await page.waitForSelector("iframe", { state: "attached" })).contentFrame();
  if (!frame) throw new Error("The workbench has no webview.");
  return frame;
}

/** Starts a kernel through Jupyter's server, in its own folder. It ends with the test. */
async function startKernel(): Promise<KernelOptions> {
  const folder = randomUUID();
  mkdirSync(join(served().root, folder));
  const response = await fetch(`${served().url}/api/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      name: folder,
      path: `${folder}/notebook.ipynb`,
      type: "notebook",
      kernel: { name: "python3" },
    }),
  });
  if (!response.ok) throw new Error(`Jupyter starts no kernel: ${await response.text()}`);
  const { kernel } = (await response.json()) as { kernel: { id: string; name: string } };
  return { id: kernel.id, name: kernel.name, clientId: randomUUID() };
}

async function endKernel({ id }: KernelOptions): Promise<void> {
  const response = await fetch(`${served().url}/api/kernels/${id}`, { method: "DELETE" });
  if (!response.ok) throw new Error(`Jupyter does not end the kernel: ${await response.text()}`);
}
