import { rmSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { startVscode } from "../vscode/server";
import { launchBrowser } from "./browser";
import { PYTHON, startJupyter } from "./jupyter";
import { startNursery } from "./nursery";
import { RESULTS } from "./paths";
import type { Served } from "./served";
import { unpackSmolLM2 } from "./smollm2";
import { WORKERS } from "./workers";

/** Starts servers and a browser for each worker, and returns a function that ends them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  rmSync(RESULTS, { recursive: true, force: true });
  const ends: (() => Promise<void>)[] = [];
  const endAll = async () => {
    for (const end of ends.reverse()) await end();
  };
  try {
    await unpackSmolLM2(PYTHON);
    const nursery = await startNursery(PYTHON);
    ends.push(nursery.stop);
    const workers = Array.from({ length: WORKERS }, (_, index) => serve(index + 1, nursery.data, ends));
    const served = await Promise.all(workers);
    project.provide("served", served);
  } catch (error) {
    await endAll();
    throw error;
  }
  return endAll;
}

async function serve(worker: number, data: string, ends: (() => Promise<void>)[]): Promise<Served> {
  const browser = await launchBrowser();
  ends.push(() => browser.close());
  const { url, root, settings, stop } = await startJupyter(worker, PYTHON, data);
  ends.push(stop);
  const vscode = await startVscode(PYTHON, url);
  ends.push(vscode.close);
  return { url, root, settings, vscode: vscode.url, browser: browser.wsEndpoint() };
}
