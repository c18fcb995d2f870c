import type { Locator } from "playwright-core";

/** The controls of a view, found by what they are called. */

export const layerControl = (root: Locator) => root.getByLabel("Layer", { exact: true });

export const attentionControl = (root: Locator) => root.getByLabel("Attention", { exact: true });

export const headToggle = (root: Locator, head: number) =>
  root.getByRole("button", { name: `Head ${head}`, exact: true });

export const cell = (root: Locator, layer: number, head: number) =>
  root.getByRole("button", { name: `Layer ${layer} head ${head}`, exact: true });

export const token = (root: Locator, side: "query" | "key", position: number) =>
  root.locator(`[data-${side}="${position}"]`);

/** The line at the foot: what is pointed at, whether the view is live, what is shown. */
export const status = (root: Locator) => root.locator(".hs-statusline");

/** What the model view's detail shows. */
export const detail = (root: Locator, title: string) => root.getByRole("heading", { name: title });

/** How many heads are switched on. */
export const pressed = (root: Locator) =>
  root.getByRole("button", { name: /^Head \d+$/, pressed: true }).evaluateAll((all) => all.length);
