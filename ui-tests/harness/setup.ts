import { rmSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { startVscode } from "../vscode/server";
import { launchBrowser } from "./browser";
import { PYTHON, startJupyter } from "./jupyter";
import { RESULTS } from "./paths";

declare module "vitest" {
  interface ProvidedContext {
    /** Where JupyterLab answers, without a slash at the end. */
    url: string;
    /** The folder that JupyterLab serves. */
    root: string;
    /** The folder where JupyterLab keeps the user's settings. */
    settings: string;
    /** Where the running browser takes connections. */
    browser: string;
    /** Where the VS Code host is. */
    vscode: string;
  }
}

/** Starts what all tests share; returns what ends it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  rmSync(RESULTS, { recursive: true, force: true });
  const browser = await launchBrowser();
  const jupyter = await startJupyter().catch(async (error) => {
    await browser.close();
    throw error;
  });
  const vscode = await startVscode(PYTHON, jupyter.url);
  project.provide("url", jupyter.url);
  project.provide("root", jupyter.root);
  project.provide("settings", jupyter.settings);
  project.provide("browser", browser.wsEndpoint());
  project.provide("vscode", vscode.url);
  return async () => {
    await browser.close();
    await vscode.close();
    await jupyter.stop();
  };
}
