import type { Locator, Page } from "playwright-core";
import { expanded } from "./chain";
import { cell, token } from "./controls";
import { PAIR } from "./examples";
import {
  expect,
  kernel,
  openNotebook,
  ready,
  scrollToCell,
  setTheme,
  shareJupyterLab,
  test,
  view,
} from "./harness/index";

shareJupyterLab();

const KINDS = ["head", "model", "matrix", "neuron", "text", "explorer"] as const;

/** Opens a notebook with one view of each kind. */
async function openEach(page: Page, options = ""): Promise<void> {
  const calls = KINDS.map((kind) => `capture.${kind === "explorer" ? kind : `${kind}_view`}(${options})`);
  await openNotebook(page, [PAIR, ...calls]);
}

/** Scrolls to one view after another, and yields its kind and its root. */
async function* each(page: Page): AsyncGenerator<[(typeof KINDS)[number], Locator]> {
  for (const [nth, kind] of KINDS.entries()) {
    await scrollToCell(page, nth + 1);
    await ready(view(page, kind));
    yield [kind, view(page, kind)];
  }
}

/** A notebook with one view of each kind, all visible. */
async function openAll(page: Page, options = ""): Promise<Readonly<Record<(typeof KINDS)[number], Locator>>> {
  await page.setViewportSize({ width: 1280, height: 6000 });
  await openEach(page, options);
  for (const kind of KINDS) await ready(view(page, kind));
  return Object.fromEntries(KINDS.map((kind) => [kind, view(page, kind)])) as Record<(typeof KINDS)[number], Locator>;
}

const pinned = (page: Page) => kernel(page, "print(capture.selection.query, capture.selection.key)");

test("a view with a light theme is light even in a dark notebook, with everything in it", async ({ page }) => {
  await openEach(page, "theme='light'");
  await setTheme(page, "JupyterLab Dark");
  for await (const [kind, root] of each(page)) {
    const backgrounds = await root.evaluate((element) =>
      [element, ...element.querySelectorAll("select, .hs-button, .hs-title")]
        .filter((part) => part.getClientRects().length > 0)
        .map((part) => getComputedStyle(part).backgroundColor)
        // What is behind shows through.
        .filter((color) => color !== "rgba(0, 0, 0, 0)"),
    );
    expect([...new Set(backgrounds)], kind).toEqual(["rgb(255, 255, 255)"]);
  }
});

test("nothing animates for readers who prefer reduced motion", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await openEach(page);
  for await (const [kind, root] of each(page)) {
    const moving = await root.evaluate((element) => {
      element.setAttribute("data-state", "pending");
      const moves = ({ animationName, transitionDuration }: CSSStyleDeclaration) =>
        animationName !== "none" || transitionDuration.split(", ").some((time) => Number.parseFloat(time) > 0);
      return [...element.querySelectorAll("*")].filter((part) => moves(getComputedStyle(part))).length;
    });
    expect(moving, kind).toBe(0);
  }
});

/** Touches the middle of `target` with fingers, as the browser's own gesture recognizer sees them. */
async function touch(page: Page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setTouchEmulationEnabled", { enabled: true, maxTouchPoints: 2 });
  type Phase = "touchStart" | "touchMove" | "touchEnd";
  const send = (type: Phase, touchPoints: { x: number; y: number }[]) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints });
  const middle = async (target: Locator) => {
    await target.scrollIntoViewIfNeeded();
    const box = await target.boundingBox();
    if (!box) throw new Error("What is to be touched is not there.");
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  return {
    end: () => session.detach(),
    async tap(target: Locator) {
      await send("touchStart", [await middle(target)]);
      await send("touchEnd", []);
    },
    async spread(target: Locator) {
      const { x, y } = await middle(target);
      const fingers = (apart: number) => [
        { x: x - apart, y },
        { x: x + apart, y },
      ];
      await send("touchStart", fingers(20));
      for (const apart of [30, 40, 50, 60]) await send("touchMove", fingers(apart));
      await send("touchEnd", []);
    },
  };
}

test("a finger pins, expands, opens and zooms", async ({ page }) => {
  const { head, model, matrix, neuron, text } = await openAll(page, "layer=2, head=3, follow=True");
  const { tap, spread, end } = await touch(page);
  await tap(token(head, "query", 2));
  await expect.poll(() => pinned(page)).toBe("2 None");
  await expect.poll(() => expanded(neuron)).toBe("2");
  await tap(token(head, "query", 2));
  await expect.poll(() => pinned(page)).toBe("None None");

  await tap(token(neuron, "query", 4));
  await expect.poll(() => expanded(neuron)).toBe("4");
  await tap(token(neuron, "query", 6));
  await expect.poll(() => expanded(neuron)).toBe("6");
  await tap(neuron.locator("[data-row='3'] [data-step='softmax']"));
  await expect.poll(() => neuron.locator(".hs-readout").textContent()).toMatch(/^mat → sat.*softmax/);
  await tap(text.locator(".hs-piece[data-query='5']"));
  await expect.poll(() => pinned(page)).toBe("5 None");

  await spread(matrix.locator("[data-map='0']"));
  await expect.poll(() => matrix.locator(".hs-zoom-times").textContent()).toBe("3.0×");
  await tap(cell(model, 4, 7));
  await expect.poll(() => kernel(page, "capture.selection.layer, capture.selection.heads")).toBe("(4, [7])");
  await model.getByRole("heading", { name: "Layer 4, Head 7" }).waitFor();
  await end();
});

test("each view has its numbers in a live region and in a table", async ({ page }) => {
  const roots = await openAll(page, "layer=2, head=3, follow=True");
  await kernel(page, "capture.select(query='cat')");
  await cell(roots.model, 2, 3).click();
  const weight = Number(await kernel(page, "float(capture.weights(2, 3)[2, 0])"));
  for (const [kind, root] of Object.entries(roots)) {
    await page.mouse.move(0, 0);
    const live = root.locator("[aria-live='polite'].hs-readout");
    await expect.poll(() => live.textContent(), { message: kind }).toContain(weight.toPrecision(3));
    await root.getByText("Weights as a table").focus();
    await page.keyboard.press("Enter");
    const rows = root.getByRole("table").getByRole("row");
    await expect.poll(() => rows.count(), { message: kind }).toBe(16);
    const [name, number] = await rows.nth(1).getByRole("cell").allTextContents();
    expect([kind, name, number]).toEqual([kind, "[CLS]", weight.toPrecision(3)]);
  }
});
