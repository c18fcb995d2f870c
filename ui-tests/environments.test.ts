import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { layerControl } from "./controls";
import { PAIR } from "./examples";
import { addKernel, buildWheel, newEnvironment, otherSources } from "./harness/environment";
import {
  command,
  expect,
  kernel,
  openNotebook,
  openNotebookFile,
  ROOT,
  ready,
  saveNotebook,
  scrollToCell,
  test,
  view,
} from "./harness/index";
import { type Jupyter, startJupyter } from "./harness/jupyter";
import { resetSettings } from "./harness/settings";

const CAPTURE = `
import numpy as np
import headscope as hs

scores = np.random.default_rng(0).normal(size=(4, 3, 6, 6)) * 2
weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
capture = hs.from_attentions(list(weights), "The cat sat on the mat".split(), name="Cat")
capture.save("cat.attn.safetensors")
capture.explorer()
`;

const { version: VERSION } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
const CONTRACT = Number(/CONTRACT_VERSION = (\d+)/.exec(readFileSync(join(ROOT, "src/contract.gen.ts"), "utf8"))?.[1]);

/** Kernel environments: their edition of Headscope, and what views and the panel say about it. */
const KERNELS = {
  equal: { version: VERSION, contract: CONTRACT, inView: "", inPanel: "" },
  later: {
    ...{ version: "99.1.0", contract: CONTRACT, inView: "" },
    inPanel: `This capture comes from Headscope 99.1.0; the Jupyter server has ${VERSION}. They work together`,
  },
  newer: {
    ...{ version: "99.2.0", contract: CONTRACT + 1 },
    inView: `The Headscope of the Jupyter server (${VERSION}) is older than that of the kernel (99.2.0)`,
    inPanel: `The Headscope of the Jupyter server (${VERSION}) is older than that of the kernel (99.2.0)`,
  },
  older: {
    ...{ version: "0.0.1", contract: CONTRACT - 1 },
    inView: `The Headscope of the kernel (0.0.1) is older than that of the Jupyter server (${VERSION})`,
    inPanel: `The Headscope of the kernel (0.0.1) is older than that of the Jupyter server (${VERSION})`,
  },
} as const;

const home = mkdtempSync(join(tmpdir(), "headscope-environments-"));
const servers: Jupyter[] = [];
/** JupyterLab with Headscope's extension in its environment, and without. */
let [withExtension, without] = [undefined as unknown as Jupyter, undefined as unknown as Jupyter];

async function start(name: string, wheel?: string): Promise<Jupyter> {
  const server = await startJupyter(`environment-${name}`, await newEnvironment(join(home, name), wheel));
  servers.push(server);
  resetSettings(server.settings);
  return server;
}

beforeAll(async () => {
  const wheel = await buildWheel(ROOT, join(home, "wheel"));
  withExtension = await start("server", wheel);
  without = await start("plain");
  for (const [name, edition] of Object.entries(KERNELS)) {
    const isEqual = name === "equal";
    const sources = isEqual ? "" : await otherSources(join(home, `sources-${name}`), edition);
    const own = isEqual ? wheel : await buildWheel(sources, join(home, `wheel-${name}`));
    const python = await newEnvironment(join(home, name), own);
    for (const server of servers) addKernel(server, name, python);
  }
}, 300_000);

afterAll(async () => {
  for (const server of servers) await server.stop();
  rmSync(home, { recursive: true, force: true });
});

const card = (page: Page) => page.locator("#headscope-panel").getByRole("group", { name: "Cat", exact: true });
const said = async (page: Page, where: string) => (await page.locator(where).allTextContents()).join("\n");

for (const [name, { version, inView, inPanel }] of Object.entries(KERNELS)) {
  test(`the extension works with a kernel of another environment: ${name}`, async ({ page }) => {
    const server = withExtension;
    await openNotebook(page, [CAPTURE], { server, kernel: name });
    const root = view(page, "explorer");
    await ready(root, 0);
    expect(await kernel(page, "import sys; print(hs.__version__, sys.prefix)")).toBe(`${version} ${join(home, name)}`);
    expect(await said(page, ".hs-statusline .hs-skew")).toMatch(inView ? new RegExp(`^${literal(inView)}`) : /^$/);

    await command(page, "headscope:show-panel");
    await layerControl(card(page)).selectOption("2");
    await ready(root, 2);
    await expect.poll(() => kernel(page, "capture.selection.layer")).toBe("2");
    expect(await said(page, ".headscope-card-difference")).toMatch(inPanel ? new RegExp(`^${literal(inPanel)}`) : /^$/);
    await card(page).getByRole("button", { name: "Open the matrix view in a tab" }).click();
    await ready(page.locator('.headscope-live-tab [data-view="matrix"]'), 2);

    const notebook = await saveNotebook(page);
    await openNotebookFile(page, join(server.root, notebook), { server, run: false });
    const kept = view(page, "explorer");
    await ready(kept);
    expect(await kept.locator(".hs-status").textContent()).toMatch(/^snapshot/);

    const file = `${dirname(notebook)}/cat.attn.safetensors`;
    await page.evaluate(async (path) => {
      await window.jupyterapp.commands.execute("docmanager:open", { path });
    }, file);
    const opened = page.locator(".headscope-file .headscope[data-view=explorer]");
    await ready(opened, 0);
    await layerControl(opened).selectOption("3");
    await ready(opened, 3);
  });
}

test("without the extension every view still works", async ({ page }) => {
  const views = ["head", "model", "matrix", "neuron", "text", "explorer"] as const;
  const cells = views.map((kind) => (kind === "explorer" ? "capture" : `capture.${kind}_view()`));
  await openNotebook(page, [PAIR, ...cells], { server: without, kernel: "newer" });
  expect(await page.evaluate(() => window.jupyterapp.hasPlugin("headscope:panel"))).toBe(false);
  const allReady = async (layer: number) => {
    for (const [index, kind] of views.entries()) {
      await scrollToCell(page, index + 1);
      await ready(view(page, kind), layer);
    }
  };
  await allReady(0);
  await layerControl(view(page, "explorer")).selectOption("3");
  await allReady(3);
  await expect.poll(() => kernel(page, "capture.selection.layer")).toBe("3");
  expect(await page.locator(".hs-skew").count()).toBe(0);
});

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
