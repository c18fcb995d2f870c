import { expect, kernel, openNotebook, setTheme, test } from "./harness";

test("a notebook runs and its kernel answers", async ({ page }) => {
  await openNotebook(page, ["values = [6, 7]", "values[0] * values[1]"]);
  expect(await page.locator(".jp-OutputArea-output").last().textContent()).toContain("42");
  expect(await kernel(page, "import warnings\nwarnings.warn('not this')\nprint('printed')\nsum(values)")).toBe(
    "printed\n13",
  );
});

test("a cell's error fails the test with its traceback", async ({ page }) => {
  await expect(openNotebook(page, ["1 + 1", "1 / 0"])).rejects.toThrow("ZeroDivisionError");
  await expect(kernel(page, "undefined_name")).rejects.toThrow("NameError");
});

test("the guard reports what the page logs and what it asks of the network", async ({ page, guard }) => {
  await openNotebook(page, ["0"]);
  await page.evaluate(() => {
    console.error("a complaint made by this test");
    return fetch("https://example.org/made-by-this-test").catch(() => undefined);
  });
  expect(() => guard.check()).toThrow(/a complaint made by this test[\s\S]*network: https:\/\/example\.org/);
  guard.allow(/made by this test|made-by-this-test/, "the test makes them");
  guard.allow(/ERR_FAILED/, "Chromium's own word on the request that was cut off");
});

test("the theme changes", async ({ page }) => {
  await openNotebook(page, ["0"]);
  const background = () => page.evaluate(() => getComputedStyle(document.body).getPropertyValue("--jp-layout-color0"));
  const light = await background();
  await setTheme(page, "JupyterLab Dark");
  expect(await background()).not.toBe(light);
});

test("a notebook runs in Notebook 7", async ({ page }) => {
  await openNotebook(page, ["6 * 7"], { app: "notebook" });
  expect(await page.locator(".jp-OutputArea-output").last().textContent()).toContain("42");
});

test("a test finds JupyterLab as it is at its first start", async ({ page }) => {
  await openNotebook(page, ["0"]);
  expect(await page.getAttribute("body", "data-jp-theme-name")).toBe("JupyterLab Light");
});
