import { writeFileSync } from "node:fs";
import type { Locator, Page } from "playwright-core";
import { headToggle, layerControl, status, token } from "./controls";
import { PAIR } from "./examples";
import {
  connect,
  disconnect,
  expect,
  holdConnection,
  kernel,
  later,
  loseMessages,
  openNotebook,
  openSameNotebook,
  ready,
  reloadNotebook,
  runAll,
  saveNotebook,
  test,
  view,
} from "./harness/index";

/** The page holds all of `small` soon after its first paint, but only the shown layers of `large`. */
const CAPTURES = `
import numpy as np
import headscope as hs

random = np.random.default_rng(0)
small = hs.from_attentions(list(random.dirichlet(np.ones(6), (3, 2, 6))), "The cat sat on the mat".split())
large = hs.from_attentions(
    [random.dirichlet(np.full(400, 0.02), (12, 400)).astype("f2") for n in range(4)], [f"t{n}" for n in range(400)]
)
large.select(heads=[2])
`;

const APPS = ["lab", "notebook"] as const;

async function openBoth(page: Page, app: (typeof APPS)[number]): Promise<[small: Locator, large: Locator]> {
  await page.setViewportSize({ width: 1280, height: 3000 }); // JupyterLab draws only the visible cells.
  await openNotebook(page, [CAPTURES, "small.head_view()", "large.head_view()"], { app });
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

/**
 * Expects views whose kernel has gone to show what is in memory, and to refuse everything else at once with this
 * sentence.
 */
async function worksFromMemory([small, large]: [Locator, Locator], state: string, sentence: RegExp): Promise<void> {
  for (const root of [small, large]) {
    await expect.poll(() => word(root)).toBe(state);
    await expect.poll(() => root.locator(".hs-readout").textContent()).toMatch(sentence);
  }
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
  test(`${app}: views report a restarted kernel, and work from memory until their cell runs again`, async ({
    page,
  }) => {
    const views = await openBoth(page, app);
    await page.evaluate(() => window.headscopeTestPanel.sessionContext.session?.kernel?.restart());
    await worksFromMemory(views, "kernel restarted", /The kernel was restarted: this page shows what it has in memory/);
    await runAll(page);
    for (const nth of [0, 1]) {
      await ready(view(page, "head", nth), 0);
      await expect.poll(() => word(view(page, "head", nth))).toBe("live");
    }
    await layerControl(view(page, "head", 1)).selectOption("3");
    await ready(view(page, "head", 1), 3);
    await expect.poll(() => kernel(page, "large.selection.layer")).toBe("3");
  });

  test(`${app}: views report a kernel that is shut down, and log nothing`, async ({ page }) => {
    const views = await openBoth(page, app);
    await page.evaluate(() => window.headscopeTestPanel.sessionContext.shutdown());
    await worksFromMemory(views, "kernel stopped", /The kernel has stopped: this page shows what it has in memory/);
  });

  test(`${app}: without a connection views work from memory, and catch up once it is back`, async ({ page, guard }) => {
    guard.allow(/WebSocket connection to 'ws:\/\/127.0.0.1:9/, "the test takes the connection away");
    await holdConnection(page);
    const [small, large] = await openBoth(page, app);
    await disconnect(page);
    for (const root of [small, large]) await expect.poll(() => word(root)).toBe("no connection");
    await layerControl(small).selectOption("2");
    await ready(small, 2);
    await layerControl(large).selectOption("3");
    await expect.poll(() => status(large).textContent()).toContain("Waiting for the connection to the kernel");
    await connect(page);
    await ready(large, 3);
    for (const root of [small, large]) await expect.poll(() => word(root)).toBe("live");
    await expect.poll(() => kernel(page, "small.selection.layer, large.selection.layer")).toBe("(2, 3)");
    await ready(small, 2);
    await layerControl(small).selectOption("1");
    await expect.poll(() => kernel(page, "small.selection.layer")).toBe("1");
  });
}

/** Waits until the kernel has answered a request, and all earlier ones, on the channel that no cell blocks. */
async function answersOnOtherChannel(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const kernel = window.headscopeTestPanel.sessionContext.session?.kernel;
    await kernel?.requestListSubshell({}).done;
  });
}

