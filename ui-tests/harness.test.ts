import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { comparePictures, expect, expectPicture, kernel, openNotebook, ROOT, setTheme, test } from "./harness/index";
import { served } from "./harness/served";

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

test("the guard reports what the page logs and what it requests from the network", async ({ page, guard }) => {
  await openNotebook(page, ["0"]);
  await page.evaluate(() => {
    console.error("a complaint made by this test");
    return fetch("https://example.org/made-by-this-test").catch(() => undefined);
  });
  expect(() => guard.check()).toThrow(/a complaint made by this test[\s\S]*network: https:\/\/example\.org/);
  guard.allow(/made by this test|made-by-this-test/, "the test makes them");
  guard.allow(/ERR_FAILED/, "Chromium's own word on the request that was cut off");
});

test("a test may end while its kernel restarts", async ({ page }) => {
  await openNotebook(page, ["0"]);
  await page.evaluate(() => void window.headscopeTestPanel.sessionContext.session?.kernel?.restart());
});

test("no kernel of an earlier test is left", async () => {
  expect(await (await fetch(`${served().url}/api/kernels`)).json()).toEqual([]);
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

test("a test finds JupyterLab as at its first start", async ({ page }) => {
  await openNotebook(page, ["0"]);
  expect(await page.getAttribute("body", "data-jp-theme-name")).toBe("JupyterLab Light");
});

test("a picture that looks different is distinguished from one with different antialiasing", async ({ page }) => {
  const draw = async (x: number, color: string) => {
    await page.setContent(
      `<svg width="100" height="100"><rect x="${x}" width="50" height="100" fill="${color}"/></svg>`,
    );
    return page.locator("svg").screenshot();
  };
  const shareOf = async (actual: Buffer) => (await comparePictures(page, actual, baseline)).share;
  const baseline = await draw(10, "teal");
  expect(await shareOf(baseline)).toBe(0);
  expect(await shareOf(await draw(10.5, "teal"))).toBe(0);
  expect(await shareOf(await draw(10, "rgb(0 132 132)"))).toBe(0);
  expect(await shareOf(await draw(10, "rebeccapurple"))).toBeCloseTo(0.5);
  expect(await shareOf(await draw(20, "teal"))).toBeCloseTo(0.2);
  await page.setContent('<svg width="100" height="101"></svg>');
  expect(await shareOf(await page.locator("svg").screenshot())).toBe(1);
  await expect(expectPicture(page.locator("svg"), "no such picture")).rejects.toThrow("make baselines");
});

/** The command lines of all processes that were started with this variable, directly or by one another. */
function startedWith(name: string, value: string): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const isOne = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`${name}=${value}`);
      return isOne ? [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim()] : [];
    } catch {
      return []; // The process has just ended.
    }
  });
}

test.runIf(existsSync("/proc/self/environ"))("everything that a killed run has started ends with it", async () => {
  const [name, value] = ["HEADSCOPE_TEST_RUN", randomUUID()];
  const left = () => startedWith(name, value).filter(Boolean);
  const viteNode = join(ROOT, "node_modules/vite-node/vite-node.mjs");
  const run = spawn(process.execPath, [viteNode, join(ROOT, "ui-tests/harness/endless.ts")], {
    env: { ...process.env, [name]: value },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  run.stdout.on("data", (text) => {
    said += text;
  });
  await expect.poll(() => said, { timeout: 250_000 }).toContain("started");
  for (const part of ["jupyterlab", "nursery.py serve", "nursery.py kernel", "remote-debugging"]) {
    expect(left().join("\n")).toContain(part);
  }
  run.kill("SIGKILL");
  await expect.poll(left).toEqual([]);
});
