import type { Locator } from "playwright-core";

/** The controls of a view, found by their names. */

export const layerControl = (root: Locator) => root.getByLabel("Layer", { exact: true });

export const attentionControl = (root: Locator) => root.getByLabel("Attention", { exact: true });

export const headToggle = (root: Locator, head: number) =>
  root.getByRole("button", { name: `Head ${head}`, exact: true });

export const cell = (root: Locator, layer: number, head: number) =>
  root.getByRole("button", { name: `Layer ${layer} head ${head}`, exact: true });

export const token = (root: Locator, side: "query" | "key", position: number) =>
  root.locator(`[data-${side}="${position}"]`);

/** The line at the bottom: what is pointed at, whether the view is live, and what it shows. */
export const status = (root: Locator) => root.locator(".hs-statusline");

/** The heading of the model view's detail. */
export const detail = (root: Locator, title: string) => root.getByRole("heading", { name: title });

/** The number of active heads, whose squares may be in the menu of what does not fit into the toolbar. */
export const pressed = (root: Locator) =>
  root.getByRole("button", { name: /^Head \d+$/, pressed: true, includeHidden: true }).evaluateAll((all) => all.length);

/** Uses a control of a toolbar, which may be in the menu of what does not fit into its row. */
export async function reach(control: Locator, use: (control: Locator) => Promise<void>): Promise<void> {
  await control.waitFor({ state: "attached" });
  const more = control.locator("xpath=ancestor::*[contains(@class, 'hs-menu-control')]/button");
  const isAway = !(await control.isVisible());
  if (isAway) await more.click();
  await use(control);
  if (isAway) await more.click();
}

/** Chooses from a list of a toolbar. */
export async function choose(root: Locator, label: string, value: string): Promise<void> {
  await reach(root.getByLabel(label, { exact: true }), async (list) => void (await list.selectOption(value)));
}

/** Switches what is left out first: special tokens or sinks. */
export async function hide(root: Locator, what: "special" | "sinks"): Promise<void> {
  await reach(root.getByRole("button", { name: `Hide ${what}`, includeHidden: true }), (button) => button.click());
}

/** Types into the field that finds tokens. */
export async function find(root: Locator, text: string): Promise<void> {
  await reach(root.getByLabel("Find a token"), (field) => field.fill(text));
}
