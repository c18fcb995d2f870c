import { rmSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { launchBrowser } from "./browser";
import { startJupyter } from "./jupyter";
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
  project.provide("url", jupyter.url);
  project.provide("root", jupyter.root);
  project.provide("settings", jupyter.settings);
  project.provide("browser", browser.wsEndpoint());
  return async () => {
    await browser.close();
    await jupyter.stop();
  };
}
