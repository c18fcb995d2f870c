import type { LabShell } from "@jupyterlab/application";
import type { Page } from "playwright-core";

/** A laptop's window, a small one, and a phone's. */
export const SIZES = [
  [1440, 900],
  [1280, 720],
  [400, 800],
] as const;

/** On a phone nobody keeps the file browser open beside a notebook. */
export async function resize(page: Page, width: number, height: number): Promise<void> {
  await page.setViewportSize({ width, height });
  if (width < 700) await page.evaluate(() => (window.jupyterapp.shell as LabShell).collapseLeft());
}
