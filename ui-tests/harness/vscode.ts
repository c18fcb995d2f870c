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
  ) {}

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

  /** Closes the webview and opens another, as when the notebook's tab is closed and opened again. */
  async reopen(): Promise<VscodeNotebook> {
    await this.page.evaluate(() => window.workbench.openWebview());
    return new VscodeNotebook(this.page, await webviewOf(this.page));
  }

  async #execute(code: string, isCell: boolean): Promise<string> {
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
}

/** Opens the VS Code host with its own kernel, and runs these cells one after another. */
export async function openVscode(
  page: Page,
  cells: readonly string[],
  { theme = "Default Light Modern" }: VscodeOptions = {},
): Promise<VscodeNotebook> {
  const address = new URL(served().vscode);
  const webview = new URL("/webview.html", address);
  webview.hostname = "localhost";
  for (const { origin } of [address, webview]) {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  }
  await page.goto(new URL("/workbench.html", address).href);
  const kernel = await startKernel();
  await page.evaluate((options) => window.openWorkbench(options), { kernel, theme, webview: webview.href });
  const notebook = new VscodeNotebook(page, await webviewOf(page));
  for (const cell of cells) await notebook.run(cell);
  return notebook;
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
