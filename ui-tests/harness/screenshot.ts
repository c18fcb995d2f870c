import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { RESULTS } from "./paths";

/** Writes `ui-tests/results/NAME.png`, of a whole page or of one element. Returns its path. */
export async function screenshot(target: Page | Locator, name: string): Promise<string> {
  const path = join(RESULTS, `${name.replace(/[^\w.-]+/g, "-")}.png`);
  await target.screenshot({ path, animations: "disabled" });
  return path;
}
