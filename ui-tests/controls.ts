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

/** The number of active heads. */
export const pressed = (root: Locator) =>
  root.getByRole("button", { name: /^Head \d+$/, pressed: true }).evaluateAll((all) => all.length);
