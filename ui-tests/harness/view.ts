import { setTimeout as sleep } from "node:timers/promises";
import type { Frame, Locator, Page } from "playwright-core";
import type { ViewKind } from "../../src/contract.gen";

const READY_LIMIT = 150_000;

/** The root of a view on the page or in one of its frames: the `nth` of its kind, from 0. */
export function view(page: Page | Frame, kind: ViewKind, nth = 0): Locator {
  return page.locator(`.headscope[data-view="${kind}"]`).nth(nth);
}

/** Waits until the view has painted, or has painted `layer`. Fails if the view shows an error. */
export async function ready(root: Locator, layer?: number): Promise<void> {
  await root.waitFor({ state: "attached", timeout: READY_LIMIT });
  let seen = await look(root);
  for (const limit = Date.now() + READY_LIMIT; Date.now() < limit; seen = await look(root)) {
    if (seen.state === "error") throw new Error(`The view shows an error: ${seen.text}`);
    if (seen.state === "ready" && (layer === undefined || seen.layer === String(layer))) return;
    await sleep(50);
  }
  throw new Error(
    `The view is ${seen.state} at layer ${seen.layer}, not ready at layer ${layer ?? "any"}. ${seen.text}`,
  );
}

async function look(root: Locator) {
  const { state, layer } = await root.evaluate((element) => ({ ...(element as HTMLElement).dataset }));
  if (state === "ready") return { state, layer, text: "" };
  const said = (await root.locator('[role="alert"]').allInnerTexts()).join(" ").trim();
  // biome-ignore lint/performance/useDomNodeTextContent: hidden text does not belong in the message
  return { state, layer, text: `${said || "No message."} In: ${(await root.innerText()).replace(/\s+/g, " ")}` };
}
