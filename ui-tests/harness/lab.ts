import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { Page } from "playwright-core";

declare global {
  interface Window {
    /** The running JupyterLab or Notebook. */
    jupyterapp: JupyterFrontEnd;
    /** The notebook that the harness has opened. */
    headscopeTestPanel: NotebookPanel;
  }
}

export type LabTheme = "JupyterLab Dark" | "JupyterLab Light" | "JupyterLab Dark High Contrast";

/** Runs a JupyterLab command. */
export async function command(page: Page, id: string, args: Record<string, string> = {}): Promise<void> {
  await page.evaluate(async ({ id, args }) => void (await window.jupyterapp.commands.execute(id, args)), { id, args });
}

export async function setTheme(page: Page, theme: LabTheme): Promise<void> {
  await command(page, "apputils:change-theme", { theme });
  await page.locator(`body[data-jp-theme-name="${theme}"]`).waitFor({ state: "attached" });
  // JupyterLab removes its splash screen a moment later, and throws if another theme was requested before.
  await page.locator("#jupyterlab-splash").waitFor({ state: "detached" });
}
