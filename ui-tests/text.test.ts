import type { Locator, Page } from "playwright-core";
import { choose, reach } from "./controls";
import { PAIR } from "./examples";
import { expect, kernel, openNotebook, ready, setTheme, shareJupyterLab, test, view } from "./harness/index";

shareJupyterLab();

const token = (root: Locator, position: number) => root.locator(`.hs-piece[data-query="${position}"]`);
const shade = async (root: Locator, position: number) => Number(await token(root, position).getAttribute("data-shade"));
const readout = (root: Locator) => root.locator(".hs-readout");

async function open(page: Page, options = "layer=2, heads=[1, 3]"): Promise<Locator> {
  await openNotebook(page, [PAIR, `view = capture.text_view(${options})\nview`, "capture.head_view()"]);
  const root = view(page, "text");
  await ready(root, 2);
  return root;
}

const mean = (cells: string) => `float((capture.weights(2, 1)[${cells}] + capture.weights(2, 3)[${cells}]).mean() / 2)`;

test("tokens are shaded by the capture's weights, and the status line reads them", async ({ page }) => {
  const root = await open(page);
  const received = Number(await kernel(page, mean(":, 4")));
  expect(await shade(root, 4)).toBeCloseTo(received, 3);

  await token(root, 2).hover();
  const weight = Number(await kernel(page, mean("2, 4")));
  await expect.poll(() => shade(root, 4)).toBeCloseTo(weight, 3);
  await token(root, 2).click();
  await expect.poll(() => kernel(page, "capture.selection.query")).toBe("2");
  await token(root, 4).hover();
  await expect.poll(() => readout(root).textContent()).toContain(`mean of 2 heads   ${weight.toPrecision(3)}`);
});

test("switching the direction moves pins, in every view and in Python", async ({ page }) => {
  const root = await open(page);
  const head = view(page, "head");
  await token(root, 2).click();
  await expect.poll(() => head.locator("[data-query='2']").getAttribute("aria-selected")).toBe("true");
  const direction = root.locator(".hs-control > .hs-segments"); // another one is in the menu that simplifies
  await reach(direction.getByText("attended to by"), (button) => button.click());
  await expect.poll(() => head.locator("[data-key='2']").getAttribute("aria-selected")).toBe("true");
  await expect
    .poll(() => kernel(page, "view.direction, capture.selection.query, capture.selection.key"))
    .toBe("('in', None, 2)");
  const weight = Number(await kernel(page, mean("4, 2")));
  await expect.poll(() => shade(root, 4)).toBeCloseTo(weight, 3);
  await token(root, 2).press("Escape");
  await expect.poll(() => kernel(page, "print(capture.selection.key)")).toBe("None");
});

test("arrows reach tokens over lines and sentences, and Enter pins them", async ({ page }) => {
  const root = await open(page);
  await token(root, 0).focus();
  for (const key of ["ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  await expect.poll(() => token(root, 2).evaluate((one) => one === document.activeElement)).toBe(true);
  await page.keyboard.press("ArrowDown");
  const position = await root.locator(".hs-piece:focus").getAttribute("data-query");
  expect(Number(position)).toBeGreaterThanOrEqual(8);
  await page.keyboard.press("Enter");
  await expect.poll(() => kernel(page, "capture.selection.query")).toBe(position);
  expect(await root.locator(".hs-prose-title").allTextContents()).toEqual(["Sentence A", "Sentence B"]);
});

test("the ink is legible on every shade, in light and dark", async ({ page }) => {
  const root = await open(page, "layer=2, heads=[3]");
  await choose(root, "Scale", "sqrt");
  await token(root, 2).hover();
  await expect.poll(() => token(root, 2).getAttribute("class")).toContain("hs-at");
  for (const theme of ["JupyterLab Light", "JupyterLab Dark"] as const) {
    await setTheme(page, theme);
    await root.locator(`xpath=self::*[@data-background="${theme === "JupyterLab Dark" ? "dark" : "light"}"]`).waitFor();
    expect(Math.min(...(await contrasts(root)))).toBeGreaterThan(4.5);
    await token(root, 2).hover();
  }
});

/** The contrast of each shaded token, by WCAG 2. */
function contrasts(root: Locator): Promise<number[]> {
  return root.locator(".hs-piece").evaluateAll((pieces) => {
    const luminance = (color: string) => {
      const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map((channel) => {
        const part = Number(channel) / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const shaded = pieces.filter((piece) => (piece as HTMLElement).style.background !== "");
    if (shaded.length < pieces.length / 2) throw new Error("Too few tokens are shaded to tell.");
    return shaded.map((piece) => {
      const { color, backgroundColor } = getComputedStyle(piece);
      const [low = 0, high = 0] = [luminance(color), luminance(backgroundColor)].sort((a, b) => a - b);
      return (high + 0.05) / (low + 0.05);
    });
  });
}
