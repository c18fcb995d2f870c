import { command, expect, openNotebook, setSetting, setTheme, shareJupyterLab, test } from "./harness/index";

shareJupyterLab();

const mark = "headscopeTestMark";

test("a test may change the theme, a setting, the side bar and the window", async ({ page }) => {
  await openNotebook(page, ["0"]);
  await page.evaluate((mark) => {
    document.body.dataset[mark] = "first";
  }, mark);
  await setTheme(page, "JupyterLab Dark");
  await setSetting(page, "headscope:settings", "colorScale", "log");
  await command(page, "headscope:show-panel");
  await page.locator("#headscope-panel").waitFor();
  await page.setViewportSize({ width: 700, height: 500 });
});

test("the next test has the same page, as at its first start", async ({ page }) => {
  expect(await page.evaluate((mark) => document.body.dataset[mark], mark)).toBe("first");
  expect(await page.locator(".jp-NotebookPanel").count()).toBe(0);
  expect(await page.getAttribute("body", "data-jp-theme-name")).toBe("JupyterLab Light");
  expect(await page.locator("#filebrowser").isVisible()).toBe(true);
  expect(page.viewportSize()).toEqual({ width: 1280, height: 900 });
  await openNotebook(page, ["6 * 7"]);
  expect(await page.locator(".jp-OutputArea-output").last().textContent()).toContain("42");
});

test("an error that a test leaves in the shared page fails it", async ({ page, guard }) => {
  await openNotebook(page, ["0"]);
  await page.evaluate(() => console.error("a complaint made by this test"));
  expect(() => guard.check()).toThrow("a complaint made by this test");
  guard.allow(/made by this test/, "the test makes it");
});

test("what one test allows fails the next", async ({ page, guard }) => {
  await openNotebook(page, ["0"]);
  guard.check();
  await page.evaluate(() => console.error("a complaint made by this test"));
  expect(() => guard.check()).toThrow("a complaint made by this test");
  guard.allow(/made by this test/, "the test makes it");
});
