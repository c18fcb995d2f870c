import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { SNAPSHOT_TYPE, type Snapshot } from "../src/contract.gen";
import { expect, openNotebookFile, RESULTS, saveNotebook } from "./harness/index";
import { closeAll } from "./harness/notebook";
import { served } from "./harness/served";

/** Notebooks with the snapshots of their views, saved and opened again without the kernel that ran them. */

interface Output {
  readonly data: { readonly [SNAPSHOT_TYPE]: Snapshot; readonly "image/png"?: string };
}

export interface Saved {
  metadata: Record<string, unknown>;
  readonly cells: readonly { readonly outputs: readonly Output[] }[];
}

/** The notebook file, after saving. */
export async function saved(page: Page): Promise<Saved> {
  return JSON.parse(readFileSync(join(served().root, await saveNotebook(page)), "utf8")) as Saved;
}

export const outputs = ({ cells }: Saved) =>
  cells.flatMap((cell) => cell.outputs).filter(({ data }) => data?.[SNAPSHOT_TYPE]);

/** Waits until the notebook holds the page's own snapshot of a view, at `layer`. */
export async function kept(page: Page, layer: number, nth = 0): Promise<void> {
  const seen = async () => {
    const snapshot = outputs(await saved(page))[nth]?.data[SNAPSHOT_TYPE];
    return [snapshot?.drawn_by, snapshot?.state.layer];
  };
  await expect.poll(seen, { timeout: 20_000, interval: 300 }).toEqual(["page", layer]);
}

interface ReopenOptions {
  readonly app?: "lab" | "notebook";
  /** Whether a new page opens it, which has loaded nothing of the views. */
  readonly inNewPage?: boolean;
}

/** Opens the saved notebook as another file, with a kernel that has not run it. No cell runs. */
export async function reopen(
  page: Page,
  notebook: Saved,
  { app = "lab", inNewPage = false }: ReopenOptions = {},
): Promise<void> {
  const folder = join(RESULTS, `snapshot-${randomUUID()}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "saved.ipynb");
  writeFileSync(path, JSON.stringify(notebook));
  if (!inNewPage) await closeAll(page);
  await openNotebookFile(page, path, { app, run: false });
}
