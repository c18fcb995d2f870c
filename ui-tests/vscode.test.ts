import { PAIR } from "./examples";
import { expect, openVscode, ready, screenshot, test, view } from "./harness";

const KINDS = ["head", "model", "matrix", "neuron", "text", "explorer"] as const;
const CALLS = KINDS.map((kind) => `capture.${kind === "explorer" ? "explorer" : `${kind}_view`}()`);

test("every view is painted by VS Code's widget manager", async ({ page }) => {
  const { frame } = await openVscode(page, [PAIR, ...CALLS]);
  for (const kind of KINDS) {
    await ready(view(frame, kind), 0);
    await screenshot(view(frame, kind), `vscode-${kind}`);
  }
  expect(await frame.locator(".headscope").evaluateAll((all) => all.length)).toBe(KINDS.length);
});
