import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { contextOf, fullSource, headWeights, MemorySource, mapDescription, named, press } from "../../../testing/view";
import type { MapDescription } from "../../contract.gen";
import { modelView } from "./model-view";

// @vitest-environment happy-dom

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => ending.abort());

function open(maps: readonly MapDescription[] = [mapDescription(["a", "b", "c"])], source = fullSource(maps)) {
  const context = contextOf(maps, source);
  const root = document.createElement("div");
  document.body.append(root);
  modelView(root, context, ending.signal);
  const cell = (layer: number, head: number) => named(root, `Layer ${layer} head ${head}`);
  const cells = () => [...root.querySelectorAll(".hs-cell")].map((one) => one.getAttribute("aria-label"));
  const opened = () =>
    [...root.querySelectorAll(".hs-cell[aria-pressed=true]")].map((one) => one.getAttribute("aria-label"));
  const title = () => root.querySelector("[role=heading]")?.textContent;
  return { root, context, source, cell, cells, opened, title };
}

test("every head of every layer is a cell", () => {
  const { root, cells } = open();
  expect(cells()).toHaveLength(12);
  expect(root.dataset).toMatchObject({ view: "model", state: "ready" });
  expect(root.querySelectorAll("canvas")).toHaveLength(1);
  expect(root.textContent).toContain("3 layers × 4 heads");
});

test("layers may differ in their number of heads", () => {
  const { root, cells } = open([mapDescription(["a", "b"], { num_heads: [2, 4, 1] })]);
  expect(cells()).toHaveLength(7);
  expect(root.dataset.state).toBe("ready");
});

test("only the chosen layers and heads are shown", () => {
  const { context, cells } = open();
  context.options.includeLayers.value = [0, 2];
  context.options.includeHeads.value = [1, 3];
  expect(cells()).toEqual(["Layer 0 head 1", "Layer 0 head 3", "Layer 2 head 1", "Layer 2 head 3"]);
});

test("a click opens a head, another replaces it, and the same one closes it", () => {
  const { root, context, cell, opened, title } = open();
  cell(1, 2).click();
  expect([context.selection.layer.value, context.selection.heads.value, context.options.detail.value]).toEqual([
    1,
    [2],
    true,
  ]);
  expect([title(), root.dataset.layer, root.dataset.state]).toEqual(["Layer 1, Head 2", "1", "ready"]);
  cell(2, 0).click();
  expect([title(), opened()]).toEqual(["Layer 2, Head 0", ["Layer 2 head 0"]]);
  cell(2, 0).click();
  expect([context.options.detail.value, title(), opened()]).toEqual([false, undefined, []]);
  cell(2, 0).click();
  expect(title()).toBe("Layer 2, Head 0");
});

test("the first click on the open cell closes it even after the filter has changed", () => {
  const { context, cell } = open([mapDescription(["a", "b"], { sentence_b_start: 1 })]);
  cell(0, 1).click();
  context.selection.pair.value = "ab";
  cell(0, 1).click();
  expect(context.options.detail.value).toBe(false);
});

test("the only head of a layer is open if all heads are active", () => {
  const { context, cell } = open([mapDescription(["a", "b"], { num_heads: [1, 1, 1] })]);
  cell(0, 0).click();
  expect(context.options.detail.value).toBe(true);
  cell(0, 0).click();
  expect(context.options.detail.value).toBe(false);
});

test("the detail and its mark follow the selection of the capture", () => {
  const { context, opened, title, root } = open();
  context.options.detail.value = true;
  expect(title()).toBe("Layer 0, all 4 heads");
  context.selection.heads.value = [0, 3];
  context.selection.layer.value = 2;
  expect(title()).toBe("Layer 2, Heads 0, 3");
  expect(opened()).toEqual(["Layer 2 head 0", "Layer 2 head 3"]);
  expect(root.dataset.layer).toBe("2");
});

test("the mark of the open head stays when the grid is rebuilt", () => {
  const { context, cell, opened } = open();
  cell(2, 3).click();
  context.options.includeHeads.value = [3, 1];
  expect(opened()).toEqual(["Layer 2 head 3"]);
});

