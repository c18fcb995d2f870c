import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach } from "vitest";
import { layerControl } from "./controls";
import { expect, kernel, openNotebookFile, ROOT, ready, screenshot, test, view } from "./harness";
import { PYTHON } from "./harness/jupyter";

/** A kernel of this name has a package of its own, away from JupyterLab and its extension. */
const KERNEL = "other-environment";

const CAPTURE = `
import numpy as np
import headscope as hs

scores = np.random.default_rng(0).normal(size=(4, 3, 6, 6)) * 2
weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
capture = hs.from_attentions(list(weights), "The cat sat on the mat".split())
capture.explorer()
`;

import { served } from "./harness/served";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "headscope-other-"));
  folders.push(folder);
  return folder;
}

/** A copy of the package that follows `contract`, in a folder of its own, and a kernel that finds it there. */
function otherEnvironment(contract: number): string {
  const folder = newFolder();
  const sources = join(ROOT, "python", "headscope");
  const unwanted = /\/(labextension|__pycache__)$/;
  cpSync(sources, join(folder, "headscope"), { recursive: true, filter: (path) => !unwanted.test(path) });
  const path = join(folder, "headscope", "contract.py");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/^CONTRACT_VERSION: Final = \d+$/m, `CONTRACT_VERSION: Final = ${contract}`));
  const spec = join(dirname(served().root), "data", "kernels", KERNEL);
  mkdirSync(spec, { recursive: true });
  folders.push(spec);
  const argv = [PYTHON, "-m", "ipykernel_launcher", "-f", "{connection_file}"];
  const kernelspec = { argv, display_name: "Another environment", language: "python", env: { PYTHONPATH: folder } };
  writeFileSync(join(spec, "kernel.json"), JSON.stringify(kernelspec));
  return folder;
}

function notebook(): string {
  const path = join(newFolder(), "notebook.ipynb");
  const cell = { cell_type: "code", id: "cell", metadata: {}, source: CAPTURE, outputs: [], execution_count: null };
  const kernelspec = { display_name: "Another environment", language: "python", name: KERNEL };
  writeFileSync(path, JSON.stringify({ cells: [cell], metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 }));
  return path;
}

const CONTRACT = Number(/CONTRACT_VERSION = (\d+)/.exec(readFileSync(join(ROOT, "src/contract.gen.ts"), "utf8"))?.[1]);

for (const [contract, words] of [
  [CONTRACT, null],
  [CONTRACT + 1, "The Headscope of JupyterLab is older than that of the kernel"],
  [CONTRACT - 1, "The Headscope of the kernel is older than that of JupyterLab"],
] as const) {
  test(`a kernel of another environment, with contract ${contract}, is shown by the extension`, async ({ page }) => {
    const folder = otherEnvironment(contract);
    await openNotebookFile(page, notebook());
    const root = view(page, "explorer");
    await ready(root, 0);
    expect(await kernel(page, "print(hs.__file__)")).toBe(join(folder, "headscope", "__init__.py"));
    expect((await root.locator(".hs-skew").allTextContents()).join()).toContain(words ?? "");
    expect(await root.locator(".hs-skew").count()).toBe(words ? 1 : 0);
    await layerControl(root).selectOption("2");
    await ready(root, 2);
    await expect.poll(() => kernel(page, "capture.selection.layer")).toBe("2");
    if (words) await screenshot(root, `skew-${contract}`);
  });
}
