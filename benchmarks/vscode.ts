/** How long a switch of the layer takes in the VS Code host, at 12 heads of 128 tokens; see `benchmarks/README.md`. */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import type { Frame } from "playwright-core";
import { openVscode, ready, test, type VscodeNotebook, view } from "../ui-tests/harness/index";

const KINDS = ["head", "matrix", "text"] as const;
const RESULT = new URL("results/vscode.md", import.meta.url);
const SWITCHES = [3, 7, 1, 9, 5, 11, 2, 8, 4, 10, 6];

/** With 24 layers a capture is too large to be sent whole in the background: each layer is asked for when it is chosen. */
const capture = (layers: number) => `
import numpy as np
import headscope as hs

weights = [np.random.default_rng(n).dirichlet(np.full(128, 0.05), (12, 128)).astype("f4") for n in range(${layers})]
capture = hs.from_attentions(weights, [f"t{n}" for n in range(128)])
`;

/** In the webview: chooses a layer, and gives the milliseconds until it has been painted. */
function switchTo(frame: Frame, layer: number): Promise<number> {
  return frame.evaluate(async (layer) => {
    const root = document.querySelector(".headscope") as HTMLElement;
    const select = root.querySelector('select[aria-label="Layer"]') as HTMLSelectElement;
    const begin = performance.now();
    select.value = String(layer);
    select.dispatchEvent(new Event("change", { bubbles: true }));
    const isThere = () => root.dataset.layer === String(layer) && root.dataset.state === "ready";
    await new Promise<void>((resolve) => {
      const observer = new MutationObserver(check);
      function check(): void {
        if (!isThere()) return;
        observer.disconnect();
        resolve();
      }
      observer.observe(root, { attributes: true });
      check();
    });
    // The frame after the next callback has been painted when a task runs behind it.
    await new Promise<void>((resolve) => {
      requestAnimationFrame(() => setTimeout(resolve));
    });
    return performance.now() - begin;
  }, layer);
}

async function series(notebook: VscodeNotebook): Promise<string> {
  const times: number[] = [];
  for (const layer of SWITCHES) {
    times.push(await switchTo(notebook.frame, layer));
    // So that what one switch leaves to be done does not weigh on the next.
    await notebook.kernel("0");
  }
  const sorted = times.sort((a, b) => a - b).map(Math.round);
  return `${sorted[Math.floor(sorted.length / 2)]} (${sorted[0]}-${sorted.at(-1)})`;
}

const rows: string[] = [];

for (const kind of KINDS) {
  test(`a switch of the layer in the ${kind} view`, async ({ page }) => {
    const notebook = await openVscode(page, [capture(24), `capture.${kind}_view()`]);
    await ready(view(notebook.frame, kind), 0);
    const first = await series(notebook);
    rows.push(`| ${kind} | ${first} | ${await series(notebook)} |`);
    writeFileSync(RESULT, report());
  });
}

function report(): string {
  const load = loadavg()
    .map((one) => one.toFixed(1))
    .join(", ");
  return `# A switch of the layer in VS Code's widget manager

Milliseconds from the choice of a layer until its picture is painted, median and range of ${SWITCHES.length}: 12 heads of 128 tokens, 393 kB
a layer. "From the kernel": the page has not seen the layer before. "Again": it has. The host is that of the browser
tests: the extension host in a thread of its own, the webview in a process of its own, everything between them as JSON.

| view | from the kernel | again |
|------|-----------------|-------|
${rows.join("\n")}

Conditions: Chromium without a GPU, ${cpus()[0]?.model.trim() ?? "unknown processor"}, ${cpus().length} cores; load ${load}.

Command: \`npx vitest run -c benchmarks/vscode.config.ts\`
`;
}
