import type { CodeCell } from "@jupyterlab/cells";
import type { Page } from "playwright-core";
import { openNotebook } from "../../ui-tests/harness/index";
import { captureCell } from "./cells";
import type { CaptureJob, LongView } from "./job";
import { bringClock } from "./page";
import { Wire } from "./wire";

/** Opens a notebook with a cell that captures, run, and one for each of some views, not run yet. */
export async function openCapture(page: Page, job: CaptureJob, views: readonly LongView[]): Promise<Wire> {
  const wire = await Wire.listen(page);
  // The views of a capture share what is selected: each says that it wants all heads, whatever the last one left.
  const heads = `, heads=[${job.shown ?? [...Array(job.heads).keys()]}]`;
  const method = (view: LongView) => (view === "explorer" ? view : `${view}_view`);
  const cells = views.map((view, index) => `capture.${method(view)}(layer=${baseOf(job, index)}${heads})`);
  await openNotebook(page, [captureCell(job), ...cells], { run: false });
  await runCell(page, 0);
  await bringClock(page);
  return wire;
}

/** The layer with which the view of a cell opens. */
export function baseOf({ layers, fresh }: CaptureJob, index: number): number {
  return fresh || layers < 30 ? 0 : 10 * index;
}

/** Runs a cell that shows nothing; fails with its error. */
export async function runCell(page: Page, cell: number): Promise<void> {
  const error = await page.evaluate(async (cell) => {
    const { content } = window.headscopeTestPanel;
    content.activeCellIndex = cell;
    await window.jupyterapp.commands.execute("notebook:run-cell");
    const { outputs } = (content.widgets[cell] as CodeCell).model;
    const failed = outputs.toJSON().find(({ output_type }) => output_type === "error");
    return failed ? (failed.traceback as string[]).join("\n") : null;
  }, cell);
  if (error) throw new Error(error);
}
