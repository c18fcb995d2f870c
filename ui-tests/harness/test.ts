import { type Browser, chromium, type Page } from "playwright-core";
import { test as base } from "vitest";
import { Guard } from "./guard";
import { screenshot } from "./screenshot";
import { served } from "./served";
import { resetSettings } from "./settings";

interface Fixtures {
  /** What watches the page. */
  guard: Guard;
  /** A new page in a browser profile of its own, 1280 x 900. */
  page: Page;
  /** Opens a page in another browser profile, watched as `page` is. */
  anotherPage: () => Promise<Page>;
}

/** vitest's `test` with a `page`. It fails too when the page logs an error or asks for anything off this machine. */
export const test = base.extend<Fixtures>({
  guard: async ({ task }, use) => {
    resetSettings(served().settings);
    const browser = await chromium.connect(served().browser);
    const page = await openPage(browser);
    const guard = await Guard.watch(page);
    await use(guard);
    if (task.result?.errors?.length) await screenshot(page, `failed-${task.name}`);
    await browser.close();
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
    for (const one of guards) one.check(guard);
  },
});

async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: served().url });
  return context.newPage();
}

/** Each kernel holds a model: what one test leaves must not weigh on the next. */
async function endKernels(): Promise<void> {
  const sessions = `${served().url}/api/sessions`;
  const running = (await (await fetch(sessions)).json()) as { id: string }[];
  for (const { id } of running) {
    const { ok, statusText } = await fetch(`${sessions}/${id}`, { method: "DELETE" });
    if (!ok) throw new Error(`A kernel could not be ended: ${statusText}`);
  }
}
