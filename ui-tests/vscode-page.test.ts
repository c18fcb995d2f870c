import type { Locator, Page } from "playwright-core";
import { layerControl, status, token } from "./controls";
import { PAIR } from "./examples";
import { expect, openInteractive, openVscode, ready, test, type VscodeNotebook, view } from "./harness/index";
import { SIZES } from "./sizes";

const KINDS = ["head", "model", "matrix", "neuron", "text", "explorer"] as const;
const CALLS = KINDS.map((kind) => (kind === "explorer" ? "capture.explorer()" : `capture.${kind}_view()`));

const notebookBox = (page: Page) => page.locator("#notebook");
const editorHeight = (page: Page) => notebookBox(page).evaluate((box) => box.clientHeight);
const heightOf = (root: Locator) => root.evaluate((one) => (one as HTMLElement).offsetHeight);

/** The boxes of a view whose content is higher than they are. */
const scrolled = (root: Locator) =>
  root
    .locator(":is(.hs-scroll, .hs-grid-scroll)")
    .evaluateAll((all) =>
      all
        .filter((one) => one.scrollHeight > one.clientHeight + 1 && one.clientHeight > 0)
        .map((one) => `${one.className}: ${one.scrollHeight} in ${one.clientHeight}`),
    );

/** By how much the bottom of an element is below the bottom of the editor. */
async function below(page: Page, target: Locator): Promise<number> {
  const [box, editor] = [await target.boundingBox(), await notebookBox(page).boundingBox()];
  return box && editor ? Math.round(box.y + box.height - editor.y - editor.height) : Number.NaN;
}

test("in the one high page of all outputs, each view fits the editor at each size of the window", async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  const notebook = await openVscode(page, [PAIR, ...CALLS]);
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    await notebook.setTheme(width === 1280 ? "Default Dark Modern" : "Default Light Modern");
    const room = (await editorHeight(page)) - 20;
    const frame = await page.locator("iframe").boundingBox();
    expect(frame?.y).toBeLessThan(-1000);
    expect(frame?.height).toBeGreaterThan(10_000);
    for (const kind of KINDS) {
      const root = view(notebook.frame, kind);
      await root.scrollIntoViewIfNeeded();
      await ready(root, 0);
      if (width < 700 && kind === "explorer") continue;
      const cap = () => root.evaluate((one) => (one as HTMLElement).style.getPropertyValue("--hs-room"));
      await expect.poll(cap, { message: `${kind} at ${width}` }).toBe(`${room}px`);
      await expect.poll(() => heightOf(root), { message: `${kind} at ${width}` }).toBeLessThanOrEqual(room);
      if (width >= 700) await expect.poll(() => scrolled(root), { message: `${kind} at ${width}` }).toEqual([]);
    }
  }
});

test("the readout stays in sight while the editor shows only the upper part of a view", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 560 });
  const notebook = await openVscode(page, [PAIR, "capture.head_view(layer=2)", ...Array(8).fill("1\n\n\n")]);
  const root = view(notebook.frame, "head");
  await ready(root, 2);
  const line = root.locator(".hs-statusline");
  for (const part of [80, 160, 240]) {
    const top = async () => below(page, root);
    await page.evaluate((by) => window.workbench.scroll(by), (await top()) - part);
    await expect.poll(top).toBe(part);
    await expect.poll(() => below(page, line)).toBeLessThanOrEqual(1);
    await expect.poll(() => below(page, line)).toBeGreaterThan(-12);
  }
});

/** Focuses one of each kind of element that can take the focus, works it by keys, and returns what could have scrolled. */
function driveFocus(notebook: VscodeNotebook): Promise<{ driven: number; scrolling: string[] }> {
  return notebook.frame.evaluate(async () => {
    const scrolling: string[] = [];
    const { focus } = HTMLElement.prototype;
    const nameOf = (one: Element) => one.outerHTML.slice(0, 120);
    HTMLElement.prototype.focus = function (options) {
      if (!options?.preventScroll) scrolling.push(nameOf(this));
      focus.call(this, options);
    };
    Element.prototype.scrollIntoView = function () {
      scrolling.push(nameOf(this));
    };
    const frames = async () => {
      for (const _ of [1, 2]) await new Promise((done) => requestAnimationFrame(done));
    };
    const known = new Set<string>();
    const seen = (one: HTMLElement) => one.getClientRects().length > 0;
    const next = () =>
      [...document.querySelectorAll<HTMLElement>(".headscope :is(button, select, input, [tabindex])")].find((one) => {
        const kind = `${one.closest<HTMLElement>(".headscope")?.dataset.view} ${one.tagName} ${one.className} ${one.role}`;
        return seen(one) && !one.closest(".hs-export") && !known.has(kind) && known.add(kind);
      });
    for (let one = next(); one; one = next()) {
      focus.call(one, { preventScroll: true });
      if (one.ariaExpanded !== null || one.ariaHasPopup || one.role === "tab") one.click();
      await frames();
      for (const key of ["ArrowDown", "ArrowRight", "End", "Home", "]", "/", "?", "Escape", "Escape"]) {
        const target = document.activeElement ?? one;
        target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
        await frames();
      }
    }
    const boxes = [document.documentElement, document.body, document.getElementById("container") as HTMLElement];
    for (const box of boxes) if (box.scrollTop || box.scrollLeft) scrolling.push(`${nameOf(box)} is scrolled`);
    return { driven: known.size, scrolling };
  });
}

test("nothing that takes the focus in a view scrolls the page of the outputs", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  const notebook = await openVscode(page, [PAIR, ...CALLS]);
  for (const kind of KINDS) await ready(view(notebook.frame, kind), 0);
  const before = await notebookBox(page).evaluate((box) => box.scrollTop);
  const { driven, scrolling } = await driveFocus(notebook);
  expect(driven).toBeGreaterThan(40);
  expect(scrolling).toEqual([]);
  expect(await notebookBox(page).evaluate((box) => box.scrollTop)).toBe(before);
});

const FILE = `# %%
${PAIR}
# %% The views
capture.head_view()
# %%
capture.explorer()
`;

test("views work in the Interactive Window, which runs a file's cells one below the other", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  const window = await openInteractive(page, FILE);
  const [head, explorer] = [view(window.frame, "head"), view(window.frame, "explorer")];
  for (const root of [head, explorer]) {
    await ready(root, 0);
    await expect.poll(() => heightOf(root)).toBeLessThanOrEqual((await editorHeight(page)) - 20);
  }
  await expect.poll(() => below(page, explorer)).toBeLessThanOrEqual(0);
  expect(await window.kernel("__file__")).toContain(".py");
  await layerControl(explorer).selectOption("3");
  await ready(head, 3);
  await token(explorer, "query", 2).click();
  await expect.poll(() => window.kernel("capture.selection.layer, capture.selection.query")).toBe("(3, 2)");
  await window.run("capture.matrix_view(layer=1)");
  const matrix = view(window.frame, "matrix");
  await ready(matrix, 1);
  await expect.poll(() => below(page, matrix)).toBeLessThanOrEqual(0);
  await expect.poll(() => status(matrix).textContent()).toContain("live");
  await window.kernel("capture.selection.layer = 5");
  for (const root of [head, explorer]) await ready(root, 5);
});
