import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Locator } from "playwright-core";
import { cell, headToggle, reach } from "./controls";
import { PAIR } from "./examples";
import {
  expect,
  kernel,
  openNotebook,
  RESULTS,
  ready,
  saveNotebook,
  setTheme,
  shareJupyterLab,
  test,
  view,
} from "./harness/index";
import { resize, SIZES } from "./sizes";

shareJupyterLab();

/** Whether the snapshot in the saved notebook has the note. */
const IS_SAVED = (path: string) =>
  `
import json
outputs = json.load(open(${JSON.stringify("PLACE")}))["cells"][1]["outputs"][0]["data"]
print("typed later" in json.dumps(outputs["application/vnd.headscope.snapshot.v1+json"]["maps"]))
`.replace("PLACE", path.split("/").at(-1) ?? "");

const heading = (root: Locator) => root.locator(".hs-heading");
const menuButton = (root: Locator) => root.getByRole("button", { name: /^Notes/ });
const name = (root: Locator) => root.getByLabel("Name", { exact: true });
const text = (root: Locator) => root.getByLabel("Note", { exact: true });
const entries = (root: Locator) => root.locator(".hs-note-entry");
const description = (target: Locator) => target.getAttribute("aria-description");

test("a note typed in a view is in Python at once, in every view, and gone when it is removed", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=2, heads=[9])", "capture.model_view()"]);
  const [head, model] = [view(page, "head"), view(page, "model")];
  await ready(head, 2);
  await menuButton(head).click();
  await name(head).fill("same token");
  await text(head).fill("cat looks at the other cat\n<b>bold</b>");
  await head.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => kernel(page, "capture.notes[2, 9].name")).toBe("'same token'");
  expect(await kernel(page, "print(capture.notes[2, 9].text)")).toBe("cat looks at the other cat\n<b>bold</b>");
  await expect.poll(() => heading(head).textContent()).toMatch(/layer 2, head 9: same token$/);
  expect(await description(headToggle(head, 9))).toContain("<b>bold</b>");
  expect(await head.locator(".hs-head-notes b").count()).toBe(0);
  await page.keyboard.press("Escape");

  await model.scrollIntoViewIfNeeded();
  await ready(model);
  await cell(model, 2, 9).hover();
  await expect.poll(() => description(cell(model, 2, 9))).toContain("same token");
  await expect.poll(() => model.locator(".hs-preview-name").textContent()).toBe("Layer 2, head 9: same token");
  await expect.poll(() => model.locator(".hs-readout").textContent()).toContain("head 9: same token");

  await kernel(page, 'capture.note(0, 3, "from Python"); del capture.notes[2, 9]');
  await expect.poll(() => description(cell(model, 2, 9))).toBeNull();
  await expect.poll(() => description(cell(model, 0, 3))).toBe("from Python");
  await expect.poll(() => heading(head).textContent()).toMatch(/layer 2, head 9$/);
});

test("notes are written, chosen and removed by keyboard alone", async ({ page }) => {
  await openNotebook(page, [PAIR, "view = capture.model_view()\nview"]);
  const root = view(page, "model");
  await ready(root);
  await cell(root, 0, 0).focus();
  for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", "n"]) await page.keyboard.press(key);
  await page.keyboard.type("a name with n, x and 00");
  await page.keyboard.press("Enter");
  await expect.poll(() => kernel(page, "capture.notes[1, 2].name")).toBe("'a name with n, x and 00'");
  await page.keyboard.press("Tab");
  await page.keyboard.type("one");
  await page.keyboard.press("Enter");
  await page.keyboard.type("two x");
  await page.keyboard.press("Control+Enter");
  await expect.poll(() => kernel(page, "capture.notes[1, 2].text")).toBe("'one\\ntwo x'");
  await page.keyboard.press("Escape");
  await expect.poll(() => root.locator(".hs-head-notes").isVisible()).toBe(false);
  await page.keyboard.press("n");
  await expect.poll(() => name(root).isVisible()).toBe(true);
  await entries(root).first().focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => kernel(page, "print(view.layer, view.heads)")).toBe("1 [2]");
  await root.getByRole("button", { name: "Remove" }).focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => kernel(page, "len(capture.notes)")).toBe("0");
  expect(await kernel(page, "len(In) > 0")).toBe("True");
});

