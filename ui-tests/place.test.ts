import type { Locator, Page } from "playwright-core";
import { headToggle, layerControl, pressed, token } from "./controls";
import { PAIR } from "./examples";
import { comparePictures, expect, kernel, openNotebook, ready, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

const chain = (root: Locator) => root.locator(".hs-link");

const CELLS = [
  PAIR,
  "capture.head_view(layer=3, heads=[5])",
  "capture.head_view()",
  "capture.matrix_view(layer=2, heads=[1], query='cat')",
  "capture.head_view(layer=1)",
];

const runAll = (page: Page) => page.evaluate(() => window.jupyterapp.commands.execute("notebook:run-all-cells"));

async function drawn(page: Page): Promise<readonly Buffer[]> {
  const figures = [view(page, "head", 0), view(page, "head", 1), view(page, "matrix"), view(page, "head", 2)];
  for (const [nth, layer] of [3, 0, 2, 1].entries()) await ready(figures[nth] as Locator, layer);
  await page.mouse.move(0, 0);
  const shots = [];
  for (const figure of figures) shots.push(await figure.locator(".hs-body").screenshot());
  return shots;
}

test("figures show what their calls name, whatever happens elsewhere, and run-all draws them again", async ({
  page,
}) => {
  await page.setViewportSize({ width: 1280, height: 4000 });
  await openNotebook(page, CELLS);
  const before = await drawn(page);

  const [named, follower, matrix, layer1] = [
    view(page, "head", 0),
    view(page, "head", 1),
    view(page, "matrix"),
    view(page, "head", 2),
  ];
  await layerControl(follower).selectOption("4");
  await headToggle(follower, 7).dblclick();
  await kernel(page, "capture.explorer(layer=0, heads=[0], query=3)");
  await expect.poll(() => kernel(page, "capture.selection.layer, capture.selection.heads")).toBe("(4, [7])");
  await ready(follower, 4);
  for (const [root, layer, heads] of [
    [named, 3, 1],
    [matrix, 2, 1],
    [layer1, 1, 12],
  ] as const) {
    await ready(root, layer);
    expect(await pressed(root)).toBe(heads);
  }
  // What a call does not name follows: a token that is pinned in one figure is pinned in the others.
  await token(follower, "query", 9).click();
  await expect.poll(() => token(named, "query", 9).getAttribute("aria-selected")).toBe("true");
  await expect.poll(() => kernel(page, "capture.selection.query")).toBe("9");

  await runAll(page);
  await expect.poll(() => layerControl(view(page, "head", 1)).inputValue()).toBe("0");
  // Where the notebook puts an output on a fraction of a pixel, edges may be a shade lighter.
  for (const [nth, after] of (await drawn(page)).entries()) {
    expect((await comparePictures(page, after, before[nth] as Buffer)).share, `figure ${nth}`).toBeLessThan(0.001);
  }
});

test("the chain says what a view follows, links it and unlinks it", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 2600 });
  await openNotebook(page, [PAIR, "view = capture.head_view(layer=3, heads=[5])\nview", "capture.head_view()"]);
  const [named, follower] = [view(page, "head", 0), view(page, "head", 1)];
  await ready(named, 3);
  await ready(follower, 0);
  expect(await chain(named).textContent()).toBe("Partly linked");
  expect(await chain(follower).textContent()).toBe("Linked");

  await layerControl(named).selectOption("2");
  await ready(named, 2);
  await expect.poll(() => kernel(page, "view.layer, capture.selection.layer, view.follow")).toBe("(2, 0, False)");
  await ready(follower, 0);

  await chain(named).click();
  await ready(named, 0);
  expect(await chain(named).textContent()).toBe("Linked");
  await expect.poll(() => kernel(page, "view.layer, view.follow")).toBe("(0, True)");
  await layerControl(named).selectOption("4");
  await ready(follower, 4);

  await chain(follower).focus();
  await page.keyboard.press("Enter");
  expect(await chain(follower).textContent()).toBe("Unlinked");
  await kernel(page, "capture.select(layer=1)");
  await ready(named, 1);
  await ready(follower, 4);
  await kernel(page, "view.follow = False; view.layer = 5");
  await ready(named, 5);
  expect(await chain(named).textContent()).toBe("Unlinked");
  await expect.poll(() => kernel(page, "capture.selection.layer")).toBe("1");
});

test("single views are linked with each other, and with nothing else", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 3200 });
  const one = "one, two = capture.head_view(), capture.matrix_view()\nlink = hs.link(one, two)\none";
  await openNotebook(page, [PAIR, one, "two", "capture.head_view()"]);
  const [head, matrix, other] = [view(page, "head", 0), view(page, "matrix"), view(page, "head", 1)];
  for (const root of [head, matrix, other]) await ready(root, 0);
  await layerControl(head).selectOption("4");
  await ready(matrix, 4);
  await layerControl(matrix).selectOption("2");
  await ready(head, 2);
  await ready(other, 0);
});
