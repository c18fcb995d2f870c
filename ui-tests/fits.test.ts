import type { Locator, Page } from "playwright-core";
import { token } from "./controls";
import { PAIR } from "./examples";
import { expect, openNotebook, ready, scrollToCell, shareJupyterLab, test, view } from "./harness/index";
import { resize, SIZES } from "./sizes";

shareJupyterLab();

const KINDS = ["head", "model", "matrix", "neuron", "text", "explorer"] as const;

/** The part of the page in which the notebook's cells are seen. */
const stage = (page: Page) => page.locator(".jp-WindowedPanel-outer").evaluate((one) => one.clientHeight);

/** The boxes of a view whose content is higher than they are. */
const scrolled = (root: Locator) =>
  root
    .locator(":is(.hs-scroll, .hs-grid-scroll)")
    .evaluateAll((all) =>
      all
        .filter((one) => one.scrollHeight > one.clientHeight + 1 && one.clientHeight > 0)
        .map((one) => `${one.className}: ${one.scrollHeight} in ${one.clientHeight}`),
    );

/** How many rows the controls of a toolbar stand in. */
const rows = (toolbar: Locator) =>
  toolbar.evaluate((one) => {
    const controls = [...one.children].filter((child) => child.clientHeight > 0 && child.clientWidth > 0);
    return new Set(controls.map((child) => Math.round(child.getBoundingClientRect().top / 12))).size;
  });

test("each view fits into the visible part of the notebook, without a scroll bar of its own for a short text", async ({
  page,
}) => {
  const calls = KINDS.map((kind) => (kind === "explorer" ? "capture.explorer()" : `capture.${kind}_view()`));
  await openNotebook(page, [PAIR, ...calls]);
  for (const [width, height] of SIZES) {
    await resize(page, width, height);
    for (const [nth, kind] of KINDS.entries()) {
      await scrollToCell(page, nth + 1);
      const root = view(page, kind);
      await ready(root);
      const isStacked = width < 700 && kind === "explorer";
      if (!isStacked) {
        await expect
          .poll(async () => (await root.evaluate((one) => (one as HTMLElement).offsetHeight)) - (await stage(page)), {
            message: kind,
          })
          .toBeLessThanOrEqual(0);
      }
      if (width >= 700) {
        await expect.poll(() => scrolled(root), { message: `${kind} at ${width}` }).toEqual([]);
        await expect.poll(() => rows(root.locator(".hs-toolbar")), { message: `${kind} at ${width}` }).toBe(1);
      }
      const isWider = await root.evaluate((one) => one.scrollWidth > one.clientWidth + 1);
      expect(isWider, `${kind} at ${width} is wider than its cell`).toBe(false);
    }
  }
});

test("the readout stays in sight while the bottom of a view is not", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=2)", ...Array(20).fill("1")]);
  const root = view(page, "head");
  for (const [width, height] of [
    [1440, 500],
    [1280, 420],
    [400, 480],
  ] as const) {
    await resize(page, width, height);
    await ready(root, 2);
    await page.locator(".jp-WindowedPanel-outer").evaluate((one) => one.scrollTo({ top: 0 }));
    await token(root, "query", 0).scrollIntoViewIfNeeded();
    await expect
      .poll(async () => {
        const line = await root.locator(".hs-statusline").boundingBox();
        const outer = await page.locator(".jp-WindowedPanel-outer").boundingBox();
        return line && outer ? Math.round(line.y + line.height - outer.y - outer.height) : null;
      })
      .toBeLessThanOrEqual(1);
  }
});

test("the explorer's tabs stay in place, and the chain scrolls sideways beside the grid", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.explorer()"]);
  const root = view(page, "explorer");
  for (const [width, height] of SIZES.slice(0, 2)) {
    await resize(page, width, height);
    await ready(root);
    const places: string[] = [];
    for (const name of ["Heads", "Matrix", "Neurons", "Text"]) {
      const tab = root.getByRole("tab", { name });
      await tab.click();
      await ready(root);
      const [box, outer] = [await root.getByRole("tab", { name: "Heads" }).boundingBox(), await root.boundingBox()];
      places.push(`${box?.x} ${Math.round((box?.y ?? 0) - (outer?.y ?? 0))}`);
      if (name === "Neurons") {
        await token(root, "query", 2).click();
        await expect.poll(() => root.locator("[data-row]").count()).toBeGreaterThan(5);
        const [pane, grid] = [
          await root.locator(".hs-pane").boundingBox(),
          await root.locator(".hs-grid").boundingBox(),
        ];
        expect(pane && grid && pane.x > grid.x + grid.width).toBe(true);
        await token(root, "query", 2).click();
      }
    }
    expect(new Set(places).size, places.join("; ")).toBe(1);
  }
});

test("the width is used: thumbnails and lines grow, and two long maps stand side by side", async ({ page }) => {
  const long = `${PAIR}
capture = hs.capture(model, tokenizer, "the cat sat on a mat by the old door and " * 20, truncate=True)`;
  await openNotebook(page, [
    long,
    "capture.model_view()",
    "capture.head_view(layer=1, heads=[3])",
    "capture.matrix_view(layer=1, heads=[3, 4])",
  ]);
  for (const [width, height] of SIZES.slice(0, 2)) {
    await resize(page, width, height);
    const used = async (kind: "model" | "head" | "matrix", part: string) => {
      await scrollToCell(page, ["model", "head", "matrix"].indexOf(kind) + 1);
      const root = view(page, kind);
      await ready(root);
      return root.evaluate(
        (one, part) => (one.querySelector(part) as HTMLElement).getBoundingClientRect().width / one.clientWidth,
        part,
      );
    };
    await expect.poll(() => used("model", ".hs-grid")).toBeGreaterThan(0.7);
    await expect.poll(() => used("head", ".hs-lines")).toBeGreaterThan(0.9);
    await expect.poll(() => used("matrix", ".hs-panels")).toBeGreaterThan(0.5);
    const tops = () =>
      view(page, "matrix")
        .locator(".hs-panel")
        .evaluateAll((all) => all.map((one) => (one as HTMLElement).style.top));
    await expect.poll(tops).toEqual(["0px", "0px"]);
  }
});