test("what a note can't hold is not set, whatever the page sends", async ({ page }) => {
  await openNotebook(page, [PAIR, "capture.head_view(layer=1, heads=[4])"]);
  const root = view(page, "head");
  await ready(root, 1);
  await menuButton(root).click();
  await name(root).fill(`bell\u0007 and turn\u202e ${"x".repeat(90)}`);
  await root.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => kernel(page, "len(capture.notes[1, 4].name) <= 60")).toBe("True");
  expect(await kernel(page, "capture.notes[1, 4].name.startswith('bell and turn x')")).toBe("True");
  await name(root).fill("   ");
  await root.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => kernel(page, "len(capture.notes)")).toBe("0");
});

test("a saved notebook, a page and a file keep the notes, to be read without a kernel", async ({
  page,
  anotherPage,
}) => {
  await openNotebook(page, [
    PAIR,
    'capture.note(2, 9, "from the cell")\nview = capture.model_view(layer=2, heads=[9])\nview',
  ]);
  const root = view(page, "model");
  await ready(root);
  await cell(root, 2, 9).focus();
  await page.keyboard.press("n");
  await name(root).fill("typed later");
  await page.keyboard.press("Enter");
  await expect.poll(() => kernel(page, "capture.notes[2, 9].name")).toBe("'typed later'");
  const path = join(RESULTS, "notes.html");
  await kernel(page, `view.save(${JSON.stringify(path)}); capture.save("notes.attn.safetensors")`);
  expect(await kernel(page, 'hs.load("notes.attn.safetensors").notes[2, 9].name')).toBe("'typed later'");
  await expect.poll(async () => kernel(page, IS_SAVED(await saveNotebook(page)))).toBe("True");
  const alone = await anotherPage();
  await alone.goto(pathToFileURL(path).href);
  const still = view(alone, "model");
  await ready(still);
  expect(await description(cell(still, 2, 9))).toBe("typed later");
  await menuButton(still).click();
  await expect.poll(() => entries(still).textContent()).toBe("L2 H9typed later");
  expect(await name(still).getAttribute("readonly")).not.toBeNull();
  await expect.poll(() => still.locator(".hs-note-said").textContent()).toContain("saved page");
});

test("the menu and the marks are in sight at every size, light and dark", async ({ page }) => {
  mkdirSync(RESULTS, { recursive: true });
  await openNotebook(page, [
    PAIR,
    'capture.note(1, 3, "previous token", "a sentence")\ncapture.explorer(layer=1, heads=[3])',
  ]);
  const root = view(page, "explorer");
  for (const theme of ["JupyterLab Light", "JupyterLab Dark"] as const) {
    await setTheme(page, theme);
    for (const [width, height] of SIZES) {
      await resize(page, width, height);
      await ready(root, 1);
      await reach(menuButton(root), (button) => button.click());
      const panel = root.locator(".hs-head-notes");
      await expect.poll(() => panel.isVisible()).toBe(true);
      const [inner, outer] = [await panel.boundingBox(), await root.boundingBox()];
      if (!inner || !outer) throw new Error("The menu is not on the page.");
      expect(inner.x).toBeGreaterThanOrEqual(outer.x - 1);
      expect(inner.x + inner.width).toBeLessThanOrEqual(outer.x + outer.width + 1);
      const fits = await panel.evaluate((one) => one.scrollWidth <= one.clientWidth + 1);
      expect(fits, `${theme} ${width}`).toBe(true);
      const mark = await cell(root, 1, 3).evaluate((one) => getComputedStyle(one, "::after").content);
      expect(mark).toBe('""');
      await page.screenshot({ path: join(RESULTS, `notes-${theme.split(" ")[1]}-${width}.png`) });
      await page.keyboard.press("Escape");
      await expect.poll(() => panel.isVisible()).toBe(false);
    }
  }
});
