import type { Locator, Page } from "playwright-core";
import { layerControl, status } from "./controls";
import {
  connect,
  disconnect,
  expect,
  holdConnection,
  kernel,
  openNotebook,
  ready,
  runAll,
  screenshot,
  test,
  view,
} from "./harness";

/** `small` is in the page's memory as a whole, soon after its first paint; of `large` there are the layers shown. */
const CAPTURES = `
import numpy as np
import headscope as hs

random = np.random.default_rng(0)
small = hs.from_attentions(list(random.dirichlet(np.ones(6), (3, 2, 6))), "The cat sat on the mat".split())
large = hs.from_attentions(
    [random.dirichlet(np.full(400, 0.02), (12, 400)).astype("f2") for n in range(4)], [f"t{n}" for n in range(400)]
)
`;

const APPS = ["lab", "notebook"] as const;

async function openBoth(page: Page, app: (typeof APPS)[number]): Promise<[small: Locator, large: Locator]> {
  await page.setViewportSize({ width: 1280, height: 3000 }); // JupyterLab draws the cells in sight alone
  await openNotebook(page, [CAPTURES, "small.head_view()", "large.head_view(heads=[2])"], { app });
  const views: [Locator, Locator] = [view(page, "head", 0), view(page, "head", 1)];
  for (const root of views) await ready(root, 0);
  for (const layer of [2, 1]) {
    for (const root of views) {
      await layerControl(root).selectOption(String(layer));
      await ready(root, layer);
    }
  }
  return views;
}

const word = (root: Locator) => root.locator(".hs-status").textContent();

/** After the kernel has gone: what is in memory is shown, what is not is refused at once with the sentence. */
async function worksFromMemory([small, large]: [Locator, Locator], state: string, sentence: RegExp): Promise<void> {
  for (const root of [small, large]) await expect.poll(() => word(root)).toBe(state);
  for (const [root, layer] of [
    [small, 2],
    [small, 0],
    [large, 2],
  ] as const) {
    await layerControl(root).selectOption(String(layer));
    await ready(root, layer);
  }
  await layerControl(large).selectOption("3");
  await expect.poll(() => large.getByRole("alert").textContent()).toMatch(sentence);
  await layerControl(large).selectOption("0");
  await ready(large, 0);
}

for (const app of APPS) {
  test(`${app}: a restarted kernel is named, and views go on from memory until their cell is run again`, async ({
    page,
  }) => {
    const views = await openBoth(page, app);
    await page.evaluate(() => window.headscopeTestPanel.sessionContext.session?.kernel?.restart());
    await worksFromMemory(views, "kernel restarted", /The kernel was restarted: this page shows what it has in memory/);
    await screenshot(page, `recovery-restarted-${app}`);
    await runAll(page);
    for (const nth of [0, 1]) {
      await ready(view(page, "head", nth), 0);
      await expect.poll(() => word(view(page, "head", nth))).toBe("live");
    }
    await layerControl(view(page, "head", 1)).selectOption("3");
    await ready(view(page, "head", 1), 3);
    await expect.poll(() => kernel(page, "large.selection.layer")).toBe("3");
  });

  test(`${app}: a kernel that is shut down is named, and nothing is logged`, async ({ page }) => {
    const views = await openBoth(page, app);
    await page.evaluate(() => window.headscopeTestPanel.sessionContext.shutdown());
    await worksFromMemory(views, "kernel stopped", /The kernel has stopped: this page shows what it has in memory/);
  });

  test(`${app}: without a connection views work from memory, and catch up when it is back`, async ({ page, guard }) => {
    guard.allow(/WebSocket connection to 'ws:\/\/127.0.0.1:9/, "the test takes the connection away");
    await holdConnection(page);
    const [small, large] = await openBoth(page, app);
    await disconnect(page);
    for (const root of [small, large]) await expect.poll(() => word(root)).toBe("no connection");
    await layerControl(small).selectOption("2");
    await ready(small, 2);
    await layerControl(large).selectOption("3");
    await expect.poll(() => status(large).textContent()).toContain("Waiting for the connection to the kernel");
    await screenshot(page, `recovery-offline-${app}`);
    await connect(page);
    await ready(large, 3);
    for (const root of [small, large]) await expect.poll(() => word(root)).toBe("live");
    await expect.poll(() => kernel(page, "small.selection.layer, large.selection.layer")).toBe("(2, 3)");
    await ready(small, 2);
    await layerControl(small).selectOption("1");
    await expect.poll(() => kernel(page, "small.selection.layer")).toBe("1");
  });
}
