import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import type { Token } from "@lumino/coreutils";
import type { Page } from "playwright-core";
import "./lab";

/** The plugin whose settings keep JupyterLab from asking about news. */
const QUIETED = "@jupyterlab/apputils-extension:notification";
const SUFFIX = ".jupyterlab-settings";

/** Otherwise JupyterLab would offer news, and look for news and updates on the network. */
const QUIET = { fetchNews: "false", checkForUpdates: false };

/** The plugins whose settings were changed since the last reset. */
export function changedPlugins(path: string): string[] {
  const files = readdirSync(path, { recursive: true }).map(String);
  const saved = files.filter((name) => name.endsWith(SUFFIX));
  return saved.map((name) => name.slice(0, -SUFFIX.length).replace(/\/([^/]+)$/, ":$1")).filter((id) => id !== QUIETED);
}

/** Restores the settings of a first start, because JupyterLab keeps those that a test changed, such as the theme. */
export function resetSettings(path: string): void {
  rmSync(path, { recursive: true, force: true });
  const folder = join(path, "@jupyterlab", "apputils-extension");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "notification.jupyterlab-settings"), JSON.stringify(QUIET));
}

/** Sets one of a plugin's settings as the settings editor does. */
export async function setSetting(page: Page, plugin: string, name: string, value: unknown): Promise<void> {
  await page.evaluate(changeSettings, { plugin, name, value });
}

/** Gives a plugin its default settings, as the settings editor does. */
export async function restoreDefaults(page: Page, plugin: string): Promise<void> {
  await page.evaluate(changeSettings, { plugin });
}

interface Change {
  readonly plugin: string;
  readonly name?: string;
  readonly value?: unknown;
}

/** In the page: sets a setting, or removes all that the user has set if none is named. */
async function changeSettings({ plugin, name, value }: Change): Promise<void> {
  interface Plugins {
    pluginRegistry: { _services: Map<Token<ISettingRegistry>, string> };
  }
  const app = window.jupyterapp;
  // The token itself is in a bundle that the page does not share.
  const tokens = [...(app as unknown as Plugins).pluginRegistry._services.keys()];
  const token = tokens.find((one) => one.name === "@jupyterlab/coreutils:ISettingRegistry");
  if (!token) throw new Error("JupyterLab has no settings.");
  const registry = await app.resolveRequiredService(token);
  await (name === undefined ? registry.upload(plugin, "{}") : registry.set(plugin, name, value as never));
}
