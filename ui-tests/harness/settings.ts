import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** JupyterLab would ask about news, and look for them and for updates on the network. */
const QUIET = { fetchNews: "false", checkForUpdates: false };

/** JupyterLab keeps what a test chose, its theme for one: gives the next test the settings of a first start. */
export function resetSettings(path: string): void {
  rmSync(path, { recursive: true, force: true });
  const folder = join(path, "@jupyterlab", "apputils-extension");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "notification.jupyterlab-settings"), JSON.stringify(QUIET));
}