for (const app of APPS) {
  test(`${app}: while a cell blocks all messages, views say so and work from memory, then catch up`, async ({
    page,
  }) => {
    const [small, large] = await openBoth(page, app);
    // JupyterLab ends the widgets' thread, and with it any message that it still handles.
    await expect.poll(() => kernel(page, "small.selection.layer, large.selection.layer")).toBe("(1, 1)");
    await page.evaluate(() => {
      const kernel = window.headscopeTestPanel.sessionContext.session?.kernel;
      // As in VS Code, and with kernels without subshells: the widgets' messages wait behind the cell.
      (kernel as unknown as { commsOverSubshells: string }).commsOverSubshells = "disabled";
    });
    await answersOnOtherChannel(page);
    const gate = await kernel(
      page,
      "import pathlib, tempfile, time\ngate = pathlib.Path(tempfile.mkdtemp()) / 'open'\nprint(gate)",
    );
    const running = later(kernel(page, "while not gate.exists(): time.sleep(0.05)"));
    for (const root of [small, large]) await expect.poll(() => word(root)).toBe("kernel busy");
    await answersOnOtherChannel(page);
    for (const root of [small, large]) expect(await word(root)).toBe("kernel busy");
    await layerControl(small).selectOption("2");
    await ready(small, 2);
    await layerControl(large).selectOption("3");
    await expect.poll(() => status(large).textContent()).toContain("Waiting for the kernel");
    writeFileSync(gate, "");
    await running;
    await ready(large, 3);
    for (const root of [small, large]) await expect.poll(() => word(root)).toBe("live");
    await expect.poll(() => kernel(page, "small.selection.layer, large.selection.layer")).toBe("(2, 3)");
  });
}

test("views report a kernel that dies, and keep working from memory", async ({ page }) => {
  const views = await openBoth(page, "lab");
  await page.evaluate(() => {
    const kernel = window.headscopeTestPanel.sessionContext.session?.kernel;
    // It never answers, so nobody must wait for it.
    kernel?.requestExecute({ code: "import os; os._exit(1)" }).done.catch(() => undefined);
  });
  await page.getByRole("button", { name: "Ok", exact: true }).click();
  await worksFromMemory(views, "kernel restarted", /The kernel was restarted: this page shows what it has in memory/);
});