test("the detail isolates tokens like the head view", () => {
  const { root, cell } = open();
  cell(0, 1).click();
  const query = root.querySelector("[data-query='0']");
  query?.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  expect(root.querySelector<HTMLElement>("[data-key='1']")?.dataset.weight).toBe("≈ 0.75");
  expect(root.querySelector(".hs-readout")?.textContent).toContain("layer 0, head 1");
});

test("the close button ends the detail and everything in it", () => {
  const { root, cell, context } = open();
  cell(0, 1).click();
  named(root, "Close").click();
  expect(context.options.detail.value).toBe(false);
  expect(root.querySelector(".hs-lines")).toBeNull();
});

test("Tab reaches one cell, and arrows move on, even between layers with different numbers of heads", () => {
  const { root, cell } = open([mapDescription(["a", "b"], { num_heads: [4, 2, 4] })]);
  expect(root.querySelectorAll(".hs-cell[tabindex='0']")).toHaveLength(1);
  cell(0, 0).focus();
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) press(document.activeElement as Element, key);
  expect(document.activeElement).toBe(cell(1, 1));
  expect(cell(1, 1).tabIndex).toBe(0);
  press(cell(1, 1), "Home");
  press(cell(1, 0), "ArrowLeft");
  expect(document.activeElement).toBe(cell(1, 0));
  expect(root.querySelectorAll(".hs-cell[tabindex='0']")).toHaveLength(1);
});

test("pointing at a head shows its largest weight and its position", () => {
  const { root, cell } = open();
  cell(0, 1).dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  expect(root.querySelector(".hs-readout")?.textContent).toBe("layer 0, head 1   largest weight ≈ 0.75   a → b");
});

test("layers come one by one, and the view is ready when all are painted", async () => {
  const source = new MemorySource();
  const { root } = open([mapDescription(["a"])], source);
  const row = [0, 1, 2, 3].map(() => headWeights(1, 1, () => 1));
  for (const layer of [0, 1, 2]) {
    await vi.waitFor(() => expect(source.last.layer).toBe(layer));
    expect(root.dataset.state).toBe("pending");
    source.last.resolve(row);
  }
  await vi.waitFor(() => expect(root.dataset.state).toBe("ready"));
});

test("the view is not ready before its open detail is", async () => {
  const source = new MemorySource();
  const heads = [0, 1, 2, 3].map(() => headWeights(1, 1, () => 1));
  for (const layer of [0, 1, 2]) source.hold("overview", "self", layer, heads);
  const { root, cell } = open([mapDescription(["a"])], source);
  expect(root.dataset.state).toBe("ready");
  cell(1, 1).click();
  expect(root.dataset.state).toBe("pending");
  expect(source.last).toMatchObject({ kind: "block", layer: 1, heads: [1] });
  source.last.resolve([heads[1] as never]);
  await vi.waitFor(() => expect(root.dataset).toMatchObject({ state: "ready", layer: "1" }));
});

test("an error is shown in the view and the cells stay", async () => {
  const source = new MemorySource();
  const { root, cells } = open([mapDescription(["a"])], source);
  source.last.reject(new Error("No more."));
  await vi.waitFor(() => expect(root.dataset.state).toBe("error"));
  expect(root.querySelector("[role=alert]")?.textContent).toContain("No more.");
  expect(cells()).toHaveLength(12);
});

test("pointing at a head or moving to it shows it large, and its scale", () => {
  const { root, context, cell } = open();
  const preview = () => root.querySelector<HTMLElement>(".hs-preview");
  cell(0, 1).dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  expect(preview()?.textContent).toBe("Layer 0, head 1queries left, keys right");
  context.options.thumbnails.value = "heat";
  expect(preview()?.textContent).toBe("Layer 0, head 1square root, 0 to 0.750");
  cell(0, 1).focus();
  press(cell(0, 1), "ArrowRight");
  expect(preview()?.textContent).toContain("Layer 0, head 2");
  (document.activeElement as HTMLElement).blur();
  expect(preview()?.hidden).toBe(true);
});
