import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, test as base, expect } from "vitest";
import { Guard } from "./guard";
import { setTheme } from "./lab";
import { closeAll } from "./notebook";
import { RESULTS } from "./paths";
import { served } from "./served";
import { changedPlugins, resetSettings, restoreDefaults } from "./settings";

const SIZE = { width: 1280, height: 900 };
const THEMES = "@jupyterlab/apputils-extension:themes";

interface Fixtures {
  /** Watches the page. */
  guard: Guard;
  /** A new page in its own browser profile, 1280 x 900. */
  page: Page;
  /** Opens a page in another browser profile, watched like `page`. */
  anotherPage: () => Promise<Page>;
}

/** vitest's `test` with a `page`. It also fails if the page logs an error or makes a request outside this machine. */
export const test = base.extend<Fixtures>({
  guard: async ({ task }, use) => {
    const guard = (await sharedGuard()) ?? (await newGuard());
    await use(guard);
    const { page } = guard;
    const hasFailed = Boolean(task.result?.errors?.length);
    if (hasFailed) await photograph(page, `failed-${task.name}`);
    if (isSharing && !hasFailed && (await closeAll(page))) shared = guard;
    else await page.context().browser()?.close();
    await endKernels();
    guard.check();
  },
  page: ({ guard }, use) => use(guard.page),
  anotherPage: async ({ guard }, use) => {
    const guards: Guard[] = [];
    await use(async () => {
      const browser = guard.page.context().browser();
      if (!browser) throw new Error("The page has no browser.");
      guards.push(await Guard.watch(await openPage(browser)));
      return (guards.at(-1) as Guard).page;
    });
    for (const one of guards) await one.page.context().close();
    for (const one of guards) one.check(guard);
  },
});

let isSharing = false;
/** The page that an earlier test of the file has left, with nothing open. */
let shared: Guard | null = null;

/**
 * Lets the tests of a file open their notebooks in one JupyterLab, one after another, because starting JupyterLab is
 * most of what a test would wait for. Settings, side bar and size of the window are reset; a test that changes anything
 * else around its notebook changes it back. A test that fails or leaves JupyterLab leaves the next one a new page.
 */
export function shareJupyterLab(): void {
  isSharing = true;
  afterAll(async () => {
    await shared?.page.context().browser()?.close();
  });
}

/** The page of the previous test, as it was at first; null if there is none. */
async function sharedGuard(): Promise<Guard | null> {
  const guard = shared;
  shared = null;
  if (!guard) return null;
  const { page } = guard;
  guard.renew();
  for (const other of page.context().pages()) if (other !== page) await other.close();
  await page.setViewportSize(SIZE);
  await page.emulateMedia({ reducedMotion: null });
  await page.mouse.move(0, 0);
  await restoreSettings(page);
  await showFileBrowser(page);
  return guard;
}

async function restoreSettings(page: Page): Promise<void> {
  const plugins = changedPlugins(served().settings);
  if (plugins.includes(THEMES)) await setTheme(page, "JupyterLab Light");
  for (const plugin of plugins) await restoreDefaults(page, plugin);
  resetSettings(served().settings);
}

/** Shows the file browser beside the notebook again, where a test has shown something else or nothing. */
async function showFileBrowser(page: Page): Promise<void> {
  if (await page.locator("#filebrowser").isVisible()) return;
  await page.evaluate(() => window.jupyterapp.shell.activateById("filebrowser"));
}

async function newGuard(): Promise<Guard> {
  resetSettings(served().settings);
  return Guard.watch(await openPage(await chromium.connect(served().browser)));
}

/** Takes a screenshot of a page whose test has failed. */
async function photograph(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(RESULTS, `${name.replace(/[^\w.-]+/g, "-")}.png`), animations: "disabled" });
}

async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: SIZE });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: served().url });
  // A busy machine may take long to reach an awaited state; one that never comes still fails.
  context.setDefaultTimeout(60_000);
  return context.newPage();
}

/**
 * Ends all kernels. Each holds a model, which must not slow down the next test. The server refuses to end a kernel that
 * is just restarting, so it is asked until none is left.
 */
async function endKernels(): Promise<void> {
  const sessions = `${served().url}/api/sessions`;
  const running = async () => (await (await fetch(sessions)).json()) as { id: string }[];
  const endOnce = async () => {
    for (const { id } of await running()) await fetch(`${sessions}/${id}`, { method: "DELETE" });
    return running();
  };
  await expect.poll(endOnce, { message: "the server has ended all kernels" }).toEqual([]);
}