test("requests that were lost with the connection are repeated, and later changes reach Python", async ({
  page,
  guard,
}) => {
  guard.allow(/WebSocket connection to 'ws:\/\/127.0.0.1:9/, "the test takes the connection away");
  guard.allow(/WebSocket is already in CLOSING or CLOSED state/, "JupyterLab may send while the test takes it away");
  await holdConnection(page);
  const [small, large] = await openBoth(page, "lab");
  await expect.poll(() => kernel(page, "small.selection.layer, large.selection.layer")).toBe("(1, 1)");
  await loseMessages(page);
  await layerControl(large).selectOption("3");
  await layerControl(small).selectOption("2");
  await expect.poll(() => word(large)).toBe("kernel busy");
  await disconnect(page);
  await connect(page);
  await expect.poll(() => kernel(page, "small.selection.layer, large.selection.layer")).toBe("(2, 3)");
  await ready(small, 2);
  await ready(large, 3);
  for (const root of [small, large]) await expect.poll(() => word(root)).toBe("live");
  for (const [root, name] of [
    [small, "small"],
    [large, "large"],
  ] as const) {
    for (const layer of ["1", "0"]) {
      await layerControl(root).selectOption(layer);
      await expect.poll(() => kernel(page, `${name}.selection.layer`)).toBe(layer);
    }
    await kernel(page, `${name}.selection.layer = 2`);
    await ready(root, 2);
  }
});

test("two browsers on one notebook move together, and each gets the weights it requested", async ({
  page,
  anotherPage,
  guard,
}) => {
  // The kernel's answer to one page reaches all pages, and a page that is just opening does not know the widget yet.
  guard.allow(/Comm not found for comm id/, "JupyterLab says so of messages to widgets that it has not restored yet");
  const [small, large] = await openBoth(page, "lab");
  const other = await anotherPage();
  await other.setViewportSize({ width: 1280, height: 3000 });
  await openSameNotebook(page, other, { app: "notebook" });
  const [otherSmall, otherLarge] = [view(other, "head", 0), view(other, "head", 1)];
  for (const root of [otherSmall, otherLarge]) {
    // Before its live view is there, a page shows the snapshot in the notebook, which may lack this layer.
    await expect.poll(() => word(root)).toBe("live");
    await ready(root, 1);
  }

  await layerControl(otherSmall).selectOption("2");
  await ready(small, 2);
  await layerControl(small).selectOption("0");
  await ready(otherSmall, 0);
  await expect.poll(() => kernel(page, "small.selection.layer")).toBe("0");

  // Both pages lack these weights and request them at the same time.
  await kernel(page, "large.select(layer=3, heads=[5, 7])");
  for (const root of [large, otherLarge]) await ready(root, 3);
  await layerControl(otherLarge).selectOption("0");
  for (const root of [large, otherLarge]) await ready(root, 0);
  await kernel(page, "large.select(heads=[0, 1, 2, 3, 4])");
  for (const root of [large, otherLarge]) {
    await expect.poll(() => root.getByRole("button", { name: /^Head/, pressed: true }).count()).toBe(5);
    await ready(root, 0);
    await expect.poll(() => word(root)).toBe("live");
  }

  guard.allow(
    /Comm not found for comm id/,
    "JupyterLab hears what the kernel says to the other page after the restart",
  );
  await page.evaluate(() => window.headscopeTestPanel.sessionContext.session?.kernel?.restart());
  for (const root of [small, large]) await expect.poll(() => word(root)).toBe("kernel restarted");
  await layerControl(otherLarge).selectOption("2");
  await expect.poll(() => word(otherLarge)).toBe("kernel restarted");
});

const VIEWS = {
  head: "top_k=3",
  model: "detail=True",
  matrix: 'scale="sqrt", merge_words=True, theme="dark"',
  neuron: "threshold=0.01",
  text: 'direction="in", search="the"',
  explorer: 'tab="matrix", hide_special=True, combine="mean"',
} as const;

/** What a view shows: its selection and its options. */
function shown(root: Locator) {
  return root.evaluate((root) => ({
    data: { ...(root as HTMLElement).dataset },
    says: root.querySelector(".hs-shown")?.textContent,
    on: [...root.querySelectorAll("[aria-pressed='true'], [aria-selected='true']")].map(
      (one) =>
        `${one.tagName} ${one.getAttribute("aria-label") ?? one.textContent} ${JSON.stringify({ ...(one as HTMLElement).dataset })}`,
    ),
    chosen: [...root.querySelectorAll("select")].map(({ value }) => value),
  }));
}

for (const app of APPS) {
  test(`${app}: after a reload every view is as the reader left it, without running a cell`, async ({ page }) => {
    await page.setViewportSize({ width: 1280, height: 6000 });
    const calls = Object.entries(VIEWS).map(([kind, options]) =>
      kind === "explorer" ? `capture.explorer(${options})` : `capture.${kind}_view(${options})`,
    );
    await openNotebook(page, [PAIR, ...calls], { app });
    const kinds = Object.keys(VIEWS) as (keyof typeof VIEWS)[];
    const all = kinds.map((kind) => view(page, kind));
    for (const root of all) await ready(root, 0);
    const [head] = all as [Locator];
    await layerControl(head).selectOption("4");
    await headToggle(head, 7).dblclick();
    await token(head, "query", 2).click();
    await page.mouse.move(0, 0);
    await view(page, "explorer").getByRole("tab", { name: "Text" }).click();
    for (const root of all) await ready(root, 4);
    await expect.poll(() => kernel(page, "capture.selection")).toMatch(/layer=4, heads=\[7\].*query=2/);
    const left = await Promise.all(all.map(shown));
    await reloadNotebook(page);
    // The notebook's snapshots come first, and live views replace them.
    for (const root of all) await expect.poll(() => word(root)).toBe("live");
    for (const root of all) await ready(root, 4);
    for (const [nth, root] of all.entries()) await expect.poll(() => shown(root)).toEqual(left[nth]);
    await layerControl(view(page, "matrix")).selectOption("1");
    for (const root of all) await ready(root, 1);
    await expect.poll(() => kernel(page, "capture.selection.layer")).toBe("1");
  });
}

test("a notebook may be closed at any moment while its views come back", async ({ page }) => {
  await openNotebook(page, [CAPTURES, "small.head_view()", "small.matrix_view()"]);
  for (const kind of ["head", "matrix"] as const) await ready(view(page, kind), 0);
  const path = await saveNotebook(page);
  const reopen = async (frames: number) => {
    await page.evaluate(
      async ({ path, frames }) => {
        window.headscopeTestPanel.dispose();
        const panel = await window.jupyterapp.commands.execute("docmanager:open", { path });
        window.headscopeTestPanel = panel;
        await panel.context.ready;
        await panel.sessionContext.ready;
        for (let n = 0; n < frames; n++) await new Promise((next) => requestAnimationFrame(next));
      },
      { path, frames },
    );
  };
  for (let frames = 0; frames < 24; frames += 2) await reopen(frames);
  await expect.poll(() => word(view(page, "head"))).toBe("live");
  await ready(view(page, "matrix"), 0);
});
