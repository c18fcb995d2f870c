import type { Locator } from "playwright-core";
import { expect } from "./harness/index";

/** The row of the query whose chain is shown; null if there is none. */
export const expanded = (root: Locator) => root.getAttribute("data-expanded");

/** The numbers of a column by key; null where it is blank. */
export async function column(root: Locator, step: string): Promise<(string | null)[]> {
  const texts = await root.locator(`[data-row] [data-step="${step}"]`).allTextContents();
  return texts.map((text) => (text === "" ? null : text));
}

/** Numbers have three significant digits and at most four decimals. */
export function expectNumber(shown: string | null, value: number | null, name: string): void {
  if (value === null) expect(shown, name).toBeNull();
  else if (Math.abs(value) < 0.0005) expect(shown, name).toMatch(/^(< 0\.0005|> −0\.0005|0)$/);
  else {
    const read = Number(shown?.replace("−", "-"));
    const most = Math.max(0.00051, 0.0051 * Math.abs(value));
    expect(Math.abs(read - value), `${name}: ${shown} is ${value}`).toBeLessThanOrEqual(most);
  }
}
